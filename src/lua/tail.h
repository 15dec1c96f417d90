/* The bytes of a token that the end of a piece has cut, until the next piece
** comes.
** SPDX-License-Identifier: MIT */
#ifndef PC_TAIL_H
#define PC_TAIL_H

#include <stddef.h>
#include "lua/box.h"

#define PC_TAIL_STEP 256 /* bytes tried first to complete a cut token */

struct pc_tail {
  struct pc_box *box; /* NULL: none yet */
  size_t len;         /* bytes in use */
};

/* Its bytes, if it has any. */
static inline char *pc_tail_bytes(const struct pc_tail *tail) {
  static char none[1];
  return tail->len > 0 ? tail->box->bytes : none;
}

/* Keep the bytes behind those in the tail. Its box lies in `slot` of the table
** at stack index `kept`.  [-0, +0, m] */
void pc_tail_add(lua_State *L, struct pc_tail *tail, int kept, int slot,
                 const char *bytes, size_t len);

/* Drop the first n bytes. */
void pc_tail_drop(struct pc_tail *tail, size_t n);

/* How many of `len` bytes to add next: as many as are there, so that a long
** token is copied a few times only. */
size_t pc_tail_step(const struct pc_tail *tail, size_t len);

/* Give back the memory of an empty tail when it is more than this.
** [-0, +0, -] */
void pc_tail_trim(lua_State *L, struct pc_tail *tail, size_t most);

#endif
