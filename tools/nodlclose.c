/* Preloaded under a sanitizer or valgrind. lua_close() unloads the modules,
** which loses their symbols and makes false leaks of the globals of libcurl
** and OpenSSL: here nothing is unloaded.
** SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#ifdef UNDER_VALGRIND
#include <valgrind/valgrind.h>
#endif

int dlclose(void *handle);
int dlclose(void *handle) {
  (void)handle;
  return 0;
}

#ifdef UNDER_VALGRIND
/* What a thread of the parent held is lost in a forked child, and nobody can
** give it back: leaks are looked for in the parent. */
static void spare_forked(void) {
  VALGRIND_CLO_CHANGE("--leak-check=no");
}
#endif

#ifdef UNDER_TSAN
/* A thread of a forked child gets the stack of one that the parent has, and with
** it a name that ThreadSanitizer takes for that of a thread which still runs: it
** ends the child. Those stacks are too small from now on. */
static void grow_stacks(void) {
  pthread_attr_t attributes;
  size_t size = 0;
  if (pthread_getattr_default_np(&attributes) != 0) return;
  (void)pthread_attr_getstacksize(&attributes, &size);
  (void)pthread_attr_setstacksize(&attributes, 2 * size);
  (void)pthread_setattr_default_np(&attributes);
  (void)pthread_attr_destroy(&attributes);
}
#endif

/* The programs that a spec starts run without all that; for Lua a wrapper in
** PATH preloads it anew. What comes before Lua, such as valgrind, passes it
** on. */
__attribute__((constructor)) static void prepare(void) {
  if (strncmp(program_invocation_short_name, "lua", 3) != 0) return;
  (void)unsetenv("LD_PRELOAD");
#ifdef UNDER_VALGRIND
  (void)pthread_atfork(NULL, NULL, spare_forked);
#endif
#ifdef UNDER_TSAN
  (void)pthread_atfork(NULL, NULL, grow_stacks);
#endif
}
