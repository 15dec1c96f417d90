/* What the specs need of POSIX and Lua lacks. Built by process.lua.
** SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* syscall */
#include <dirent.h>
#include <lauxlib.h>
#include <lua.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int luaopen_spec_process(lua_State *L);

static int process_fork(lua_State *L) {
  lua_pushinteger(L, fork());
  return 1;
}

/* A fork that the C library does not hear of. */
static int process_raw_fork(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  return 1;
}

/* The process ends by a signal after so many seconds. */
static int process_alarm(lua_State *L) {
  alarm((unsigned)luaL_checkinteger(L, 1));
  return 0;
}

static int process_wait(lua_State *L) {
  int status = 0;
  if (waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0) < 0)
    return luaL_error(L, "waitpid failed");
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status)
                                       : 128 + WTERMSIG(status));
  return 1;
}

static int process_kill(lua_State *L) {
  lua_pushboolean(L, kill((pid_t)luaL_checkinteger(L, 1),
                          (int)luaL_checkinteger(L, 2)) == 0);
  return 1;
}

static int process_pid(lua_State *L) {
  lua_pushinteger(L, getpid());
  return 1;
}

/* The names in a directory of this process's own, such as "fd" or "task". No
** other process is started for that, which would have descriptors of its own
** in the way. */
static int process_list(lua_State *L) {
  const char *name =
      lua_pushfstring(L, "/proc/self/%s", luaL_checkstring(L, 1));
  DIR *dir = opendir(name);
  struct dirent *entry;
  int n = 0;
  if (dir == NULL) return luaL_error(L, "cannot read %s", name);
  lua_newtable(L);
  while ((entry = readdir(dir)) != NULL)
    if (entry->d_name[0] != '.') {
      lua_pushstring(L, entry->d_name);
      lua_rawseti(L, -2, ++n);
    }
  closedir(dir);
  return 1;
}

/* Closing this socket will reset the connection instead of ending it. */
static int process_linger(lua_State *L) {
  struct linger now = {1, 0};
  lua_pushboolean(L, setsockopt((int)luaL_checkinteger(L, 1), SOL_SOCKET,
                                SO_LINGER, &now, sizeof now) == 0);
  return 1;
}

/* For what this process loads, such as locales, and for those it starts. */
static int process_setenv(lua_State *L) {
  lua_pushboolean(
      L, setenv(luaL_checkstring(L, 1), luaL_checkstring(L, 2), 1) == 0);
  return 1;
}

int luaopen_spec_process(lua_State *L) {
  static const struct {
    const char *name;
    lua_CFunction f;
  } functions[] = {
      {"fork", process_fork},     {"raw_fork", process_raw_fork},
      {"alarm", process_alarm},   {"wait", process_wait},
      {"kill", process_kill},     {"pid", process_pid},
      {"linger", process_linger}, {"list", process_list},
      {"setenv", process_setenv},
  };
  size_t i;
  lua_newtable(L);
  for (i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    lua_pushcfunction(L, functions[i].f);
    lua_setfield(L, -2, functions[i].name);
  }
  return 1;
}
