/* What a method was called on.
**
** luaL_checkudata looks the metatable up by its name, some 300 instructions each
** time; a small answer takes twenty such calls. Methods that have the metatable
** for an upvalue compare.
** SPDX-License-Identifier: MIT */
#ifndef PC_SELF_H
#define PC_SELF_H

#include "lua/compat.h"

/* Set the functions as fields of the table on top. The metatable at `mt` is their
** first upvalue.  [-0, +0, m] */
void pc_set_methods(lua_State *L, int mt, const luaL_Reg *list);

/* In one of those: the userdata at index 1, which has that metatable. Anywhere
** else luaL_checkudata.  [-0, +0, v] */
void *pc_check_self(lua_State *L, const char *name);

#endif
