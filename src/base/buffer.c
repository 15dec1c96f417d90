/* Growable bytes with a mandatory maximum.
** SPDX-License-Identifier: MIT */
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

/* The smallest allocation worth making, bytes: the headers of most requests and
** answers, and what malloc keeps at hand. */
#define MIN_CAP 1024

void pc_buffer_init(struct pc_buffer *b, size_t max) {
  b->bytes = NULL;
  b->len = b->cap = 0;
  b->max = max;
}

/* Doubling keeps appending linear; the maximum also bounds what is reserved,
** so a small limit costs a small allocation. */
static enum pc_err grow(struct pc_buffer *b, size_t needed) {
  size_t cap = b->cap > MIN_CAP ? b->cap : MIN_CAP;
  char *bytes;
  while (cap < needed) cap = cap > b->max / 2 ? b->max : cap * 2;
  if (cap > b->max) cap = b->max;
  bytes = realloc(b->bytes, cap);
  if (bytes == NULL) return PC_NOMEM;
  b->bytes = bytes;
  b->cap = cap;
  return PC_OK;
}

enum pc_err pc_buffer_add(struct pc_buffer *b, const void *bytes, size_t n) {
  if (n == 0) return PC_OK;
  if (n > b->max - b->len) return PC_TOO_LARGE;
  if (b->len + n > b->cap) {
    enum pc_err err = grow(b, b->len + n);
    if (err != PC_OK) return err;
  }
  memcpy(b->bytes + b->len, bytes, n);
  b->len += n;
  return PC_OK;
}

void pc_buffer_clear(struct pc_buffer *b) {
  b->len = 0;
}

void pc_buffer_free(struct pc_buffer *b) {
  free(b->bytes);
  b->bytes = NULL;
  b->len = b->cap = 0;
}

/* The compiler would drop a memset of what is about to be freed: it must
** believe that somebody looks at it. */
void pc_wipe(void *bytes, size_t n) {
#if defined(__GNUC__)
  if (n > 0) memset(bytes, 0, n);
  __asm__ __volatile__("" : : "r"(bytes) : "memory");
#else
  volatile char *p = bytes;
  while (n > 0) p[--n] = 0;
#endif
}

void pc_buffer_erase(struct pc_buffer *b) {
  pc_wipe(b->bytes, b->len);
  b->len = 0;
}

void pc_buffer_wipe(struct pc_buffer *b) {
  pc_wipe(b->bytes, b->cap);
  pc_buffer_free(b);
}
