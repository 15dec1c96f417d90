/* Runs a Lua script with the n-th allocation of its Lua state failing, for
** every n until it passes, in two ways: that allocation alone, and all from it
** on. Whatever happens, nothing may crash, leak or be found half made: built
** with sanitizers and linked with the module's sources,
**
**   oom SCRIPT
**
** The script is loaded before anything fails. It must pass when nothing does,
** and may end in any Lua error when something does. A script that catches the
** error itself can go on with what is left, and check that.
** SPDX-License-Identifier: MIT */
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FAILURES 2000000 /* more than any script here can need */

int luaopen_partnercenter_core(lua_State *L);

struct plan {
  long count;   /* allocations so far */
  long fail_at; /* the first that fails; 0: none */
  bool sticky;  /* those after it as well */
  long failed;  /* how many did */
};

/* Shrinking never fails, and is not counted: Lua relies on that. */
static void *allocate(void *ud, void *old, size_t old_size, size_t size) {
  struct plan *plan = ud;
  if (size == 0) {
    free(old);
    return NULL;
  }
  if (old == NULL || size > old_size) {
    plan->count++;
    if (plan->fail_at != 0 &&
        (plan->count == plan->fail_at ||
         (plan->sticky && plan->count > plan->fail_at))) {
      plan->failed++;
      return NULL;
    }
  }
  return realloc(old, size);
}

/* What a script needs to end its own state of failure: oom.stop(). */
static int oom_stop(lua_State *L) {
  void *ud;
  (void)lua_getallocf(L, &ud);
  ((struct plan *)ud)->fail_at = 0;
  return 0;
}

static void fail(lua_State *L, const char *what) {
  const char *message = lua_tostring(L, -1);
  fprintf(stderr, "%s: %s\n", what, message != NULL ? message : "?");
  exit(2);
}

static lua_State *prepare(struct plan *plan, const char *script) {
  lua_State *L = lua_newstate(allocate, plan);
  if (L == NULL) exit(2);
  luaL_openlibs(L);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_partnercenter_core);
  lua_setfield(L, -2, "partnercenter.core");
  lua_newtable(L);
  lua_pushcfunction(L, oom_stop);
  lua_setfield(L, -2, "stop");
  lua_setglobal(L, "oom");
  lua_settop(L, 0);
  if (luaL_loadfile(L, script) != 0) fail(L, "the script does not load");
  return L;
}

/* Run the script with the n-th allocation failing; whether it passed. */
static bool run(struct plan *plan, const char *script, long n, bool sticky) {
  lua_State *L;
  int rc;
  memset(plan, 0, sizeof *plan);
  L = prepare(plan, script);
  plan->count = 0;
  plan->fail_at = n;
  plan->sticky = sticky;
  rc = lua_pcall(L, 0, 0, 0);
  plan->fail_at = 0;
  /* An error of its own is the script saying that something is wrong. */
  if (rc == LUA_ERRRUN && lua_isstring(L, -1) &&
      strstr(lua_tostring(L, -1), "not enough memory") == NULL)
    fail(L, "the script found something wrong");
  if (rc != 0 && plan->failed == 0) fail(L, "nothing failed, but the script");
  lua_close(L);
  return rc == 0;
}

int main(int argc, char **argv) {
  struct plan plan;
  int sticky;
  if (argc != 2) return 2;
  for (sticky = 0; sticky < 2; sticky++) {
    long n, passed = 0;
    for (n = 1; n < MOST_FAILURES; n++) {
      if (run(&plan, argv[1], n, sticky != 0)) passed++;
      if (plan.failed == 0) break;
    }
    if (n == MOST_FAILURES) return 3;
    printf("%s: failed at each of %ld allocations, %s; went on after %ld\n",
           argv[1], n - 1, sticky ? "and all after it" : "once", passed - 1);
  }
  return 0;
}
