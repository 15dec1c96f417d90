/* Files that a program writes for others. What is written goes into a new file
** that nobody could have put there, beside the one whose place it takes when it
** is whole; what was there keeps its mode.
** SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* mkstemp, fchmod, S_ISSOCK */
#include "lua/output.h"
#include "lua/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer paths are refused by the system anyway (PATH_MAX on Linux). */
#define MAX_PATH 4096

/* What mkstemp makes a name of that nobody can know. */
#define RANDOM ".XXXXXX"

/* Incomplete files of one name that are kept beside each other. */
#define MOST_KEPT 99

/* A path without a zero byte, with room for what is put behind it. */
static const char *check_path(lua_State *L, int arg) {
  size_t n;
  const char *path = luaL_checklstring(L, arg, &n);
  luaL_argcheck(L, n > 0 && strlen(path) == n, arg, "is not a path");
  luaL_argcheck(L, n + 32 <= MAX_PATH, arg, "is too long");
  return path;
}

/* [-0, +2, m] */
static int push_failure(lua_State *L, int code) {
  lua_pushnil(L);
  pc_system_push_error(L, code);
  return 2;
}

/* What is at a path, in one word; NULL for a file or nothing. */
static const char *find_kind(const struct stat *st) {
  if (S_ISREG(st->st_mode)) return NULL;
  if (S_ISLNK(st->st_mode)) return "link";
  if (S_ISDIR(st->st_mode)) return "directory";
  if (S_ISFIFO(st->st_mode)) return "fifo";
  return S_ISSOCK(st->st_mode) ? "socket" : "device";
}

/* The descriptor of a new file beside path, or -1 and errno. */
static int make_beside(const char *path, char *name, mode_t mode) {
  int fd, saved;
  size_t len = strlen(path) + 1;
  memcpy(name, path, len);
  memcpy(name + len - 1, RANDOM, sizeof RANDOM);
  fd = mkstemp(name);
  if (fd < 0) return -1;
  if (fchmod(fd, mode) == 0) return fd;
  saved = errno;
  close(fd);
  unlink(name);
  errno = saved;
  return -1;
}

/***
Makes an empty file beside the one whose place it is to take, with the mode of
that one, or 0600. What is no file, such as a pipe or a link, is left alone.
@function output_new
@tparam string path
@treturn[1] string the path of the new file
@treturn[2] boolean false
@treturn[2] string what is there: "link", "directory", "fifo", "socket" or
"device"
@treturn[3] nil
@treturn[3] string why
*/
static int output_new(lua_State *L) {
  char name[MAX_PATH];
  struct stat st;
  mode_t mode = S_IRUSR | S_IWUSR;
  const char *path = check_path(L, 1);
  const char *kind = NULL;
  int fd;
  if (lstat(path, &st) == 0) {
    kind = find_kind(&st);
    mode = st.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
  } else if (errno != ENOENT) {
    return push_failure(L, errno);
  }
  if (kind != NULL) {
    lua_pushboolean(L, 0);
    lua_pushstring(L, kind);
    return 2;
  }
  fd = make_beside(path, name, mode | S_IRUSR | S_IWUSR);
  if (fd < 0) return push_failure(L, errno);
  close(fd);
  lua_pushstring(L, name);
  return 1;
}

/***
Keeps a file under a name that is free: the path, or the path with a number.
Whatever is there stays. A file system that knows no hard links leaves the file
where it is.
@function output_keep
@tparam string name of the file
@tparam string path that it is to have
@treturn string the path that it has
*/
static int output_keep(lua_State *L) {
  char kept[MAX_PATH];
  const char *name = check_path(L, 1);
  const char *path = check_path(L, 2);
  int i;
  for (i = 1; i <= MOST_KEPT; i++) {
    if (i == 1)
      (void)snprintf(kept, sizeof kept, "%s", path);
    else
      (void)snprintf(kept, sizeof kept, "%s.%d", path, i);
    if (link(name, kept) == 0) {
      unlink(name);
      lua_pushstring(L, kept);
      return 1;
    }
    if (errno != EEXIST) break;
  }
  lua_pushvalue(L, 1);
  return 1;
}

/* --- registration --- */

static const luaL_Reg functions[] = {
    {"output_new", output_new},
    {"output_keep", output_keep},
    {NULL, NULL},
};

void pc_output_register(lua_State *L) {
  pc_setfuncs(L, functions);
}
