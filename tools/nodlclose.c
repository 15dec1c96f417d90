/* Preloaded under a sanitizer or valgrind. lua_close() unloads the modules,
** which loses their symbols and makes false leaks of the globals of libcurl
** and OpenSSL: here nothing is unloaded.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>

int dlclose(void *handle);
int dlclose(void *handle) {
  (void)handle;
  return 0;
}

/* The programs that a spec starts run without all that; for Lua a wrapper in
** PATH preloads it anew. */
__attribute__((constructor)) static void spare_children(void) {
  (void)unsetenv("LD_PRELOAD");
}
