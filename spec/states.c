/* Many Lua states in several threads of one process at once, each with a
** session of its own: libcurl must be set up once, and nothing be shared.
**
**   states THREADS ROUNDS URL CA_FILE [MILLISECONDS]
**
** Prints how many answers came, or ends the process after so long, whatever they
** do: the module is loaded before them then, as where a program begins by that.
** Built by spec/client/lifecycle_spec.lua, with ThreadSanitizer when the specs run
** under that.
** SPDX-License-Identifier: MIT */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int luaopen_partnercenter_core(lua_State *L);

#define MAX_THREADS 64

static const char script[] =
    "local core, url, ca_file, round = ...\n"
    "local session = assert(core.session { ca_file = ca_file })\n"
    "local transfers = {}\n"
    "for i = 1, 3 do transfers[i] = assert(session:send { url = url }) end\n"
    "local done, deadline = 0, core.now() + 60\n"
    "for _, transfer in ipairs(transfers) do\n"
    "  while not transfer:done() and core.now() < deadline do\n"
    "    session:step(1)\n"
    "    while session:ready() do end\n"
    "  end\n"
    "  local ok, value = transfer:value()\n"
    "  if ok and #value.items == 1 then done = done + 1 end\n"
    "end\n"
    "if round % 2 == 0 then session:close() end\n"
    "return done\n";

static int rounds;
static const char *url, *ca_file;

/* False when there is no memory. */
static int load_first(void) {
  lua_State *L = luaL_newstate(); /* as long as the process lives */
  if (L == NULL) return 0;
  luaL_openlibs(L);
  lua_pushcfunction(L, luaopen_partnercenter_core);
  return lua_pcall(L, 0, 0, 0) == 0;
}

static long run_state(int round) {
  long done = 0;
  lua_State *L = luaL_newstate();
  if (L == NULL) return 0;
  luaL_openlibs(L);
  if (luaL_loadstring(L, script) == 0) {
    lua_pushcfunction(L, luaopen_partnercenter_core);
    lua_call(L, 0, 1);
    lua_pushstring(L, url);
    lua_pushstring(L, ca_file);
    lua_pushinteger(L, round);
    if (lua_pcall(L, 4, 1, 0) == 0)
      done = (long)lua_tointeger(L, -1);
    else
      fprintf(stderr, "%s\n", lua_tostring(L, -1));
  }
  lua_close(L);
  return done;
}

static void *run_thread(void *arg) {
  long *done = arg;
  int i;
  for (i = 0; i < rounds; i++) *done += run_state(i);
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t threads[MAX_THREADS];
  long done[MAX_THREADS] = {0}, all = 0;
  int i, n = argc >= 5 ? atoi(argv[1]) : 0;
  if (n < 1 || n > MAX_THREADS) return 2;
  rounds = atoi(argv[2]);
  url = argv[3];
  ca_file = argv[4];
  if (argc > 5 && !load_first()) return 2;
  for (i = 0; i < n; i++)
    if (pthread_create(&threads[i], NULL, run_thread, &done[i]) != 0) return 2;
  if (argc > 5) {
    long ms = atol(argv[5]);
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
    exit(0);
  }
  for (i = 0; i < n; i++) {
    pthread_join(threads[i], NULL);
    all += done[i];
  }
  printf("%ld answers\n", all);
  return 0;
}
