/* What the files of the builder share: a run, its tables, its strings.
**
** A reader takes the first byte of what it reads and returns the byte behind
** it, or NULL: then b->err says what is wrong, or that more bytes are needed.
** SPDX-License-Identifier: MIT */
#ifndef PC_BUILD_H
#define PC_BUILD_H

#include "lua/builder.h"

/* A run: what is the same all through it, close at hand. */
struct run {
  lua_State *L;
  struct pc_builder *b;
  const char *text; /* its first byte */
  const char *end;  /* behind its last byte */
  size_t scanned;   /* bytes known of the string at its start */
  int kept;         /* stack index: table of kept values */
  int strings;      /* stack index: table of the atoms' strings */
  int names;        /* stack index: name of place 0 */
  int room;         /* levels for which there is room */
  bool final;       /* nothing comes behind the end */
};

/* The offset in the whole text, from 0, of what is at p in this run. */
static inline size_t pc_offset(const struct run *r, const char *p) {
  return r->b->offset + (size_t)(p - r->text);
}

/* Note the error; the result is what a reader returns then. */
static inline const char *pc_fail(struct run *r, enum pc_err err,
                                  const char *at) {
  r->b->err = err;
  r->b->wrong = pc_offset(r, at);
  return NULL;
}

/* The larger of the last two sizes: rows that take turns find room, and each
** element that really came pays for no more than two that do not. */
static inline int pc_guess_size(const uint32_t sizes[2]) {
  return (int)(sizes[0] > sizes[1] ? sizes[0] : sizes[1]);
}

/* Nowhere is many places in one, which lie within each other: if all of them
** were made as large as one of them was, memory would be out. */
static inline void pc_note_size(uint32_t place, uint32_t sizes[2],
                                uint32_t size) {
  if (place == PC_NOWHERE && size > PC_SIZE_BLIND) size = PC_SIZE_BLIND;
  sizes[1] = sizes[0];
  sizes[0] = size;
}

/* Is what is read now a member of a row? */
static inline bool pc_in_row(const struct pc_builder *b) {
  return b->rows_depth > 0 && b->depth == b->rows_depth + 1;
}

/* Step down into a container at the place of the value that is read. */
static inline struct pc_level *pc_enter(struct pc_builder *b,
                                        enum pc_container container) {
  struct pc_level *level = &b->levels[b->depth++];
  level[1].container = container;
  level[1].count = 0;
  level[1].place = level->value;
  return level + 1;
}

/* Put the value on top where it belongs.  [-1|2, +0, m] or, for the value of
** the text, [-0, +0, -] */
static inline void pc_store(struct run *r) {
  struct pc_builder *b = r->b;
  struct pc_level *level = &b->levels[b->depth];
  b->expect = PC_EXPECT_COMMA;
  switch (level->container) {
  case PC_IN_OBJECT:
    level->count++;
    lua_rawset(r->L, -3);
    break;
  case PC_IN_ARRAY: lua_rawseti(r->L, -2, (int)++level->count); break;
  case PC_IN_ROWS: lua_rawseti(r->L, -2, (int)++b->row_count); break;
  case PC_IN_TEXT:
    b->expect = PC_EXPECT_END;
    b->rows_ended = true;
    break;
  }
}

/* Push the name of a place that has one.  [-0, +1, -] */
static inline void pc_push_name(struct run *r, uint32_t place) {
  if (place < PC_STACK_NAMES)
    lua_pushvalue(r->L, r->names + (int)place);
  else
    lua_rawgeti(r->L, r->kept, (int)(PC_KEPT_NAMES + place));
}

/* --- tables.c --- */

/* Make room for the container that begins at p, in memory and on the Lua
** stack, and for more behind it. False: it is too deep.  [-0, +0, v] */
bool pc_grow_levels(struct run *r, const char *p);

/* Make room for one more place while there may be more.  [-0, +0, m] */
void pc_grow_places(struct run *r);

/* Longer texts repay a larger table of atoms.  [-0, +0, m] */
void pc_grow_atoms(struct run *r, size_t len);

/* At least n bytes of scratch memory; what was in them is lost.  [-0, +0, m]
*/
char *pc_get_scratch(struct run *r, size_t n);

/* Begin the array whose bracket is at p.  [-0, +1, v] */
const char *pc_open_array(struct run *r, const char *p);

/* End the array on top, whose other bracket is at p.  [-1|2, +0|1, m] */
void pc_close_array(struct run *r, const char *p);

/* Give members of the row on top their documented names.  [-0, +0, m] */
void pc_rename(struct run *r);

/* --- texts.c --- */

/* Read the string at p as a value at that place.  [-0, +0|1, m] */
const char *pc_read_text(struct run *r, struct pc_place *place, const char *p);

/* Read the member name at p.  [-0, +0|1, m] */
const char *pc_read_name(struct run *r, const char *p);

/* Read what leads from p to the value of a member: its name, the colon, white
** space. NULL: it is not whole, or wrong, and not read.  [-0, +0|1, m] */
const char *pc_read_lead(struct run *r, const char *p);

#endif
