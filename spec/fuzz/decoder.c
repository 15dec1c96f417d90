/* libFuzzer target for the decoder. The first bytes of the input say how the
** rest, a JSON text, is cut and which options are set. Whole and in pieces it
** must give the same value, or the same error at the same offset; with rows,
** the same rows and the same rest; and what lua-cjson accepts as well must be
** equal to what it makes of it.
**
** Built and run by `make fuzz`. A Lua assertion that fails is a crash.
** SPDX-License-Identifier: MIT */
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef FUZZ_RULES /* csv.c has others */
#define FUZZ_RULES "spec/fuzz/decoder.lua"
#endif

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int luaopen_partnercenter_core(lua_State *L);

static lua_State *L;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  L = luaL_newstate();
  luaL_openlibs(L);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_partnercenter_core);
  lua_setfield(L, -2, "partnercenter.core");
  lua_settop(L, 0);
  if (luaL_loadfile(L, FUZZ_RULES) != 0 || lua_pcall(L, 0, 1, 0) != 0) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    exit(1);
  }
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lua_pushvalue(L, 1);
  lua_pushlstring(L, (const char *)data, size);
  if (lua_pcall(L, 1, 0, 0) != 0) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    abort();
  }
  return 0;
}
