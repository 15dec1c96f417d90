/* Files that a program writes for others. What is written goes into a new file
** that nobody could have put there, beside the one whose place it takes when it
** is whole; what was there keeps its mode.
**
** Where the system can, the new file has no name until then: of a program that
** is killed nothing stays.
** SPDX-License-Identifier: MIT */
#define _GNU_SOURCE 1 /* mkostemp, O_TMPFILE, fchmod, fdopen, S_ISSOCK */
#include "lua/output.h"
#include "lua/file.h"
#include "lua/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer paths are refused by the system anyway (PATH_MAX on Linux). */
#define MAX_PATH 4096

/* What mkostemp makes a name of that nobody can know. */
#define RANDOM ".XXXXXX"

/* How often a name may be taken in between. */
#define TRIES 16

/* Incomplete files of one name that are kept beside each other. */
#define MOST_KEPT 99

/* Bytes of a name in /proc. */
#define LINK_MAX_LEN 32

#define OUTPUT_TYPE "partnercenter.output"

/* The file is open from its making on: nobody can put another one in its place
** before it is written to. */
struct output {
  FILE *file;          /* NULL when closed */
  volatile int fd;     /* of that file; -1 while there is none */
  bool nameless;       /* the new file has no name yet */
  char name[MAX_PATH]; /* of the new file; "": it has none, or what is there is
                          written to */
  struct output *prev; /* of those that are not finished */
  struct output *next;
};

/* Changed in such an order that a signal may come in between. */
static struct output *volatile unfinished = NULL;

static void begin(struct output *output) {
  output->prev = NULL;
  output->next = unfinished;
  if (output->next != NULL) output->next->prev = output;
  unfinished = output;
}

static void end(struct output *output) {
  if (unfinished == output)
    unfinished = output->next;
  else if (output->prev != NULL)
    output->prev->next = output->next;
  if (output->next != NULL) output->next->prev = output->prev;
  output->prev = output->next = NULL;
}

void pc_output_unlink_all(void) {
  struct output *output;
  for (output = unfinished; output != NULL; output = output->next)
    if (output->name[0] != '\0') unlink(output->name);
}

void pc_output_wait_no_more(void) {
  struct output *output;
  for (output = unfinished; output != NULL; output = output->next)
    if (output->name[0] == '\0' && output->fd >= 0)
      (void)fcntl(output->fd, F_SETFL, O_NONBLOCK);
}

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

/* The name in /proc of what a descriptor stands for. */
static void write_link(int fd, char *link) {
  (void)snprintf(link, LINK_MAX_LEN, "/proc/self/fd/%d", fd);
}

/* Give the new file a name that nothing has: 0, or -1 and errno. The one that it
** had stays. */
static int link_output(const struct output *output, const char *name) {
  char from[LINK_MAX_LEN];
  if (!output->nameless) return link(output->name, name);
  write_link(output->fd, from);
  return linkat(AT_FDCWD, from, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/* The descriptor of a new file beside path, or -1 and errno. */
static int make_beside(const char *path, char *name, mode_t mode) {
  int fd, saved;
  size_t len = strlen(path) + 1;
  memcpy(name, path, len);
  memcpy(name + len - 1, RANDOM, sizeof RANDOM);
  fd = mkostemp(name, O_CLOEXEC);
  if (fd < 0) return -1;
  if (fchmod(fd, mode) == 0) return fd;
  saved = errno;
  close(fd);
  unlink(name);
  errno = saved;
  return -1;
}

/* The descriptor of a new file in the directory of path that has no name, or -1.
** Such a file gets one by way of /proc, so that has to be there. */
static int make_nameless(const char *path, mode_t mode) {
#if defined(O_TMPFILE)
  char link[LINK_MAX_LEN];
  struct stat st;
  int fd, directory = pc_file_open_directory(path);
  if (directory < 0) return -1;
  fd = openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC,
              S_IRUSR | S_IWUSR);
  close(directory);
  if (fd < 0) return -1;
  write_link(fd, link);
  if (fchmod(fd, mode) == 0 && stat(link, &st) == 0) return fd;
  close(fd);
#else
  (void)path;
  (void)mode;
#endif
  return -1;
}

/* The descriptor of a pipe or a device, or -1 and errno. A pipe waits for its
** reader. */
static int open_there(const char *path, int flags) {
  struct stat st;
  int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | flags);
  if (fd < 0 || flags == 0) return fd;
  if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) return fd;
  close(fd); /* somebody has put a file there just now */
  errno = EAGAIN;
  return -1;
}

/* Does the name stand for a descriptor of this process? It is a link, too. */
static int is_descriptor(const char *path) {
  return strncmp(path, "/dev/fd/", 8) == 0 ||
         strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0;
}

/* [-0, +1, m] */
static struct output *push_output(lua_State *L) {
  struct output *output = lua_newuserdata(L, sizeof *output);
  output->file = NULL;
  output->fd = -1;
  output->nameless = false;
  output->name[0] = '\0';
  output->prev = output->next = NULL;
  luaL_getmetatable(L, OUTPUT_TYPE);
  lua_setmetatable(L, -2);
  begin(output); /* from now on its collection takes it from the list */
  return output;
}

/* The descriptor to write to, or -1 and errno; or -1, and in *kind what is not
** written to. */
static int open_output(struct output *output, const char *path,
                       const char **kind) {
  struct stat st;
  int fd;
  mode_t mode = S_IRUSR | S_IWUSR;
  if (is_descriptor(path)) return open_there(path, 0);
  if (lstat(path, &st) == 0) {
    const char *there = pc_file_kind(&st);
    if (strcmp(there, "fifo") == 0 || strcmp(there, "device") == 0)
      return open_there(path, O_NOFOLLOW);
    if (!S_ISREG(st.st_mode)) {
      *kind = there;
      return -1;
    }
    mode |= st.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
  } else if (errno != ENOENT) {
    return -1;
  }
  fd = make_nameless(path, mode);
  output->nameless = fd >= 0;
  return fd >= 0 ? fd : make_beside(path, output->name, mode);
}

/***
Opens a place to write to: a new file beside the one whose place it is to take,
with the mode of that one, or 0600; a pipe or a device itself.
@function output_open
@tparam string path
@treturn[1] Output
@treturn[2] boolean false
@treturn[2] string what is there, and not written to: "link", "directory" or
"socket"
@treturn[3] nil
@treturn[3] string why
*/
static int output_open(lua_State *L) {
  const char *path = check_path(L, 1);
  const char *kind = NULL;
  struct output *output = push_output(L);
  int fd = open_output(output, path, &kind), code = errno;
  if (kind != NULL) {
    lua_pushboolean(L, 0);
    lua_pushstring(L, kind);
    return 2;
  }
  if (fd < 0) {
    output->name[0] = '\0'; /* there is none */
    return push_failure(L, code);
  }
  output->file = fdopen(fd, "wb");
  if (output->file != NULL) {
    output->fd = fd;
    return 1;
  }
  code = errno;
  close(fd);
  return push_failure(L, code);
}

static struct output *check_open(lua_State *L) {
  struct output *output = luaL_checkudata(L, 1, OUTPUT_TYPE);
  luaL_argcheck(L, output->file != NULL, 1, "is closed");
  return output;
}

/* 0, or what errno said. Its descriptor stays known until it is closed, which
** may wait: a signal ends that, too. */
static int close_output(struct output *output) {
  FILE *file = output->file;
  int code = 0;
  if (file != NULL && fclose(file) != 0) code = errno;
  output->fd = -1;
  output->file = NULL;
  return code;
}

/* Give a new file that has none a name beside path: 0, or what errno said. */
static int name_output(struct output *output, const char *path) {
  int tries, fd;
  for (tries = 0; tries < TRIES; tries++) {
    fd = make_beside(path, output->name, 0);
    if (fd < 0) break;
    close(fd);
    unlink(output->name);
    if (link_output(output, output->name) == 0) {
      output->nameless = false;
      return 0;
    }
    if (errno != EEXIST) break;
  }
  output->name[0] = '\0';
  return errno;
}

/* What waits to be written is not waited for: a pipe may be full. */
static void drop_output(struct output *output) {
  if (output->file != NULL)
    (void)fcntl(fileno(output->file), F_SETFL, O_NONBLOCK);
  (void)close_output(output);
  if (output->name[0] != '\0') unlink(output->name);
  output->name[0] = '\0';
  end(output);
}

/***
Writes, perhaps later.
@function Output:write
@tparam string text
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] string why not
*/
static int output_write(lua_State *L) {
  struct output *output = check_open(L);
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  if (fwrite(text, 1, n, output->file) < n) return push_failure(L, errno);
  lua_pushboolean(L, 1);
  return 1;
}

/***
Is it a terminal?
@function Output:is_terminal
@treturn boolean
*/
static int output_is_terminal(lua_State *L) {
  struct output *output = check_open(L);
  lua_pushboolean(L, isatty(fileno(output->file)));
  return 1;
}

/***
Ends it: the new file takes its place, or is taken away when that cannot be done.
@function Output:finish
@tparam string path as it was opened by
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] string why not
*/
static int output_finish(lua_State *L) {
  struct output *output = check_open(L);
  const char *path = check_path(L, 2);
  int code = fflush(output->file) != 0 ? errno : 0, closed;
  if (code == 0 && output->nameless) code = name_output(output, path);
  closed = close_output(output);
  if (code == 0) code = closed;
  if (code == 0 && output->name[0] != '\0' && rename(output->name, path) != 0)
    code = errno;
  if (code == 0) output->name[0] = '\0';
  drop_output(output);
  if (code != 0) return push_failure(L, code);
  lua_pushboolean(L, 1);
  return 1;
}

/***
Ends it, as if it had never been; may be called again.
@function Output:drop
*/
static int output_drop(lua_State *L) {
  drop_output(luaL_checkudata(L, 1, OUTPUT_TYPE));
  return 0;
}

/***
Drops every output that is not ended: the program is about to end.
@function output_drop_all
*/
static int output_drop_all(lua_State *L) {
  (void)L;
  while (unfinished != NULL) drop_output(unfinished);
  return 0;
}

/* Give the new file a name that is free: the path, or the path with a number; it
** may only keep the one that it has. 0, or what errno said. */
static int find_free(struct output *output, const char *path, char *kept) {
  int i;
  for (i = 1; i <= MOST_KEPT; i++) {
    if (i == 1)
      (void)snprintf(kept, MAX_PATH, "%s", path);
    else
      (void)snprintf(kept, MAX_PATH, "%s.%d", path, i);
    if (link_output(output, kept) == 0) {
      if (!output->nameless) unlink(output->name);
      return 0;
    }
    if (errno != EEXIST) break;
  }
  if (output->nameless) return errno;
  (void)snprintf(kept, MAX_PATH, "%s", output->name);
  return 0;
}

/***
Ends it, and keeps the new file under a name that is free: the path, or the path
with a number. Whatever is there stays. A file system that knows no hard links
leaves the file where it is.
@function Output:keep
@tparam string path that it is to have
@treturn[1] string the path that it has
@treturn[2] boolean false there is no new file: a pipe or a device was written to
@treturn[3] nil
@treturn[3] string why it is not whole, and gone
*/
static int output_keep(lua_State *L) {
  char kept[MAX_PATH];
  struct output *output = check_open(L);
  const char *path = check_path(L, 2);
  bool there = !output->nameless && output->name[0] == '\0';
  int code = fflush(output->file) != 0 ? errno : 0;
  if (code == 0 && !there) code = find_free(output, path, kept);
  if (code != 0) {
    drop_output(output);
    return push_failure(L, code);
  }
  output->name[0] = '\0';
  code = close_output(output);
  if (code != 0 && !there) unlink(kept);
  end(output);
  if (code != 0) return push_failure(L, code);
  if (there) {
    lua_pushboolean(L, 0);
    return 1;
  }
  lua_pushstring(L, kept);
  return 1;
}

/* --- registration --- */

static const luaL_Reg functions[] = {
    {"output_open", output_open},
    {"output_drop_all", output_drop_all},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"is_terminal", output_is_terminal},
    {"write", output_write},
    {"finish", output_finish},
    {"keep", output_keep},
    {"drop", output_drop},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", output_drop},
    {NULL, NULL},
};

void pc_output_register(lua_State *L) {
  if (luaL_newmetatable(L, OUTPUT_TYPE)) {
    pc_setfuncs(L, metamethods);
    lua_newtable(L);
    pc_setfuncs(L, methods);
    lua_setfield(L, -2, "__index");
  }
  lua_pop(L, 1);
  pc_setfuncs(L, functions);
}
