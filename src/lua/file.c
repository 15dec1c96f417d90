/* Files that hold a secret: nobody else reads them, a crash leaves the old or
** the new one whole, and two processes take turns. No Lua function runs while
** a descriptor lives in a C local alone.
** SPDX-License-Identifier: MIT */
#define _GNU_SOURCE 1 /* flock, fchmod, fsync, F_OFD_SETLK */
#include "lua/file.h"
#include "lua/system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "net/process.h"

#define LOCK_TYPE    "partnercenter.lock"
#define OPENED_TYPE  "partnercenter.opened"
#define LISTING_TYPE "partnercenter.listing"

/* A refresh token has one or two kilobytes, a list that grows for years a
** hundred; this is far beyond any. What is written can be read again. */
#define MAX_BYTES 1048576

/* Longer paths are refused by the system anyway (PATH_MAX on Linux). */
#define MAX_PATH 4096

/* Written first, then renamed. One name only, so that crashes leave no trail;
** those who write hold the lock. */
#define TEMPORARY ".new"

#define NOT_REGULAR "it is not a regular file"

/* How often the lock file may be another one when it is locked. */
#define TRIES 16

/* A forked child must not release a lock, nor keep it when its owner has ended:
** its copies of these are closed at once. */
struct lock {
  struct pc_private_fd file;      /* -1 when closed */
  struct pc_private_fd directory; /* -1 when closed or not to be had */
};

/* A path without a zero byte, which C would take for its end. */
static const char *check_path(lua_State *L, int arg) {
  size_t n;
  const char *path = luaL_checklstring(L, arg, &n);
  luaL_argcheck(L, n > 0 && strlen(path) == n, arg, "is not a path");
  luaL_argcheck(L, n + sizeof TEMPORARY <= MAX_PATH, arg, "is too long");
  return path;
}

/* nil, why, and whether the file is missing.  [-0, +3, m] */
static int push_failure(lua_State *L, const char *why, int code) {
  lua_pushnil(L);
  if (why != NULL)
    lua_pushstring(L, why);
  else
    pc_system_push_error(L, code);
  lua_pushboolean(L, why == NULL && code == ENOENT);
  return 3;
}

/* A descriptor that Lua closes, should anything raise. */
struct opened {
  int fd; /* -1 when closed */
};

static struct opened *push_opened(lua_State *L) {
  struct opened *file = lua_newuserdata(L, sizeof *file);
  file->fd = -1;
  luaL_getmetatable(L, OPENED_TYPE);
  lua_setmetatable(L, -2);
  return file;
}

/* 0, or what errno said. */
static int close_opened(struct opened *file) {
  int fd = file->fd;
  file->fd = -1;
  return fd >= 0 && close(fd) != 0 ? errno : 0;
}

/* Of no use to Lua code, into whose hands none gets. */
static int opened__gc(lua_State *L) {
  (void)close_opened(lua_touserdata(L, 1));
  return 0;
}

const char *pc_file_kind(const struct stat *st) {
  if (S_ISREG(st->st_mode)) return "file";
  if (S_ISLNK(st->st_mode)) return "link";
  if (S_ISDIR(st->st_mode)) return "directory";
  if (S_ISFIFO(st->st_mode)) return "fifo";
  return S_ISSOCK(st->st_mode) ? "socket" : "device";
}

/* What a file is to its reader: a secret is its owner's alone; what is trusted
** others may read, but not write, and the system may own it; a key is a secret
** that the system may own, too, which then lets a group read it, as that of
** certificates; of a plain one nothing is asked but that it is a file. */
enum demand { SECRET, TRUSTED, KEY, PLAIN };
static const char *const demands[] = {"secret", "trusted", "key", "plain",
                                      NULL};

/* What is wrong with a file; NULL: nothing. */
static const char *find_exposure(const struct stat *st, enum demand demand) {
  int system = st->st_uid == 0 && demand != SECRET;
  mode_t others = S_IRWXG | S_IRWXO;
  if (!S_ISREG(st->st_mode)) return NOT_REGULAR;
  if (demand == PLAIN) return NULL;
  if (st->st_uid != geteuid() && !system) return "it belongs to another user";
  if (demand == TRUSTED)
    return (st->st_mode & (S_IWGRP | S_IWOTH)) != 0
               ? "others may write it (chmod go-w takes that away)"
               : NULL;
  if (system) others &= ~(mode_t)S_IRGRP;
  if ((st->st_mode & others) != 0)
    return "others have access to it (chmod 600 takes it away)";
  return NULL;
}

/* Open a file that is as it should be. When it is not, *why says so or, where
** that stays NULL, errno does; then the result is false. */
static bool open_checked(struct opened *file, const char *path, int flags,
                         enum demand demand, const char **why) {
  struct stat st;
  /* Programs that replace keys do so by a link. */
  if (demand != KEY && demand != PLAIN) flags |= O_NOFOLLOW;
  /* A FIFO must not block, nor a terminal become ours, before fstat tells. */
  file->fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file->fd < 0) {
    if (errno == ELOOP || errno == EMLINK) *why = "it is a symbolic link";
    return false;
  }
  if (fstat(file->fd, &st) != 0) return false;
  *why = find_exposure(&st, demand);
  return *why == NULL;
}

/* Push all bytes of a file, or nothing: false, and why as above. */
static bool push_bytes(lua_State *L, struct opened *file, size_t most,
                       const char **why) {
  luaL_Buffer bytes;
  char chunk[4096];
  size_t have = 0;
  ssize_t n;
  luaL_buffinit(L, &bytes);
  do {
    n = read(file->fd, chunk, sizeof chunk);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) {
      luaL_addlstring(&bytes, chunk, (size_t)n);
      have += (size_t)n;
    }
    if (have > most) {
      *why = "it is too large";
      return false;
    }
  } while (n != 0);
  luaL_pushresult(&bytes);
  return true;
}

/***
The bytes of a file. Blocks on the disk.
@function file_read
@tparam string path
@tparam[opt="secret"] string demand what is refused: for a "secret" a symbolic
link, a file of another user, and one that others have access to; for what is
"trusted" the same, but others may read it, and root may own it; for a "key"
that others have access to it, but links are followed, and what root owns a
group may read; for a "plain" file nothing but what is none
@tparam[opt=1048576] number most bytes
@treturn[1] string
@treturn[2] nil
@treturn[2] string why
@treturn[2] boolean true when there is no such file
*/
static int file_read(lua_State *L) {
  const char *why = NULL;
  const char *path = check_path(L, 1);
  int demand = luaL_checkoption(L, 2, "secret", demands);
  lua_Number most = luaL_optnumber(L, 3, MAX_BYTES);
  struct opened *file;
  bool ok;
  int code;
  luaL_argcheck(L, most >= 0, 3, "is no number of bytes");
  file = push_opened(L);
  ok = open_checked(file, path, O_RDONLY, (enum demand)demand, &why) &&
       push_bytes(L, file, (size_t)most, &why);
  code = errno;
  (void)close_opened(file);
  return ok ? 1 : push_failure(L, why, code);
}

/***
What there is of that name; links are not followed, and nothing is opened.
@function file_kind
@tparam string path
@treturn ?string "file", "link", "directory", "fifo", "socket" or "device"; nil:
nothing, as far as one may look
*/
static int file_kind(lua_State *L) {
  struct stat st;
  if (lstat(check_path(L, 1), &st) != 0) return 0;
  lua_pushstring(L, pc_file_kind(&st));
  return 1;
}

/* A directory that Lua closes, should anything raise. */
struct listing {
  DIR *dir; /* NULL when closed */
};

/* Of no use to Lua code, into whose hands none gets. */
static int listing__gc(lua_State *L) {
  struct listing *listing = lua_touserdata(L, 1);
  if (listing->dir != NULL) closedir(listing->dir);
  listing->dir = NULL;
  return 0;
}

/***
The names in a directory but those that begin with a dot, in any order.
@function file_names
@tparam string path
@treturn[1] {string,...}
@treturn[2] nil
@treturn[2] string why
@treturn[2] boolean true when there is no such directory
*/
static int file_names(lua_State *L) {
  const char *path = check_path(L, 1);
  struct listing *listing = lua_newuserdata(L, sizeof *listing);
  const struct dirent *entry;
  int n = 0, code;
  listing->dir = NULL;
  luaL_getmetatable(L, LISTING_TYPE);
  lua_setmetatable(L, -2); /* path listing */
  listing->dir = opendir(path);
  if (listing->dir == NULL) return push_failure(L, NULL, errno);
  lua_newtable(L); /* path listing names */
  /* Each thread reads a listing of its own, which is safe.
  ** NOLINTNEXTLINE(concurrency-mt-unsafe) */
  while (errno = 0, (entry = readdir(listing->dir)) != NULL) {
    if (entry->d_name[0] == '.') continue;
    lua_pushstring(L, entry->d_name);
    lua_rawseti(L, -2, ++n);
  }
  code = errno;
  closedir(listing->dir);
  listing->dir = NULL;
  return code == 0 ? 1 : push_failure(L, NULL, code);
}

static int write_all(int fd, const char *bytes, size_t n) {
  while (n > 0) {
    ssize_t done = write(fd, bytes, n);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return -1;
    bytes += done;
    n -= (size_t)done;
  }
  return 0;
}

/* The name of a file in its directory. */
static const char *find_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

int pc_file_open_directory(const char *path) {
  char dir[MAX_PATH];
  size_t n = (size_t)(find_name(path) - path);
  memcpy(dir, n > 0 ? path : ".", n > 0 ? n : 1);
  dir[n > 0 ? n : 1] = '\0';
  return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A rename lasts once its directory is on the disk. Not every file system can
** do that, and not every directory may be opened: then it is left to it. */
static int sync_directory(const char *path) {
  int fd = pc_file_open_directory(path);
  int result;
  if (fd < 0) return 0;
  result = fsync(fd) != 0 && errno == EIO ? EIO : 0;
  close(fd);
  return result;
}

static int fill_temporary(int fd, const char *bytes, size_t n) {
  int result = 0;
  /* The mode that open gives is cut by the umask. */
  if (fchmod(fd, S_IRUSR | S_IWUSR) != 0 || write_all(fd, bytes, n) != 0 ||
      fsync(fd) != 0)
    result = errno;
  if (close(fd) != 0 && result == 0) result = errno;
  return result;
}

/* 0, or what errno said; or EINVAL, and in *why what stands there and is not to
** be replaced: a device would be gone. */
static int write_secret(const char *path, const char *bytes, size_t n,
                        const char **why) {
  char temporary[MAX_PATH];
  struct stat st;
  int fd, result;
  if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) {
    *why = NOT_REGULAR;
    return EINVAL;
  }
  memcpy(temporary, path, strlen(path));
  memcpy(temporary + strlen(path), TEMPORARY, sizeof TEMPORARY);
  if (unlink(temporary) != 0 && errno != ENOENT) return errno;
  fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
            S_IRUSR | S_IWUSR);
  if (fd < 0) return errno;
  result = fill_temporary(fd, bytes, n);
  if (result == 0 && rename(temporary, path) != 0) result = errno;
  if (result != 0) {
    unlink(temporary);
    return result;
  }
  return sync_directory(path);
}

/***
Replaces a file, or a symbolic link, by a file of mode 0600 with these bytes,
whatever the umask: all of it or nothing, and on the disk when this returns.
What is neither is refused. The caller holds the lock.
Blocks on the disk.
@function file_write
@tparam string path
@tparam string bytes at most a mebibyte
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] string why
*/
static int file_write(lua_State *L) {
  const char *path = check_path(L, 1);
  size_t n;
  const char *bytes = luaL_checklstring(L, 2, &n);
  const char *why = NULL;
  int code;
  luaL_argcheck(L, n <= MAX_BYTES, 2, "is too large");
  code = write_secret(path, bytes, n, &why);
  if (code != 0) return push_failure(L, why, code);
  lua_pushboolean(L, 1);
  return 1;
}

/***
Adds bytes to the end of a file that a secret may be in: what `file_read` refuses
for one is not touched. Blocks on the disk.
@function file_append
@tparam string path of a file that is there
@tparam string bytes
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] string why
@treturn[2] boolean true when there is no such file
*/
static int file_append(lua_State *L) {
  size_t n;
  const char *why = NULL;
  const char *path = check_path(L, 1);
  const char *bytes = luaL_checklstring(L, 2, &n);
  struct opened *file = push_opened(L);
  bool ok = open_checked(file, path, O_WRONLY | O_APPEND, SECRET, &why) &&
            write_all(file->fd, bytes, n) == 0;
  int code = errno, closed = close_opened(file);
  if (!ok) return push_failure(L, why, code);
  if (closed != 0) return push_failure(L, NULL, closed);
  lua_pushboolean(L, 1);
  return 1;
}

/* Is the file that was opened still the one of that name? */
static bool is_current(int fd, const char *path) {
  struct stat opened, named;
  return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/* Lock bytes of a file for those who have opened it here, or unlock them.
** False: that cannot be done. */
static bool lock_bytes(int fd, short type, off_t start, off_t len) {
#if defined(F_OFD_SETLK)
  struct flock bytes = {0};
  bytes.l_type = type;
  bytes.l_whence = SEEK_SET;
  bytes.l_start = start;
  bytes.l_len = len;
  return fcntl(fd, F_OFD_SETLK, &bytes) == 0;
#else
  (void)fd, (void)type, (void)start, (void)len;
  return false;
#endif
}

/* Has somebody else a lock of the byte? */
static bool is_locked(int fd, off_t start) {
#if defined(F_OFD_SETLK)
  struct flock byte = {0};
  byte.l_type = F_WRLCK; /* which every other one is in the way of */
  byte.l_whence = SEEK_SET;
  byte.l_start = start;
  byte.l_len = 1;
  return fcntl(fd, F_OFD_GETLK, &byte) == 0 && byte.l_type != F_UNLCK;
#else
  (void)fd, (void)start;
  return false;
#endif
}

static void release_lock(struct lock *lock) {
  int fd = pc_process_unkeep(&lock->file);
  if (fd >= 0) {
    /* By name: a child that has no handlers may still have it open. */
    (void)flock(fd, LOCK_UN);
    close(fd);
  }
  fd = pc_process_unkeep(&lock->directory);
  if (fd >= 0) {
    (void)lock_bytes(fd, F_UNLCK, 0, 0);
    close(fd);
  }
}

/* Somebody who tidies up may take a lock file away; the next to come would make
** a new one and lock that. So the name is claimed as well: by a shared lock of a
** byte of the directory that stands for it. Whoever sees another one's there
** gives way; two that come at once may both. Where that cannot be done the lock
** file alone must do. 0, or EWOULDBLOCK. */
static int claim_name(struct lock *lock, const char *path) {
  uint32_t hash = 2166136261u; /* FNV-1a */
  const char *name = find_name(path);
  off_t byte;
  int fd = pc_file_open_directory(path);
  if (fd < 0) return 0;
  pc_process_keep(&lock->directory, fd);
  for (; *name != '\0'; name++)
    hash = (hash ^ (unsigned char)*name) * 16777619u;
  byte = (off_t)(hash & INT32_MAX);
  if (!lock_bytes(fd, F_RDLCK, byte, 1)) return 0;
  return is_locked(fd, byte) ? EWOULDBLOCK : 0;
}

/* 0 when locked, else errno; EWOULDBLOCK when another has it. */
static int lock_file(struct lock *lock, const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
                S_IRUSR | S_IWUSR);
  if (fd < 0) return errno;
  pc_process_keep(&lock->file, fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) return errno;
  return is_current(fd, path) ? 0 : ESTALE;
}

static int take_lock(struct lock *lock, const char *path) {
  int tries = 0, code;
  do {
    code = lock_file(lock, path);
    if (code == 0) code = claim_name(lock, path);
    if (code != 0) release_lock(lock);
  } while (code == ESTALE && ++tries < TRIES);
  return code == ESTALE ? EWOULDBLOCK : code;
}

/***
Takes the lock of a file, if it is free. The lock file is made when it is
missing, and stays; that somebody takes it away releases nothing, on Linux. The
lock ends when it is closed or collected, and when the process ends, however it
ends and whatever children it has forked. Never waits.
@function file_lock
@tparam string path of the lock file
@treturn[1] Lock has one method, `close`, which may be called again
@treturn[2] boolean false when somebody has it, in this process or another
@treturn[3] nil
@treturn[3] string why
*/
static int file_lock(lua_State *L) {
  const char *path = check_path(L, 1);
  struct lock *lock = pc_newuserdata(L, sizeof *lock);
  int code;
  lock->file.fd = lock->directory.fd = -1;
  luaL_getmetatable(L, LOCK_TYPE);
  lua_setmetatable(L, -2);
  code = take_lock(lock, path);
  if (code == 0) return 1;
  if (code != EWOULDBLOCK) return push_failure(L, NULL, code);
  lua_pushboolean(L, 0);
  return 1;
}

/***
Gives the lock back.
@function Lock:close
*/
static int lock_close(lua_State *L) {
  release_lock(luaL_checkudata(L, 1, LOCK_TYPE));
  return 0;
}

/* --- registration --- */

static const luaL_Reg functions[] = {
    {"file_read", file_read},
    {"file_kind", file_kind},
    {"file_write", file_write},
    {"file_append", file_append},
    {"file_lock", file_lock},
    {"file_names", file_names},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"close", lock_close},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", lock_close},
    {"__close", lock_close},
    {NULL, NULL},
};

void pc_file_register(lua_State *L) {
  luaL_newmetatable(L, OPENED_TYPE);
  lua_pushcfunction(L, opened__gc);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  luaL_newmetatable(L, LISTING_TYPE);
  lua_pushcfunction(L, listing__gc);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
  if (luaL_newmetatable(L, LOCK_TYPE)) {
    pc_setfuncs(L, metamethods);
    lua_newtable(L);
    pc_setfuncs(L, methods);
    lua_setfield(L, -2, "__index");
  }
  lua_pop(L, 1);
  pc_setfuncs(L, functions);
}
