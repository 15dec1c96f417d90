/* CSV text to Lua rows, one run of bytes after the other.
**
** A reader lives in memory of its owner and keeps Lua values in one table,
** `kept`, so it owns nothing that would have to be released: dropping both is
** enough, at any moment.
** SPDX-License-Identifier: MIT */
#ifndef PC_CSVRUN_H
#define PC_CSVRUN_H

#include <stdbool.h>
#include "base/errors.h"
#include "lua/compat.h"
#include "lua/memo.h"

/* Defaults: many times what a report has, little against the memory of a
** machine. A line has all its fields. */
#define PC_CSV_MAX_FIELD   ((size_t)1 << 20)
#define PC_CSV_MAX_LINE    ((size_t)1 << 24)
#define PC_CSV_MAX_COLUMNS 1024

#define PC_CSV_ATOMS 512 /* texts remembered; a power of two */
#define PC_CSV_SPECIALS                                                       \
  128 /* the same for those that need their quotes: it
                               takes no time off, but memory */

/* So many of the names lie on the Lua stack during a run, where they are
** quicker to get than from a table. */
#define PC_CSV_STACK_NAMES 48

/* The integer keys of the table of kept values. */
enum {
  PC_CSV_KEPT_COLUMNS = 1, /* userdata: memory */
  PC_CSV_KEPT_SCRATCH,     /* userdata: memory */
  PC_CSV_KEPT_TAIL,        /* userdata: the field that the last end cut */
  PC_CSV_KEPT_STRINGS,     /* table: the Lua strings of atoms */
  PC_CSV_KEPT_SPECIALS,    /* table: the same for the others */
  PC_CSV_KEPT_ROWS,        /* table: rows not yet taken */
  PC_CSV_KEPT_ROW,         /* table: the row under construction */
  PC_CSV_KEPT_NAMES,       /* table: the names of the columns */
  PC_CSV_KEPT_PLACES,      /* table: which column has a name */
  PC_CSV_KEPT_NUMBERS,     /* table: names or indices of columns */
  PC_CSV_KEPT_DATES,       /* table: the same */
  PC_CSV_KEPT_WRONG        /* string: the column that is not there */
};

enum pc_csv_kind { PC_CSV_TEXTS, PC_CSV_NUMBERS, PC_CSV_DATES };

struct pc_csv_column {
  struct pc_seen seen;    /* its texts */
  struct pc_seen special; /* those that need their quotes */
  enum pc_csv_kind kind;
};

struct pc_csv {
  char separator;
  bool arrays;   /* rows are arrays */
  bool headings; /* the first line has the names */
  bool nulls;    /* an empty number or date is kept as null */
  size_t max_field;
  size_t max_line;
  uint32_t max_columns;
  size_t offset;        /* bytes of text before the current run */
  size_t record;        /* offset of the line of fields that is read */
  size_t line;          /* offset of the line of text that is read */
  size_t lines;         /* lines of text before that one */
  size_t scanned;       /* bytes known of the field cut by the last end */
  size_t wrong_line;    /* of an error, from 1 */
  size_t wrong_byte;    /* in that line, from 1 */
  uint32_t wrong_field; /* from 1 */
  enum pc_err err;      /* sticky */
  bool marked;          /* a byte order mark was looked for */
  bool named;           /* the first line is read */
  bool after_cr;        /* a line feed belongs to the line before */
  bool row_open;        /* there is a row under construction */
  bool again;           /* its first field is the name of the column */
  uint32_t at;          /* fields read of the line */
  uint32_t count;       /* columns; while the first line is read, so far */
  uint32_t column_cap;
  uint32_t row_count; /* rows put into PC_CSV_KEPT_ROWS */
  size_t scratch_cap; /* bytes */
  char *scratch;      /* for fields with quotes in them */
  struct pc_csv_column *columns;
  struct pc_atom atoms[PC_CSV_ATOMS + 1];
  struct pc_atom specials[PC_CSV_SPECIALS + 1];
};

/* Push the table of kept values for a new reader.  [-0, +1, m] */
void pc_csv_push_kept(lua_State *L);

/* Set up a reader: commas, names in the first line, default limits. */
void pc_csv_init(struct pc_csv *c);

/* Read `len` more bytes of text. `kept` is the stack index of the table of
** kept values. Says in *used how many bytes are done with; the others, one cut
** field at most, must come again in front of the next bytes. `final` says that
** none will come: then everything is used or there is an error.
** A Lua error leaves the reader unusable.  [-0, +0, m] */
PC_MUST_CHECK enum pc_err pc_csv_run(lua_State *L, struct pc_csv *c, int kept,
                                     const char *text, size_t len, bool final,
                                     size_t *used);

#endif
