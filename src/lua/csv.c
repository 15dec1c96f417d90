/* The CsvDecoder object: feeding, taking rows.
**
** It has no __gc: what it needs are Lua values, hanging on its user value, so
** no Lua error and no order of collection can leak any of it.
** SPDX-License-Identifier: MIT */
#include "lua/csv.h"

#include <limits.h>
#include <string.h>

#include "lua/csvrun.h"
#include "lua/options.h"
#include "lua/tail.h"

#define CSV_DECODER "partnercenter.CsvDecoder"

/* What the limits can be raised to. A field lies in memory twice; Lua 5.1 has
** 8000 stack slots. */
#define FIELD_MOST   268435456.0
#define LINE_MOST    1073741824.0
#define COLUMNS_MOST 4000.0
#define LIST_MOST    4000 /* columns that have a kind */

struct csv_decoder {
  bool running; /* in a run, or a Lua error ended one: not usable */
  bool closed;
  bool finished;
  uint32_t row;        /* rows taken from PC_CSV_KEPT_ROWS */
  struct pc_tail tail; /* the cut field; memory PC_CSV_KEPT_TAIL */
  struct pc_csv csv;
};

static struct csv_decoder *check_csv(lua_State *L, int index) {
  struct csv_decoder *d = luaL_checkudata(L, index, CSV_DECODER);
  luaL_argcheck(L, !d->closed, index, "the decoder is closed");
  return d;
}

/* --- options --- */

static const char *const option_names[] = {
    "separator", "arrays",    "headings", "nulls",       "numbers",
    "dates",     "max_field", "max_line", "max_columns", NULL,
};

static char read_separator(lua_State *L, int index) {
  const char *text = pc_options_string(L, index, "separator");
  char separator = ',';
  if (text != NULL) separator = text[0];
  luaL_argcheck(L,
                text == NULL || (strlen(text) == 1 && separator != '"' &&
                                 separator != '\r' && separator != '\n'),
                index,
                "option 'separator' must be one character, and no quote or "
                "line break");
  lua_pop(L, 1);
  return separator;
}

/* Copy the list of columns `name` to that slot of the table of kept values:
** names, or, where there are none, indices.  [-0, +0, v] */
static void copy_list(lua_State *L, int index, const char *name, int kept,
                      int slot, bool headings) {
  int wanted = headings ? LUA_TSTRING : LUA_TNUMBER, i, n;
  lua_getfield(L, index, name);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return;
  }
  if (!lua_istable(L, -1))
    luaL_argerror(L, index,
                  lua_pushfstring(L, "option '%s' is not a table", name));
  n = (int)pc_rawlen(L, -1);
  lua_createtable(L, n < LIST_MOST ? n : 0, 0); /* list copy */
  for (i = 1; i <= n; i++) {
    lua_rawgeti(L, -2, i);
    if (i > LIST_MOST || lua_type(L, -1) != wanted ||
        (!headings &&
         !(lua_tonumber(L, -1) >= 1 && lua_tonumber(L, -1) <= COLUMNS_MOST)))
      luaL_argerror(L, index,
                    lua_pushfstring(L,
                                    "option '%s' must be a list of the %s "
                                    "of columns",
                                    name, headings ? "names" : "numbers"));
    lua_rawseti(L, -2, i);
  }
  lua_rawseti(L, kept, slot);
  lua_pop(L, 1);
}

/* Read the options at `index`; the table of kept values is on top.
** [-0, +0, v] */
static void read_options(lua_State *L, int index, struct pc_csv *c) {
  int kept = lua_gettop(L);
  c->separator = read_separator(L, index);
  c->arrays = pc_options_boolean(L, index, "arrays");
  c->nulls = pc_options_boolean(L, index, "nulls");
  lua_getfield(L, index, "headings");
  if (!lua_isnil(L, -1))
    c->headings = pc_options_boolean(L, index, "headings");
  lua_pop(L, 1);
  luaL_argcheck(L, c->headings || c->arrays, index,
                "without headings rows are arrays: set the option 'arrays'");
  c->max_field = (size_t)pc_options_number(
      L, index, "max_field", (double)PC_CSV_MAX_FIELD, 1, FIELD_MOST);
  c->max_line = (size_t)pc_options_number(
      L, index, "max_line", (double)PC_CSV_MAX_LINE, 1, LINE_MOST);
  c->max_columns = (uint32_t)pc_options_number(
      L, index, "max_columns", PC_CSV_MAX_COLUMNS, 1, COLUMNS_MOST);
  copy_list(L, index, "numbers", kept, PC_CSV_KEPT_NUMBERS, c->headings);
  copy_list(L, index, "dates", kept, PC_CSV_KEPT_DATES, c->headings);
}

/* --- helpers --- */

/* The state of the decoder as far as errors go. */
static enum pc_err get_error(const struct csv_decoder *d) {
  return d->running ? PC_NOMEM : d->csv.err;
}

/* Push nil, the message, and where: line, byte in it, and the name or number
** of the column.  [-0, +5, m] */
static int push_failure(lua_State *L, int index, enum pc_err err) {
  const struct csv_decoder *d = lua_touserdata(L, index);
  const struct pc_csv *c = &d->csv;
  lua_pushnil(L);
  lua_pushstring(L, pc_err_text(err));
  lua_pushinteger(L, (lua_Integer)c->wrong_line);
  lua_pushinteger(L, (lua_Integer)c->wrong_byte);
  pc_getuv(L, index); /* nil message line byte kept */
  if (err == PC_CSV_ABSENT) {
    lua_rawgeti(L, -1, PC_CSV_KEPT_WRONG);
  } else {
    lua_rawgeti(L, -1, PC_CSV_KEPT_NAMES);
    lua_rawgeti(L, -1, (int)c->wrong_field);
    lua_remove(L, -2);
  }
  if (lua_type(L, -1) != LUA_TSTRING || pc_rawlen(L, -1) == 0) {
    lua_pop(L, 1);
    lua_pushinteger(L, (lua_Integer)c->wrong_field);
  }
  lua_remove(L, -2);
  return 5;
}

/* Complete the field in the tail with as few of the bytes as it takes. Returns
** how many of them are done with.  [-0, +0, m] */
static size_t run_tail(lua_State *L, struct csv_decoder *d, int kept,
                       const char *bytes, size_t len) {
  size_t done = 0;
  while (d->tail.len > 0 && done < len) {
    size_t before = d->tail.len, used;
    size_t n = pc_tail_step(&d->tail, len - done);
    pc_tail_add(L, &d->tail, kept, PC_CSV_KEPT_TAIL, bytes + done, n);
    if (pc_csv_run(L, &d->csv, kept, pc_tail_bytes(&d->tail), d->tail.len,
                   false, &used) != PC_OK)
      return done;
    if (used >= before) { /* what follows is read where it lies */
      d->csv.scanned = 0;
      d->tail.len = 0;
      return done + used - before;
    }
    done += n;
    pc_tail_drop(&d->tail, used);
  }
  return done;
}

/* --- feeding --- */

enum pc_err pc_csv_decoder_feed(lua_State *L, int index, const char *bytes,
                                size_t len) {
  struct csv_decoder *d = check_csv(L, index);
  enum pc_err err = get_error(d);
  size_t done, used;
  int kept;
  if (err != PC_OK) return err;
  if (d->finished) return PC_CSV_FINISHED;
  if (d->row == d->csv.row_count) d->row = d->csv.row_count = 0;
  d->running = true;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  pc_getuv(L, index);
  kept = lua_gettop(L);
  done = run_tail(L, d, kept, bytes, len);
  err = d->csv.err;
  if (err == PC_OK && done < len) {
    err = pc_csv_run(L, &d->csv, kept, bytes + done, len - done, false, &used);
    if (err == PC_OK)
      pc_tail_add(L, &d->tail, kept, PC_CSV_KEPT_TAIL, bytes + done + used,
                  len - done - used);
  }
  pc_tail_trim(L, &d->tail, PC_BOX_KEPT);
  lua_pop(L, 1);
  d->running = false;
  return err;
}

int pc_csv_decoder_next(lua_State *L, int index) {
  struct csv_decoder *d = check_csv(L, index);
  enum pc_err err = get_error(d);
  if (!d->running && d->row < d->csv.row_count) {
    lua_pushboolean(L, 1);
    pc_getuv(L, index);
    lua_rawgeti(L, -1, PC_CSV_KEPT_ROWS);
    lua_rawgeti(L, -1, (int)++d->row); /* true kept rows row */
    lua_pushnil(L);
    lua_rawseti(L, -3, (int)d->row);
    lua_replace(L, -3);
    lua_pop(L, 1); /* true row */
    return 2;
  }
  if (err != PC_OK) return push_failure(L, index, err);
  if (d->finished)
    lua_pushnil(L);
  else
    lua_pushboolean(L, 0);
  return 1;
}

int pc_csv_decoder_finish(lua_State *L, int index) {
  struct csv_decoder *d = check_csv(L, index);
  enum pc_err err = get_error(d);
  size_t used;
  if (err == PC_OK && d->finished) err = PC_CSV_FINISHED;
  if (err != PC_OK) return push_failure(L, index, err);
  d->running = true;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  pc_getuv(L, index);
  err = pc_csv_run(L, &d->csv, lua_gettop(L), pc_tail_bytes(&d->tail),
                   d->tail.len, true, &used);
  d->tail.len = 0;
  pc_tail_trim(L, &d->tail, 0);
  lua_pop(L, 1);
  d->running = false;
  if (err != PC_OK) return push_failure(L, index, err);
  d->finished = true;
  lua_pushboolean(L, 1);
  return 1;
}

void pc_csv_decoder_push(lua_State *L, int index) {
  struct csv_decoder *d;
  if (lua_isnone(L, index)) lua_settop(L, index);
  index = pc_absindex(L, index);
  pc_options_check(L, index, option_names);
  d = pc_newuserdata(L, sizeof *d);
  memset(d, 0, offsetof(struct csv_decoder, csv));
  d->running = true; /* until it is complete */
  pc_csv_init(&d->csv);
  luaL_getmetatable(L, CSV_DECODER);
  lua_setmetatable(L, -2);
  pc_csv_push_kept(L); /* decoder kept */
  read_options(L, index, &d->csv);
  pc_setuv(L, -2);
  d->running = false;
}

/* --- Lua functions --- */

/***
Make a decoder for CSV text (RFC 4180) that arrives in pieces. Lines end in
CRLF, LF or CR; a byte order mark is skipped, and so are empty lines in front of
the names and, where there are several columns, behind them. Everything else must
be right; a line with the names again is an error, as in files that were joined.
@function csv
@tparam[opt] table options
@tparam[opt=","] string options.separator one character; `"\t"` for TSV
@tparam[opt=false] boolean options.arrays rows are arrays in the order of the
  columns, whose names may be missing or the same; otherwise tables with the names
  of the first line as keys
@tparam[opt=true] boolean options.headings the first line has the names;
  otherwise it is a row, and `arrays` must be true
@tparam[opt] table options.numbers names (letter case and blanks aside) of the columns
  that become numbers, as JSON has them; without headings their indices. An
  empty field is absent, in an array `core.null`.
@tparam[opt] table options.dates the same for dates, which become seconds since
  the epoch in UTC; day one of year one is none
@tparam[opt=false] boolean options.nulls keep empty numbers and dates as
  `core.null`
@tparam[opt=1048576] integer options.max_field bytes, quotes included
@tparam[opt=16777216] integer options.max_line bytes of all fields of a row
@tparam[opt=1024] integer options.max_columns at most 4000
@treturn CsvDecoder a decoder, which holds at most the rows of the last piece,
  one incomplete row and one incomplete field
@raise on an unknown option or a wrong type
*/
static int core_csv(lua_State *L) {
  pc_csv_decoder_push(L, 1);
  return 1;
}

/***
CSV text, in pieces of any size, to Lua rows.
@type CsvDecoder
*/

/***
Decode more bytes.
@function CsvDecoder:feed
@tparam string bytes a piece of any size
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] string message what is wrong; every later call says the same
@treturn[2] integer line where, from 1; line breaks in quotes count
@treturn[2] integer byte where in that line, from 1
@treturn[2] string|integer column its name, or its number
*/
static int csv_feed(lua_State *L) {
  size_t len;
  const char *bytes;
  enum pc_err err;
  (void)check_csv(L, 1);
  bytes = luaL_checklstring(L, 2, &len);
  err = pc_csv_decoder_feed(L, 1, bytes, len);
  if (err != PC_OK) return push_failure(L, 1, err);
  lua_pushboolean(L, 1);
  return 1;
}

/***
Take the next row. Rows that stand before an error come before it.
@function CsvDecoder:next
@treturn[1] boolean true
@treturn[1] table row
@treturn[2] boolean false when more bytes must be fed first
@treturn[3] nil when there are no more rows
@treturn[4] nil
@treturn[4] string message, line, byte and column as from `feed`
*/
static int csv_next(lua_State *L) {
  return pc_csv_decoder_next(L, 1);
}

/***
Take all rows that are there.
@function CsvDecoder:rows
@treturn table an array, which may be empty
*/
static int csv_rows(lua_State *L) {
  struct csv_decoder *d = check_csv(L, 1);
  uint32_t i, n = d->running ? 0 : d->csv.row_count - d->row;
  pc_getuv(L, 1);
  lua_rawgeti(L, -1, PC_CSV_KEPT_ROWS); /* kept rows */
  if (d->row == 0 && pc_rawlen(L, -1) == n && !d->running) {
    lua_newtable(L);
    lua_rawseti(L, -3, PC_CSV_KEPT_ROWS);
  } else {
    lua_createtable(L, n < INT_MAX ? (int)n : 0, 0); /* kept rows taken */
    for (i = 1; i <= n; i++) {
      lua_rawgeti(L, -2, (int)(d->row + i));
      lua_rawseti(L, -2, (int)i);
      lua_pushnil(L);
      lua_rawseti(L, -3, (int)(d->row + i));
    }
  }
  if (!d->running) d->row = d->csv.row_count = 0;
  return 1;
}

/***
Say that the text is complete.
@function CsvDecoder:finish
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] string message, line, byte and column as from `feed`
*/
static int csv_finish(lua_State *L) {
  (void)check_csv(L, 1);
  return pc_csv_decoder_finish(L, 1);
}

/***
The names of the columns.
@function CsvDecoder:headings
@treturn[1] table an array of strings
@treturn[2] nil when the first line has not been read, or has no names
*/
static int csv_headings(lua_State *L) {
  const struct csv_decoder *d = check_csv(L, 1);
  int i, n = (int)d->csv.count;
  if (!d->csv.named || !d->csv.headings) return 0;
  pc_getuv(L, 1);
  lua_rawgeti(L, -1, PC_CSV_KEPT_NAMES);
  lua_createtable(L, n, 0);
  for (i = 1; i <= n; i++) {
    lua_rawgeti(L, -2, i);
    lua_rawseti(L, -2, i);
  }
  return 1;
}

/***
Let go of everything. Every later call except this one raises an error.
@function CsvDecoder:close
*/
static int csv_close(lua_State *L) {
  struct csv_decoder *d = luaL_checkudata(L, 1, CSV_DECODER);
  d->closed = true;
  /* 5.1 wants a table for a user value, any table: this one is at hand. */
  lua_getmetatable(L, 1);
  pc_setuv(L, 1);
  return 0;
}

static int csv__tostring(lua_State *L) {
  const struct csv_decoder *d = luaL_checkudata(L, 1, CSV_DECODER);
  lua_pushfstring(L, d->closed ? "%s (closed)" : "%s: %p", CSV_DECODER,
                  (const void *)d);
  return 1;
}

/***
@section end
*/

/* --- registration --- */

static const luaL_Reg functions[] = {{"csv", core_csv}, {NULL, NULL}};

static const luaL_Reg methods[] = {{"feed", csv_feed},
                                   {"next", csv_next},
                                   {"rows", csv_rows},
                                   {"finish", csv_finish},
                                   {"headings", csv_headings},
                                   {"close", csv_close},
                                   {NULL, NULL}};

static const luaL_Reg metamethods[] = {
    {"__close", csv_close}, {"__tostring", csv__tostring}, {NULL, NULL}};

void pc_csv_register(lua_State *L) {
  luaL_newmetatable(L, CSV_DECODER);
  pc_setfuncs(L, metamethods);
  lua_pushliteral(L, CSV_DECODER);
  lua_setfield(L, -2, "__name");
  lua_newtable(L);
  pc_setfuncs(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  pc_setfuncs(L, functions);
}
