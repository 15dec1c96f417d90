/* Reading option tables.
** SPDX-License-Identifier: MIT */
#include "lua/options.h"

#include <string.h>

static int bad_option(lua_State *L, int index, const char *name,
                      const char *why) {
  return luaL_argerror(L, index,
                       lua_pushfstring(L, "option '%s' %s", name, why));
}

void pc_options_check(lua_State *L, int index, const char *const *names) {
  if (lua_isnoneornil(L, index)) {
    lua_settop(L, index > lua_gettop(L) ? index : lua_gettop(L));
    lua_newtable(L);
    lua_replace(L, index);
  }
  luaL_checktype(L, index, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    const char *const *name = names;
    if (lua_type(L, -2) != LUA_TSTRING)
      luaL_argerror(L, index, "option names are strings");
    while (*name != NULL && strcmp(*name, lua_tostring(L, -2)) != 0) name++;
    if (*name == NULL) bad_option(L, index, lua_tostring(L, -2), "is unknown");
    lua_pop(L, 1);
  }
}

const char *pc_options_string(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  if (lua_isnil(L, -1)) return NULL;
  if (lua_type(L, -1) != LUA_TSTRING)
    bad_option(L, index, name, "is not a string");
  if (strlen(lua_tostring(L, -1)) != pc_rawlen(L, -1))
    bad_option(L, index, name, "contains a zero byte");
  return lua_tostring(L, -1);
}

bool pc_options_boolean(lua_State *L, int index, const char *name) {
  bool value;
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1) && !lua_isboolean(L, -1))
    bad_option(L, index, name, "is not a boolean");
  value = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

double pc_options_number(lua_State *L, int index, const char *name,
                         double fallback, double min, double max) {
  double value = fallback;
  lua_getfield(L, index, name);
  if (!lua_isnil(L, -1)) {
    if (lua_type(L, -1) != LUA_TNUMBER)
      bad_option(L, index, name, "is not a number");
    value = (double)lua_tonumber(L, -1);
    if (!(value >= min && value <= max)) /* which NaN fails too */
      bad_option(L, index, name, "is out of range");
  }
  lua_pop(L, 1);
  return value;
}
