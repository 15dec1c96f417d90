/* partnercenter.core: the functions and constants that Lua code requires.
** SPDX-License-Identifier: MIT */
#include "compat.h"

int luaopen_partnercenter_core(lua_State *L);

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
int luaopen_partnercenter_core(lua_State *L) {
  pc_checkversion(L);
  lua_newtable(L);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_pushliteral(L, PC_VERSION);
  lua_setfield(L, -2, "version");
  return 1;
}
