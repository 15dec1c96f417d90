/* Lua values as the decoders make them: strings, those seen before without
** making them anew, and numbers.
** SPDX-License-Identifier: MIT */
#ifndef PC_VALUES_H
#define PC_VALUES_H

#include "json/json.h"
#include "lua/compat.h"
#include "lua/memo.h"

#define PC_RETRY 32 /* one string in so many gives a place new hope */

/* Whether the atom is this string. */
static inline bool pc_is_atom(const struct pc_atom *atom, const char *s,
                              size_t len, uint32_t hash) {
  return atom->hash == hash && atom->len == len &&
         pc_same(s, atom->bytes, len);
}

/* Push a new string and make it atom i. `strings` is the stack index of the
** table of the atoms' strings.  [-0, +1, m] */
static inline void pc_push_new_atom(lua_State *L, int strings,
                                    struct pc_atom *atoms, uint32_t i,
                                    const char *s, size_t len, uint32_t hash) {
  lua_pushlstring(L, s, len);
  lua_pushvalue(L, -1);
  lua_rawseti(L, strings, (int)i);
  atoms[i].bytes = lua_tolstring(L, -1, NULL);
  atoms[i].len = (uint32_t)len;
  atoms[i].hash = hash;
}

/* Push a string through the atoms: one that is there needs no hash of Lua's.
** Where strings never come again the atoms are left alone.  [-0, +1, m] */
static inline void pc_push_atom(lua_State *L, int strings,
                                struct pc_atom *atoms, uint32_t mask,
                                struct pc_seen *seen, const char *s,
                                size_t len) {
  uint32_t hash, i;
  if (len > PC_ATOM_MAX || (seen->hope == 0 && ++seen->rest % PC_RETRY != 0)) {
    lua_pushlstring(L, s, len);
    return;
  }
  hash = pc_hash(s, len);
  i = 1 + (hash & mask);
  seen->texts[1] = seen->texts[0];
  seen->texts[0] = i;
  if (pc_is_atom(&atoms[i], s, len, hash)) {
    seen->hope = PC_PATIENCE;
    lua_rawgeti(L, strings, (int)i);
  } else {
    if (seen->hope > 0) seen->hope--;
    pc_push_new_atom(L, strings, atoms, i, s, len, hash);
  }
}

/* [-0, +1, -] */
static inline void pc_push_integer(lua_State *L, int64_t i) {
#if PC_INTEGERS
  if ((lua_Integer)i == i) {
    lua_pushinteger(L, (lua_Integer)i);
    return;
  }
#endif
  lua_pushnumber(L, (lua_Number)i);
}

/* Push the number, unless a Lua whose numbers are floats of less than 64 bits
** has none so large.  [-0, +0|1, -] */
static inline bool pc_push_number(lua_State *L,
                                  const struct pc_json_number *number) {
  lua_Number real;
  if (number->is_integer) {
    pc_push_integer(L, number->integer);
    return true;
  }
  real = (lua_Number)number->real;
  if (sizeof real < sizeof number->real && real - real != 0) return false;
  lua_pushnumber(L, real);
  return true;
}

#endif
