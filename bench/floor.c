/* The floor under every decoder: builds a value that was shown to it before,
** with no text to parse. Only benchmarks use it.
**
**   local build = floor.record(value, known)
**   local copy = build()
**
** Each table is made at its final size, each name of a member is a Lua string
** that is at hand. Other strings are made from bytes, as a decoder must; with
** `known` they are at hand as well, which no decoder can reach.
** SPDX-License-Identifier: MIT */
#include <lua.h>
#include <lauxlib.h>
#include <string.h>

#if LUA_VERSION_NUM >= 502
#define objlen lua_rawlen
#else
#define objlen lua_objlen
#endif

int luaopen_floor(lua_State *L);

enum kind {
  OBJECT,
  ARRAY,
  NAME,
  STRING,
  KNOWN,
  NUMBER,
  INTEGER,
  TRUE,
  FALSE,
  NONE,
  SET,
  APPEND
};

struct op {
  int kind;
  int n; /* size of a table or string, index of an element or known string */
  union {
    const char *bytes; /* of a string; the table of strings keeps them */
    lua_Number number;
    lua_Integer integer;
  } u;
};

/* The program under construction: ops in one string buffer, strings in a
** table that finds them by text, too. */
enum { VALUE = 1, WITH_KNOWN, STRINGS, OPS };

static void add(lua_State *L, struct op op) {
  lua_pushlstring(L, (const char *)&op, sizeof op);
  lua_rawseti(L, OPS, (int)objlen(L, OPS) + 1);
}

/* The index of the string on top in the table of strings.  [-0, +0, m] */
static int string_index(lua_State *L) {
  int n;
  lua_pushvalue(L, -1);
  lua_rawget(L, STRINGS);
  n = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  if (n == 0) {
    n = (int)objlen(L, STRINGS) + 1;
    lua_pushvalue(L, -1);
    lua_rawseti(L, STRINGS, n);
    lua_pushvalue(L, -1);
    lua_pushinteger(L, n);
    lua_rawset(L, STRINGS);
  }
  return n;
}

static struct op string_op(lua_State *L, enum kind kind) {
  struct op op = {NONE, 0, {NULL}};
  size_t len;
  op.kind = kind;
  op.n = string_index(L);
  op.u.bytes = lua_tolstring(L, -1, &len);
  if (kind == STRING) op.n = (int)len;
  return op;
}

static void record(lua_State *L);

/* Record the table on top: its elements if it has any, else its members. */
static void record_table(lua_State *L) {
  struct op op = {OBJECT, 0, {NULL}}, set = {SET, 0, {NULL}};
  int n = (int)objlen(L, -1), i;
  luaL_checkstack(L, 8, NULL);
  if (n > 0) {
    op.kind = ARRAY;
    op.n = n;
    add(L, op);
    for (i = 1; i <= n; i++) {
      lua_rawgeti(L, -1, i);
      record(L);
      lua_pop(L, 1);
      set.kind = APPEND;
      set.n = i;
      add(L, set);
    }
    return;
  }
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) op.n++;
  add(L, op);
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
    lua_pushvalue(L, -2);
    add(L, string_op(L, NAME));
    lua_pop(L, 1);
    record(L);
    add(L, set);
  }
}

/* Record the value on top. */
static void record(lua_State *L) {
  struct op op = {NONE, 0, {NULL}};
  switch (lua_type(L, -1)) {
  case LUA_TTABLE: record_table(L); return;
  case LUA_TSTRING:
    add(L, string_op(L, lua_toboolean(L, WITH_KNOWN) ? KNOWN : STRING));
    return;
  case LUA_TBOOLEAN: op.kind = lua_toboolean(L, -1) ? TRUE : FALSE; break;
  case LUA_TNUMBER: op.kind = NUMBER; op.u.number = lua_tonumber(L, -1);
#if LUA_VERSION_NUM >= 503
    if (lua_isinteger(L, -1)) {
      op.kind = INTEGER;
      op.u.integer = lua_tointeger(L, -1);
    }
#endif
    break;
  default: break;
  }
  add(L, op);
}

static int build(lua_State *L) {
  const struct op *op = lua_touserdata(L, lua_upvalueindex(1));
  const struct op *end = op + lua_tointeger(L, lua_upvalueindex(3));
  lua_settop(L, 0);
  luaL_checkstack(L, 4000, NULL);
  lua_pushvalue(L, lua_upvalueindex(2));
  for (; op < end; op++) {
    switch (op->kind) {
    case OBJECT: lua_createtable(L, 0, op->n); break;
    case ARRAY: lua_createtable(L, op->n, 0); break;
    case NAME:
    case KNOWN: lua_rawgeti(L, 1, op->n); break;
    case STRING: lua_pushlstring(L, op->u.bytes, (size_t)op->n); break;
    case NUMBER: lua_pushnumber(L, op->u.number); break;
    case INTEGER: lua_pushinteger(L, op->u.integer); break;
    case TRUE: lua_pushboolean(L, 1); break;
    case FALSE: lua_pushboolean(L, 0); break;
    case NONE: lua_pushlightuserdata(L, NULL); break;
    case SET: lua_rawset(L, -3); break;
    case APPEND: lua_rawseti(L, -2, op->n); break;
    }
  }
  return 1;
}

static int floor_record(lua_State *L) {
  struct op *ops;
  size_t n, i;
  lua_settop(L, WITH_KNOWN);
  lua_newtable(L);
  lua_newtable(L);
  lua_pushvalue(L, VALUE);
  record(L);
  n = objlen(L, OPS);
  ops = lua_newuserdata(L, (n + 1) * sizeof *ops);
  for (i = 0; i < n; i++) {
    lua_rawgeti(L, OPS, (int)i + 1);
    memcpy(&ops[i], lua_tostring(L, -1), sizeof *ops);
    lua_pop(L, 1);
  }
  lua_pushvalue(L, STRINGS);
  lua_pushinteger(L, (lua_Integer)n);
  lua_pushcclosure(L, build, 3);
  return 1;
}

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
int luaopen_floor(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, floor_record);
  lua_setfield(L, -2, "record");
  return 1;
}
