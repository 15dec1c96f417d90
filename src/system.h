/* What Lua lacks of the operating system: random ids, a steady clock.
** SPDX-License-Identifier: MIT */
#ifndef PC_SYSTEM_H
#define PC_SYSTEM_H

#include "compat.h"

/* Add `guid`, `random` and `now` to the core table on top of the stack.
** [-0, +0, m] */
void pc_system_register(lua_State *L);

#endif
