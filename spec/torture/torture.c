/* Makes allocations and system calls fail: a Lua whose every allocation, the
** core's own ones, libcurl's and some system calls pass through here. The
** linker's --wrap puts the core's calls here; nothing in the core knows of it.
**
**   torture SCRIPT ARGUMENT...
**
** gives the script `torture.arm(domain, n, for_good)`, `torture.disarm()` ->
** calls seen, calls failed; `torture.live(domain)` -> blocks not freed;
** `torture.twice()` -> blocks that libcurl has freed twice.
** SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

int luaopen_partnercenter_core(lua_State *L);

enum domain { LUA, CORE, CURL_LIB, SYSTEM, DOMAINS };

static const char *const names[] = {"lua", "core", "curl", "system", NULL};

static atomic_int armed = -1;    /* the domain whose calls fail; -1: none */
static atomic_long fail_at;      /* the first call to fail */
static atomic_bool for_good;     /* and all after it */
static atomic_long seen, failed; /* calls since it was armed */
static atomic_long live[DOMAINS];

/* Whether this call has to fail. */
static bool must_fail(enum domain d) {
  long n;
  if (atomic_load(&armed) != (int)d) return false;
  n = atomic_fetch_add(&seen, 1) + 1;
  if (n != fail_at && !(for_good && n > fail_at)) return false;
  atomic_fetch_add(&failed, 1);
  return true;
}

static void *count(enum domain d, void *block) {
  if (block != NULL) atomic_fetch_add(&live[d], 1);
  return block;
}

static void uncount(enum domain d, const void *block) {
  if (block != NULL) atomic_fetch_sub(&live[d], 1);
}

/* --- the core's allocations --- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
char *__real_strdup(const char *text);
void __real_free(void *block);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);
char *__wrap_strdup(const char *text);
void __wrap_free(void *block);

void *__wrap_malloc(size_t n) {
  return must_fail(CORE) ? NULL : count(CORE, __real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size) {
  return must_fail(CORE) ? NULL : count(CORE, __real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t n) {
  void *block;
  if (must_fail(CORE)) return NULL;
  block = __real_realloc(old, n);
  if (old == NULL) count(CORE, block);
  return block;
}

char *__wrap_strdup(const char *text) {
  return must_fail(CORE) ? NULL : count(CORE, __real_strdup(text));
}

void __wrap_free(void *block) {
  uncount(CORE, block);
  __real_free(block);
}

/* --- libcurl's --- */

/* libcurl 7.88 itself frees a host name twice when there was no memory for a
** TLS session's entry. That must not hide what is wrong on this side: its small
** blocks are marked as freed and kept, and the second time is counted. */
struct block {
  size_t n;     /* bytes asked for */
  size_t freed; /* 1: once already */
};

#define SMALL 1024

static atomic_long freed_twice;

static void *curl_malloc(size_t n) {
  struct block *b;
  if (must_fail(CURL_LIB)) return NULL;
  b = count(CURL_LIB, __real_malloc(sizeof *b + n));
  if (b == NULL) return NULL;
  b->n = n;
  b->freed = 0;
  return b + 1;
}

static void *curl_calloc(size_t n, size_t size) {
  void *bytes = curl_malloc(n * size);
  return bytes != NULL ? memset(bytes, 0, n * size) : NULL;
}

static char *curl_strdup(const char *text) {
  char *copy = curl_malloc(strlen(text) + 1);
  return copy != NULL ? strcpy(copy, text) : NULL;
}

static void curl_release(void *bytes) {
  struct block *b = bytes != NULL ? (struct block *)bytes - 1 : NULL;
  if (b == NULL) return;
  if (b->n <= SMALL && b->freed) {
    freed_twice++;
    return;
  }
  uncount(CURL_LIB, b);
  b->freed = 1;
  if (b->n > SMALL) __real_free(b);
}

static void *curl_realloc(void *old, size_t n) {
  size_t old_n = old != NULL ? ((struct block *)old - 1)->n : 0;
  void *bytes = curl_malloc(n);
  if (bytes == NULL || old == NULL) return bytes;
  memcpy(bytes, old, old_n < n ? old_n : n);
  curl_release(old);
  return bytes;
}

/* --- Lua's --- */

static void *lua_allocate(void *arg, void *old, size_t old_n, size_t n) {
  (void)arg;
  if (n == 0) {
    __real_free(old);
    return NULL;
  }
  /* Lua takes for granted that a block can shrink. */
  if ((old == NULL || n > old_n) && must_fail(LUA)) return NULL;
  return __real_realloc(old, n);
}

/* --- what the system may refuse --- */

int __real_eventfd(unsigned count, int flags);
int __real_epoll_create1(int flags);
int __real_epoll_ctl(int fd, int op, int of, struct epoll_event *event);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *arg);
int __real_pthread_mutex_init(pthread_mutex_t *mutex,
                              const pthread_mutexattr_t *attributes);
int __real_socket(int domain, int type, int protocol);
int __real_fcntl(int fd, int command, long arg);
int __real_open(const char *path, int flags, mode_t mode);
int __real_fchmod(int fd, mode_t mode);
int __real_fsync(int fd);
int __real_flock(int fd, int operation);
int __real_rename(const char *from, const char *to);
struct dirent *__real_readdir(DIR *dir);
int __real_getentropy(void *bytes, size_t n);
int __wrap_eventfd(unsigned count, int flags);
int __wrap_epoll_create1(int flags);
int __wrap_epoll_ctl(int fd, int op, int of, struct epoll_event *event);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *arg);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex,
                              const pthread_mutexattr_t *attributes);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_fcntl(int fd, int command, long arg);
int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fsync(int fd);
int __wrap_flock(int fd, int operation);
int __wrap_rename(const char *from, const char *to);
struct dirent *__wrap_readdir(DIR *dir);
int __wrap_getentropy(void *bytes, size_t n);

static bool refused(int code) {
  if (!must_fail(SYSTEM)) return false;
  errno = code;
  return true;
}

int __wrap_eventfd(unsigned count, int flags) {
  return refused(EMFILE) ? -1 : __real_eventfd(count, flags);
}

int __wrap_epoll_create1(int flags) {
  return refused(EMFILE) ? -1 : __real_epoll_create1(flags);
}

int __wrap_epoll_ctl(int fd, int op, int of, struct epoll_event *event) {
  return refused(ENOMEM) ? -1 : __real_epoll_ctl(fd, op, of, event);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *arg) {
  if (must_fail(SYSTEM)) return EAGAIN;
  return __real_pthread_create(thread, attributes, start, arg);
}

int __wrap_pthread_mutex_init(pthread_mutex_t *mutex,
                              const pthread_mutexattr_t *attributes) {
  if (must_fail(SYSTEM)) return ENOMEM;
  return __real_pthread_mutex_init(mutex, attributes);
}

int __wrap_socket(int domain, int type, int protocol) {
  return refused(EMFILE) ? -1 : __real_socket(domain, type, protocol);
}

int __wrap_fcntl(int fd, int command, long arg) {
  return refused(EINVAL) ? -1 : __real_fcntl(fd, command, arg);
}

int __wrap_open(const char *path, int flags, mode_t mode) {
  return refused(EMFILE) ? -1 : __real_open(path, flags, mode);
}

int __wrap_fchmod(int fd, mode_t mode) {
  return refused(EPERM) ? -1 : __real_fchmod(fd, mode);
}

int __wrap_fsync(int fd) {
  return refused(EIO) ? -1 : __real_fsync(fd);
}

int __wrap_flock(int fd, int operation) {
  return refused(ENOLCK) ? -1 : __real_flock(fd, operation);
}

int __wrap_rename(const char *from, const char *to) {
  return refused(EACCES) ? -1 : __real_rename(from, to);
}

struct dirent *__wrap_readdir(DIR *dir) {
  return refused(EIO) ? NULL : __real_readdir(dir);
}

int __wrap_getentropy(void *bytes, size_t n) {
  return refused(ENOSYS) ? -1 : __real_getentropy(bytes, n);
}

/* --- for the script --- */

static int torture_arm(lua_State *L) {
  int domain = luaL_checkoption(L, 1, NULL, names);
  fail_at = (long)luaL_checkinteger(L, 2);
  for_good = lua_toboolean(L, 3);
  seen = failed = 0;
  armed = domain;
  return 0;
}

static int torture_disarm(lua_State *L) {
  armed = -1;
  lua_pushinteger(L, seen);
  lua_pushinteger(L, failed);
  return 2;
}

/* How often libcurl freed a block of its own twice. */
static int torture_twice(lua_State *L) {
  lua_pushinteger(L, freed_twice);
  return 1;
}

static int torture_live(lua_State *L) {
  lua_pushinteger(L, live[luaL_checkoption(L, 1, NULL, names)]);
  return 1;
}

static const luaL_Reg functions[] = {
    {"arm", torture_arm},   {"disarm", torture_disarm},
    {"live", torture_live}, {"twice", torture_twice},
    {NULL, NULL},
};

static void preload(lua_State *L) {
  const luaL_Reg *f;
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_partnercenter_core);
  lua_setfield(L, -2, "partnercenter.core");
  lua_pop(L, 2);
  lua_newtable(L);
  for (f = functions; f->name != NULL; f++) {
    lua_pushcfunction(L, f->func);
    lua_setfield(L, -2, f->name);
  }
  lua_setglobal(L, "torture");
}

int main(int argc, char **argv) {
  lua_State *L;
  int i, rc;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc < 2 ||
      curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, curl_release,
                           curl_realloc, curl_strdup, curl_calloc) != CURLE_OK)
    return 2;
  L = lua_newstate(lua_allocate, NULL);
  if (L == NULL) return 2;
  luaL_openlibs(L);
  preload(L);
  rc = luaL_loadfile(L, argv[1]);
  for (i = 2; i < argc; i++) lua_pushstring(L, argv[i]);
  if (rc == 0) rc = lua_pcall(L, argc - 2, 0, 0);
  if (rc != 0) fprintf(stderr, "torture: %s\n", lua_tostring(L, -1));
  lua_close(L);
  if (rc == 0 && live[CORE] != 0) {
    fprintf(stderr, "torture: %ld blocks of the core leak\n",
            (long)live[CORE]);
    rc = 1;
  }
  return rc == 0 ? 0 : 1;
}
