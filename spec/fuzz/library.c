/* libFuzzer target for what the library does in Lua with what a server sends:
** spec/fuzz/library.lua has the rules. The lines of Lua that run count as
** coverage, so that the fuzzer looks for inputs that reach new ones.
**
** Built and run by `make fuzz`. A Lua assertion that fails is a crash.
** SPDX-License-Identifier: MIT */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNTERS 16384

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int luaopen_partnercenter_core(lua_State *L);

static lua_State *L;

__attribute__((
    section("__libfuzzer_extra_counters"))) static uint8_t counters[COUNTERS];

/* One counter for the step from one line to the next. */
static void count_line(lua_State *state, lua_Debug *ar) {
  static unsigned before;
  unsigned here;
  lua_getinfo(state, "S", ar);
  here = (unsigned)(uintptr_t)ar->source * 31u +
         (unsigned)ar->currentline * 2654435761u;
  counters[(here ^ (before >> 1)) % COUNTERS]++;
  before = here;
}

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
  if (luaL_loadfile(L, "spec/fuzz/library.lua") != 0 ||
      lua_pcall(L, 0, 1, 0) != 0) {
    fprintf(stderr, "%s\n", lua_tostring(L, -1));
    exit(1);
  }
  if (getenv("FUZZ_NO_HOOK") == NULL)
    lua_sethook(L, count_line, LUA_MASKLINE, 0);
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
