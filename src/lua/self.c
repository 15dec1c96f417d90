/* What a method was called on.
** SPDX-License-Identifier: MIT */
#include "lua/self.h"

void pc_set_methods(lua_State *L, int mt, const luaL_Reg *list) {
  mt = pc_absindex(L, mt);
  for (; list->name != NULL; list++) {
    lua_pushvalue(L, mt);
    lua_pushcclosure(L, list->func, 1);
    lua_setfield(L, -2, list->name);
  }
}

void *pc_check_self(lua_State *L, const char *name) {
  void *self = lua_touserdata(L, 1);
  int same;
  if (self == NULL || !lua_getmetatable(L, 1))
    return luaL_checkudata(L, 1, name);
  same = lua_rawequal(L, -1, lua_upvalueindex(1));
  lua_pop(L, 1);
  return same ? self : luaL_checkudata(L, 1, name);
}
