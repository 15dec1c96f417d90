/* The words for a failure. Those for one of memory are made beforehand, in the
** registry: to push them needs none.
** SPDX-License-Identifier: MIT */
#include "lua/failure.h"

#define BEFOREHAND "partnercenter.failure"

static const enum pc_err of_memory[] = {PC_NOMEM, PC_INTERRUPTED};
enum { OF_MEMORY = sizeof of_memory / sizeof of_memory[0] };
enum { WORD_KIND = 1, WORD_TEXT, WORD_NOTHING, WORDS = WORD_NOTHING };

/* [-0, +1, m]; [-0, +1, -] for an error of memory */
static void push_word(lua_State *L, enum pc_err err, int which,
                      const char *word) {
  int i = 0;
  while (i < OF_MEMORY && of_memory[i] != err) i++;
  if (i == OF_MEMORY) {
    lua_pushstring(L, word);
    return;
  }
  lua_getfield(L, LUA_REGISTRYINDEX, BEFOREHAND);
  lua_rawgeti(L, -1, i * WORDS + which);
  lua_remove(L, -2);
}

int pc_push_error(lua_State *L, enum pc_err err) {
  lua_pushnil(L);
  push_word(L, err, WORD_TEXT, pc_err_text(err));
  push_word(L, err, WORD_KIND, pc_err_kind(err));
  return 3;
}

int pc_push_failure(lua_State *L, enum pc_err err, const char *detail) {
  push_word(L, err, WORD_KIND, pc_err_kind(err));
  push_word(L, err, WORD_TEXT, pc_err_text(err));
  push_word(L, err, WORD_NOTHING, detail);
  return 3;
}

void pc_failure_register(lua_State *L) {
  int i;
  lua_createtable(L, OF_MEMORY * WORDS, 0);
  for (i = 0; i < OF_MEMORY; i++) {
    lua_pushstring(L, pc_err_kind(of_memory[i]));
    lua_rawseti(L, -2, i * WORDS + WORD_KIND);
    lua_pushstring(L, pc_err_text(of_memory[i]));
    lua_rawseti(L, -2, i * WORDS + WORD_TEXT);
    lua_pushliteral(L, "");
    lua_rawseti(L, -2, i * WORDS + WORD_NOTHING);
  }
  lua_setfield(L, LUA_REGISTRYINDEX, BEFOREHAND);
}
