/* What a decoder is asked to do with its text: read from Lua, handed to the
** builder, compared with what another one was asked.
** SPDX-License-Identifier: MIT */
#include "lua/decoderoptions.h"

#include <string.h>

#include "lua/builder.h"

static void check_type(lua_State *L, int index, const char *option, int type) {
  if (lua_type(L, -1) != type) {
    luaL_argerror(L, index,
                  lua_pushfstring(L, "option '%s' must be a %s, not a %s",
                                  option, lua_typename(L, type),
                                  luaL_typename(L, -1)));
  }
}

static int check_depth(lua_State *L, int index) {
  lua_Number depth;
  check_type(L, index, "max_depth", LUA_TNUMBER);
  depth = lua_tonumber(L, -1);
  luaL_argcheck(L, depth >= 1 && depth <= PC_DEPTH_MAX, index,
                "option 'max_depth' must lie between 1 and 1000");
  return (int)depth;
}

/* Read the option whose name is second from the top, its value on top.
** [-0, +0, v] */
static void read_option(lua_State *L, int index,
                        struct pc_decoder_options *options) {
  const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
  if (strcmp(name, "rows") == 0) {
    check_type(L, index, name, LUA_TBOOLEAN);
    options->rows = lua_toboolean(L, -1) != 0;
  } else if (strcmp(name, "nulls") == 0) {
    check_type(L, index, name, LUA_TBOOLEAN);
    options->nulls = lua_toboolean(L, -1) != 0;
  } else if (strcmp(name, "max_depth") == 0) {
    options->max_depth = check_depth(L, index);
  } else if (strcmp(name, "counts") == 0) {
    check_type(L, index, name, LUA_TTABLE);
    options->counts = true;
  } else if (strcmp(name, "renames") == 0) {
    check_type(L, index, name, LUA_TTABLE);
    options->renames = true;
  } else if (strcmp(name, "array_mt") == 0) {
    check_type(L, index, name, LUA_TTABLE);
    options->array_mt = true;
  } else if (strcmp(name, "before") == 0) {
    check_type(L, index, name, LUA_TSTRING);
    options->before = true;
  } else {
    luaL_argerror(L, index, lua_pushfstring(L, "unknown option '%s'", name));
  }
}

void pc_decoder_options(lua_State *L, int index,
                        struct pc_decoder_options *options) {
  memset(options, 0, sizeof *options);
  if (lua_isnoneornil(L, index)) return;
  luaL_checktype(L, index, LUA_TTABLE);
  index = options->table = pc_absindex(L, index);
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1))
    read_option(L, index, options);
}

/* Keep the field of the table at index `table`, if that is wanted.
** [-0, +0, m] */
static void keep(lua_State *L, int kept, int slot, int table, const char *name,
                 bool wanted) {
  if (!wanted) return;
  lua_pushstring(L, name);
  lua_rawget(L, table);
  lua_rawseti(L, kept, slot);
}

void pc_decoder_options_apply(lua_State *L, struct pc_builder *b, int kept,
                              const struct pc_decoder_options *options) {
  keep(L, kept, PC_KEPT_COUNTS, options->table, "counts", options->counts);
  keep(L, kept, PC_KEPT_RENAMES, options->table, "renames", options->renames);
  keep(L, kept, PC_KEPT_ARRAY_MT, options->table, "array_mt",
       options->array_mt);
  keep(L, kept, PC_KEPT_BEFORE, options->table, "before", options->before);
  if (options->counts) pc_builder_set_counts(b);
  b->renames = options->renames;
  b->array_mt = options->array_mt;
  b->rows = options->rows;
  b->nulls = options->nulls;
  if (options->max_depth > 0) b->max_depth = options->max_depth;
  if (options->rows) {
    lua_newtable(L);
    lua_rawseti(L, kept, PC_KEPT_ROWS);
  }
}

/* Is the value kept in that slot the field of the table, or none where none is
** wanted?  [-0, +0, m] */
static bool is_kept(lua_State *L, int kept, int slot, int table,
                    const char *name, bool wanted) {
  bool same;
  lua_rawgeti(L, kept, slot);
  if (wanted) {
    lua_pushstring(L, name);
    lua_rawget(L, table);
  } else {
    lua_pushnil(L);
  }
  same = lua_rawequal(L, -2, -1) != 0;
  lua_pop(L, 2);
  return same;
}

bool pc_decoder_options_mend_same(lua_State *L, int kept,
                                  const struct pc_decoder_options *options) {
  int table = options->table;
  return is_kept(L, kept, PC_KEPT_COUNTS, table, "counts", options->counts) &&
         is_kept(L, kept, PC_KEPT_RENAMES, table, "renames", options->renames);
}
