/* A digest of bytes that come in pieces of any size: that of each block, so that
** two texts can be told apart as soon as a block of them differs.
** SPDX-License-Identifier: MIT */
#ifndef PC_DIGEST_H
#define PC_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PC_DIGEST_BLOCK 256 /* bytes: less than a row has as a rule */

struct pc_digest {
  size_t len; /* bytes so far */
  char block[PC_DIGEST_BLOCK];
};

/* The hash of a block. */
static inline uint64_t pc_digest_hash(const char *block) {
  const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);
  uint64_t h = factor, x;
  size_t i;
  for (i = 0; i < PC_DIGEST_BLOCK; i += 8) {
    memcpy(&x, block + i, 8);
    h ^= x;
    h = (h << 31 | h >> 33) * factor;
  }
  return h ^ h >> 32;
}

/* Take the first of `len` bytes, as far as to the end of a block. Returns how
** many were taken. When a block is full its hash is in *hash, else 0 is. */
static inline size_t pc_digest_take(struct pc_digest *d, const char *bytes,
                                    size_t len, uint64_t *hash) {
  size_t have = d->len % PC_DIGEST_BLOCK, n = PC_DIGEST_BLOCK - have;
  *hash = 0;
  if (n > len) n = len;
  d->len += n;
  if (n == PC_DIGEST_BLOCK) { /* where it lies */
    *hash = pc_digest_hash(bytes) | 1;
    return n;
  }
  memcpy(d->block + have, bytes, n);
  if (have + n == PC_DIGEST_BLOCK) *hash = pc_digest_hash(d->block) | 1;
  return n;
}

/* The hash of the block that is not full. */
static inline uint64_t pc_digest_rest(struct pc_digest *d) {
  size_t have = d->len % PC_DIGEST_BLOCK;
  memset(d->block + have, 0, PC_DIGEST_BLOCK - have);
  return pc_digest_hash(d->block);
}

#endif
