/* Growable bytes. A buffer cannot be made without a maximum.
** SPDX-License-Identifier: MIT */
#ifndef PC_BUFFER_H
#define PC_BUFFER_H

#include <stddef.h>
#include "base/errors.h"

struct pc_buffer {
  char *bytes; /* owned; NULL while capacity is 0 */
  size_t len;  /* bytes in use */
  size_t cap;  /* bytes allocated */
  size_t max;  /* len never exceeds this */
};

/* Make an empty buffer that may hold up to max bytes. Allocates nothing. */
void pc_buffer_init(struct pc_buffer *b, size_t max);

/* Append n bytes. PC_TOO_LARGE when the maximum would be exceeded, PC_NOMEM;
** the content is unchanged after a failure. */
PC_MUST_CHECK enum pc_err pc_buffer_add(struct pc_buffer *b, const void *bytes,
                                        size_t n);

/* Forget the content, keep the memory. */
void pc_buffer_clear(struct pc_buffer *b);

/* The same for secrets: overwrites the bytes. */
void pc_buffer_erase(struct pc_buffer *b);

/* Release the memory; the buffer is empty and usable again. */
void pc_buffer_free(struct pc_buffer *b);

/* The same for secrets: overwrites the bytes first. */
void pc_buffer_wipe(struct pc_buffer *b);

/* Overwrite n bytes that held a secret. */
void pc_wipe(void *bytes, size_t n);

#endif
