/* What Lua lacks of the operating system: random ids, a steady clock.
** SPDX-License-Identifier: MIT */
#ifndef PC_SYSTEM_H
#define PC_SYSTEM_H

#include "lua/compat.h"

/* Add `guid`, `random` and `now` to the core table on top of the stack.
** [-0, +0, m] */
void pc_system_register(lua_State *L);

/* Push what the system says of an error number. Not strerror: there may be
** Lua states in other threads.  [-0, +1, m] */
void pc_system_push_error(lua_State *L, int code);

#endif
