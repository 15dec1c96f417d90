/* Session and Transfer: the net as Lua sees it.
** SPDX-License-Identifier: MIT */
#ifndef PC_SESSION_H
#define PC_SESSION_H

#include "lua/compat.h"

/* Add `session` to the core table on top of the stack.  [-0, +0, m] */
void pc_session_register(lua_State *L);

#endif
