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

/* The programs that a spec starts run without all that; for Lua a wrapper in
** PATH preloads it anew. What comes before Lua, such as valgrind, passes it
*on.
*/
__attribute__((constructor)) static void prepare(void) {
  if (strncmp(program_invocation_short_name, "lua", 3) != 0) return;
  (void)unsetenv("LD_PRELOAD");
#ifdef UNDER_VALGRIND
  (void)pthread_atfork(NULL, NULL, spare_forked);
#endif
}
