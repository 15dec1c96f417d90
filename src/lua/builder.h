/* JSON text to Lua values, one run of bytes after the other.
**
** A builder lives in memory of its owner and keeps Lua values in one table,
** `kept`, so it owns nothing that would have to be released: dropping both is
** enough, at any moment. Between runs the containers under construction lie
** on the Lua stack above `kept`; whoever wants the stack back parks them.
** SPDX-License-Identifier: MIT */
#ifndef PC_BUILDER_H
#define PC_BUILDER_H

#include "lua/compat.h"
#include "base/errors.h"
#include "lua/box.h"
#include "lua/memo.h"

#define PC_DEPTH_DEFAULT 128  /* levels; far more than any API nests */
#define PC_DEPTH_MAX     1000 /* Lua 5.1 gives a function 8000 stack slots */

#define PC_TOKEN_MAX ((size_t)1 << 28) /* bytes; a body's default limit */

/* Small texts are most of all texts: for them one allocation is enough. */
#define PC_FIRST_LEVELS 12
#define PC_FIRST_PLACES 28
#define PC_FIRST_SLOTS  64 /* what pc_memo_slots says */
#define PC_FIRST_ATOMS  32
#define PC_ATOMS        512  /* once the text is longer than PC_SMALL_TEXT */
#define PC_SMALL_TEXT   4096 /* bytes */

/* So many of the names lie on the Lua stack during a run, where they are
** quicker to get than from a table: those of one or two kinds of rows. */
#define PC_STACK_NAMES 48

/* The integer keys of the table of kept values. */
enum {
  PC_KEPT_LEVELS = 1, /* userdata: memory */
  PC_KEPT_PLACES,     /* userdata: memory */
  PC_KEPT_ATOMS,      /* userdata: memory */
  PC_KEPT_SCRATCH,    /* box: memory */
  PC_KEPT_STRINGS,    /* table: the Lua strings of atoms */
  PC_KEPT_ROWS,       /* table: rows not yet taken */
  PC_KEPT_INSTEAD,    /* table: what the document has instead of them */
  PC_KEPT_ARRAY_MT,   /* table: metatable for arrays */
  PC_KEPT_PARKED,     /* table: stack slots between runs */
  PC_KEPT_TAIL,       /* box: the token that the last end cut */
  PC_KEPT_COUNTS,     /* table: set of names of counts in rows */
  PC_KEPT_RENAMES,    /* table: names in rows, and what they become */
  PC_KEPT_BEFORE,     /* string: the digest of the page before */
  PC_KEPT_DIGEST,     /* box: the hashes of the rows' blocks */
  PC_KEPT_NAMES       /* from here on: member names by place */
};

enum pc_expect { /* what the text must go on with */
                 PC_EXPECT_START,
                 PC_EXPECT_VALUE,
                 PC_EXPECT_FIRST_ELEMENT, /* or the end of the array */
                 PC_EXPECT_FIRST_MEMBER,  /* or the end of the object */
                 PC_EXPECT_MEMBER,
                 PC_EXPECT_COLON,
                 PC_EXPECT_COMMA, /* or the end of the container */
                 PC_EXPECT_END
};

enum pc_container { PC_IN_TEXT, PC_IN_OBJECT, PC_IN_ARRAY, PC_IN_ROWS };

struct pc_level {
  enum pc_container container;
  uint32_t count; /* members or elements in the table */
  uint32_t place; /* of the container */
  uint32_t value; /* place of the value that is read */
  uint32_t next;  /* place of the member that is guessed to follow */
};

struct pc_builder {
  size_t offset;   /* bytes of text before the current run */
  size_t scanned;  /* bytes known of the string cut by the last end */
  size_t wrong;    /* offset of the error, from 0 */
  enum pc_err err; /* sticky */
  enum pc_expect expect;
  bool rows;         /* the row array's elements go to PC_KEPT_ROWS */
  bool nulls;        /* null members are kept */
  bool array_mt;     /* arrays get the metatable PC_KEPT_ARRAY_MT */
  bool has_rows;     /* the row array has begun */
  bool rows_ended;   /* no more rows will come */
  bool counts;       /* PC_KEPT_COUNTS: these are numbers in rows */
  bool renames;      /* PC_KEPT_RENAMES: these have other names in rows */
  bool scalars;      /* a row is no table */
  int rows_depth;    /* level of the row array that is read; 0: none */
  size_t rows_begin; /* offset behind the first row array's bracket; 0: none */
  size_t rows_end;   /* offset of its other bracket; 0: not yet */
  uint32_t row_count; /* rows put into PC_KEPT_ROWS */
  int depth;          /* levels in use above level 0, the text */
  int max_depth;
  int level_cap;
  bool own_text;          /* the text of this run may be written over */
  struct pc_box *scratch; /* for strings with escapes; NULL: none yet */
  struct pc_level *levels;
  struct pc_memo memo;
  struct pc_level first_levels[PC_FIRST_LEVELS];
  struct pc_atom first_atoms[PC_FIRST_ATOMS + 1];
  struct pc_place first_places[PC_FIRST_PLACES];
  uint16_t first_slots[PC_FIRST_SLOTS];
};

/* Push the table of kept values for a new builder.  [-0, +1, m] */
void pc_builder_push_kept(lua_State *L);

/* Push what a run needs above the table of kept values, which is on top. What
** is under construction comes next.  [-0, +PC_RUN_SLOTS, v] */
void pc_builder_enter(lua_State *L, const struct pc_builder *b);

#define PC_RUN_SLOTS (1 + PC_STACK_NAMES)

/* Set up a builder: no rows, no nulls, no metatable, default depth, nothing that
** is mended in rows. */
void pc_builder_init(struct pc_builder *b);

/* Have counts mended in rows: PC_KEPT_COUNTS is there. */
void pc_builder_set_counts(struct pc_builder *b);

/* Begin another text with the same options, and with what was learned from
** the one before. */
void pc_builder_restart(struct pc_builder *b);

/* Give back the scratch memory when it is more than this.  [-0, +0, -] */
void pc_builder_trim(lua_State *L, struct pc_builder *b, size_t most);

/* Build from `len` more bytes of text. `kept` is the stack index of the table
** of kept values; above it lies what pc_builder_enter pushed, and then what is
** under construction. Says
** in *used how many bytes are done with; the others, one cut token at most,
** must come again in front of the next bytes. `final` says that none will
** come: then everything is used or there is an error. The value of the text
** is left on top of the stack when b->expect is PC_EXPECT_END.
** A Lua error leaves the builder unusable.  [-n, +n, m] */
PC_MUST_CHECK enum pc_err pc_builder_run(lua_State *L, struct pc_builder *b,
                                         int kept, const char *text,
                                         size_t len, bool final, size_t *used);

#endif
