/* What is known of the rows of a page beside themselves: a digest of their
** bytes, and whether they are, so far, those of the page before.
** SPDX-License-Identifier: MIT */
#ifndef PC_ROWMARKS_H
#define PC_ROWMARKS_H

#include <stdbool.h>
#include "json/digest.h"
#include "lua/box.h"

struct pc_rowmarks {
  bool on;
  bool same;          /* no block differs from those of the page before */
  const char *before; /* the digest of that page, a Lua string */
  size_t before_len;  /* bytes; 0: there is none */
  struct pc_box *box; /* the hashes so far; NULL: none yet */
  size_t len;         /* bytes of them */
  struct pc_digest digest;
};

/* Begin, with the digest of the page before, which must stay where it is. */
void pc_rowmarks_start(struct pc_rowmarks *m, const char *before, size_t len);

/* Look at more bytes of the rows. The box lies in `slot` of the table at stack
** index `kept`.  [-0, +0, m] */
void pc_rowmarks_add(lua_State *L, struct pc_rowmarks *m, int kept, int slot,
                     const char *bytes, size_t len);

/* Push the digest of all rows: pages with the same one have the same bytes.
** [-0, +1, m] */
void pc_rowmarks_push(lua_State *L, struct pc_rowmarks *m);

/* Give back the memory.  [-0, +0, -] */
void pc_rowmarks_trim(lua_State *L, struct pc_rowmarks *m);

#endif
