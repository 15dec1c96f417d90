/* decode() and the Decoder object: feeding, taking rows, taking the document.
**
** A Decoder has no __gc: what it needs are Lua values, hanging on its user
** value, so no Lua error and no order of collection can leak any of it.
**
** A run makes tables and strings, so the collector may call finalizers in the
** midst of it. Those may close the Decoder; whatever else they ask of it is
** refused. What one of them raises (before 5.4) ends the run.
** SPDX-License-Identifier: MIT */
#include "lua/decoder.h"

#include <stdint.h>
#include <string.h>

#include "lua/builder.h"
#include "lua/rowmarks.h"
#include "lua/tail.h"

#define DECODER "partnercenter.Decoder"

struct decoder {
  bool running; /* a run is under way */
  bool broken;  /* a Lua error ended one: its rows cannot be trusted */
  bool closed;
  bool taken;          /* finish() has given the document */
  int parked;          /* stack slots in PC_KEPT_PARKED */
  uint32_t row;        /* rows taken from PC_KEPT_ROWS */
  const char *bytes;   /* what the run is given to read, */
  size_t len;          /* and how much */
  size_t fed;          /* bytes before them */
  struct pc_tail tail; /* the cut token; memory PC_KEPT_TAIL */
  struct pc_rowmarks marks;
  struct pc_builder builder;
};

/* --- checks --- */

static struct decoder *check_decoder(lua_State *L, int index) {
  struct decoder *d = luaL_checkudata(L, index, DECODER);
  luaL_argcheck(L, !d->closed, index, "the decoder is closed");
  luaL_argcheck(L, !d->running, index,
                "the decoder is at work: no finalizer can use it now");
  return d;
}

/* --- helpers --- */

/* Push nil, the message and the offset, from 1.  [-0, +3, m] */
static int push_failure(lua_State *L, enum pc_err err, size_t wrong) {
  lua_pushnil(L);
  lua_pushstring(L, pc_err_text(err));
  lua_pushinteger(L, (lua_Integer)wrong + 1);
  return 3;
}

/* Push the table of kept values, what a run needs, and what was parked. The
** result is the stack index of the first.  [-0, +n, m] */
static int unpark(lua_State *L, struct decoder *d, int index) {
  int kept = lua_gettop(L) + 1, parked, i;
  luaL_checkstack(L, PC_RUN_SLOTS + d->parked + LUA_MINSTACK, NULL);
  pc_getuv(L, index);
  pc_builder_enter(L, &d->builder);
  if (d->parked == 0) return kept;
  lua_rawgeti(L, kept, PC_KEPT_PARKED);
  parked = kept + PC_RUN_SLOTS + 1;
  for (i = 1; i <= d->parked; i++) lua_rawgeti(L, parked, i);
  lua_remove(L, parked);
  return kept;
}

/* Move what lies above the kept values to where it survives until the next
** run, and leave the stack as it was before unpark().  [-n, +0, m] */
static void park(lua_State *L, struct decoder *d, int kept) {
  int table = kept + PC_RUN_SLOTS + 1;
  int n = lua_gettop(L) - table + 1, i;
  lua_rawgeti(L, kept, PC_KEPT_PARKED);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_createtable(L, n, 0);
    lua_pushvalue(L, -1);
    lua_rawseti(L, kept, PC_KEPT_PARKED);
  }
  lua_insert(L, table);
  /* Slots of a deeper run must not keep their values alive. */
  for (i = d->parked; i > n; i--) {
    lua_pushnil(L);
    lua_rawseti(L, table, i);
  }
  for (i = n; i > 0; i--) lua_rawseti(L, table, i);
  d->parked = n;
  lua_settop(L, kept - 1);
}

/* --- feeding --- */

/* Keep the bytes behind those in the tail.  [-0, +0, m] */
static void add_tail(lua_State *L, struct decoder *d, int kept,
                     const char *bytes, size_t len) {
  pc_tail_add(L, &d->tail, kept, PC_KEPT_TAIL, bytes, len);
}

static bool is_number_byte(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ||
         c == 'e' || c == 'E';
}

/* Whether the tail is a number and all these bytes belong to it: then there is
** nothing to scan yet, and a long number in small pieces costs no more than
** one in large ones. */
static bool is_more_number(const struct decoder *d, const char *bytes,
                           size_t len) {
  size_t i;
  if (d->tail.len > PC_TOKEN_MAX || !is_number_byte(d->tail.box->bytes[0]))
    return false;
  for (i = 0; i < len && is_number_byte(bytes[i]);) i++;
  return i == len;
}

/* Read the tail: *used says how far.  [-n, +n, m] */
static enum pc_err read_tail(lua_State *L, struct decoder *d, int kept,
                             bool final, size_t *used) {
  enum pc_err err;
  d->builder.own_text = true;
  err = pc_builder_run(L, &d->builder, kept, pc_tail_bytes(&d->tail),
                       d->tail.len, final, used);
  d->builder.own_text = false;
  return err;
}

/* Complete the token in the tail with as few of the bytes as it takes. Returns
** how many of them are done with.  [-n, +n, m] */
static size_t run_tail(lua_State *L, struct decoder *d, int kept,
                       const char *bytes, size_t len) {
  size_t done = 0;
  while (d->tail.len > 0 && done < len) {
    size_t before = d->tail.len, used;
    size_t n = pc_tail_step(&d->tail, len - done);
    if (is_more_number(d, bytes + done, n)) {
      add_tail(L, d, kept, bytes + done, n);
      done += n;
      continue;
    }
    add_tail(L, d, kept, bytes + done, n);
    if (read_tail(L, d, kept, false, &used) != PC_OK) return done;
    if (used >= before) { /* what follows is read where it lies */
      d->tail.len = 0;
      return done + used - before;
    }
    done += n;
    pc_tail_drop(&d->tail, used);
  }
  return done;
}

/* Start the queue of rows anew once all of them were taken. */
static void rewind_rows(struct decoder *d) {
  if (d->row == d->builder.row_count) d->row = d->builder.row_count = 0;
}

/* Give back memory that only few tokens need, and all of it when no run will
** come. The finalizers of the boxes would do that, too, but late, and not where
** memory is too short to call one.  [-0, +0, -] */
static void trim(lua_State *L, struct decoder *d) {
  bool done = d->closed || d->taken || d->builder.err != PC_OK;
  size_t most = done ? 0 : PC_BOX_KEPT;
  pc_builder_trim(L, &d->builder, most);
  if (done) d->tail.len = 0;
  if (d->closed || d->builder.err != PC_OK) pc_rowmarks_trim(L, &d->marks);
  pc_tail_trim(L, &d->tail, most);
}

/* Look at those of the bytes that belong to the rows.  [-0, +0, m] */
static void mark_rows(lua_State *L, struct decoder *d, int kept) {
  const struct pc_builder *b = &d->builder;
  size_t from = b->rows_begin, to = d->fed + d->len;
  if (!d->marks.on || from == 0) return;
  if (from < d->fed) from = d->fed;
  if (b->rows_end != 0 && b->rows_end < to) to = b->rows_end;
  if (from < to)
    pc_rowmarks_add(L, &d->marks, kept, PC_KEPT_DIGEST,
                    d->bytes + (from - d->fed), to - from);
}

/* Run on the bytes that the decoder, the argument, was given.
** [-0, +0, m] */
static int run_bytes(lua_State *L) {
  struct decoder *d = lua_touserdata(L, 1);
  int kept = unpark(L, d, 1);
  size_t done = run_tail(L, d, kept, d->bytes, d->len), used;
  if (d->builder.err == PC_OK && done < d->len &&
      pc_builder_run(L, &d->builder, kept, d->bytes + done, d->len - done,
                     false, &used) == PC_OK)
    add_tail(L, d, kept, d->bytes + done + used, d->len - done - used);
  mark_rows(L, d, kept);
  d->fed += d->len;
  park(L, d, kept);
  return 0;
}

/* Whether the rows that were handed out are still those of the document on
** top: a member of the same name may have come behind them, and the last one
** wins.  [-0, +0, m] */
static bool has_its_rows(lua_State *L, int kept) {
  int document = lua_gettop(L);
  bool found = false;
  lua_rawgeti(L, kept, PC_KEPT_INSTEAD); /* document instead */
  if (lua_istable(L, document) && !lua_rawequal(L, document, -1)) {
    lua_pushnil(L);
    while (!found && lua_next(L, document) != 0) {
      found = lua_rawequal(L, document + 1, -1) != 0;
      lua_pop(L, 1);
    }
  } else {
    found = true;
  }
  lua_settop(L, document);
  return found;
}

/* Run on what the tail of the decoder, the argument, still has: the result is
** the document, if there is no error.  [-0, +0|1, m] */
static int run_end(lua_State *L) {
  struct decoder *d = lua_touserdata(L, 1);
  int kept = unpark(L, d, 1);
  size_t used;
  enum pc_err err = read_tail(L, d, kept, true, &used);
  d->parked = 0;
  d->tail.len = 0;
  lua_pushnil(L);
  lua_rawseti(L, kept, PC_KEPT_PARKED);
  if (err != PC_OK) return 0;
  if (d->builder.has_rows && !has_its_rows(L, kept)) {
    d->builder.err = PC_JSON_ROWS;
    d->builder.wrong = d->builder.offset;
  }
  return 1;
}

/* Call one of these with the Decoder at `index`: what it raises is raised
** again, and then the Decoder is broken.  [-0, +n, v] */
static void run(lua_State *L, struct decoder *d, int index, lua_CFunction f,
                int results) {
  int status;
  index = pc_absindex(L, index);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  lua_pushcfunction(L, f);
  lua_pushvalue(L, index);
  d->running = true;
  status = lua_pcall(L, 1, results, 0);
  d->running = false;
  if (status != 0) {
    d->broken = true;
    d->builder.err = status == LUA_ERRMEM ? PC_NOMEM : PC_JSON_BROKEN;
  }
  trim(L, d);
  if (status != 0) lua_error(L);
  luaL_argcheck(L, !d->closed, index,
                "the decoder was closed while it worked");
}

enum pc_err pc_decoder_feed(lua_State *L, int index, const char *bytes,
                            size_t len) {
  struct decoder *d = check_decoder(L, index);
  if (d->builder.err != PC_OK) return d->builder.err;
  if (d->taken) return PC_JSON_TAKEN;
  rewind_rows(d);
  d->bytes = bytes;
  d->len = len;
  run(L, d, index, run_bytes, 0);
  return d->builder.err;
}

/* Whether there is a row to take. */
static bool has_row(const struct decoder *d) {
  return !d->broken && d->row < d->builder.row_count;
}

/* Push the next row of the table of rows on top, which lets go of it.
** [-0, +1, -] */
static void take_row(lua_State *L, struct decoder *d) {
  lua_rawgeti(L, -1, (int)++d->row);
  lua_pushnil(L);
  lua_rawseti(L, -3, (int)d->row);
}

/* Say that there is no row now: false, or nil, or an error.
** [-0, +1|3, m] */
static int push_no_row(lua_State *L, const struct decoder *d) {
  enum pc_err err = d->builder.err;
  if (err != PC_OK) return push_failure(L, err, d->builder.wrong);
  if (d->builder.rows && !d->builder.rows_ended)
    lua_pushboolean(L, 0);
  else
    lua_pushnil(L);
  return 1;
}

int pc_decoder_next(lua_State *L, int index) {
  struct decoder *d = check_decoder(L, index);
  if (!has_row(d)) return push_no_row(L, d);
  lua_pushboolean(L, 1);
  pc_getuv(L, index);
  lua_rawgeti(L, -1, PC_KEPT_ROWS);
  take_row(L, d); /* true kept rows row */
  lua_replace(L, -3);
  lua_pop(L, 1); /* true row */
  return 2;
}

int pc_decoder_marks(lua_State *L, int index) {
  struct decoder *d = check_decoder(L, index);
  lua_pushboolean(L, d->builder.scalars);
  lua_pushboolean(L, d->marks.on && d->marks.same);
  return 2;
}

void pc_decoder_digest(lua_State *L, int index) {
  struct decoder *d = check_decoder(L, index);
  if (d->marks.on)
    pc_rowmarks_push(L, &d->marks);
  else
    lua_pushnil(L);
}

int pc_decoder_rows(lua_State *L, int index, uint32_t most) {
  struct decoder *d = check_decoder(L, index);
  uint32_t n, i;
  index = pc_absindex(L, index);
  if (!has_row(d)) return push_no_row(L, d);
  n = d->builder.row_count - d->row;
  if (n > most) n = most;
  lua_pushboolean(L, 1);
  lua_createtable(L, (int)n, 0); /* whose finalizers may take rows */
  pc_getuv(L, index);
  lua_rawgeti(L, -1, PC_KEPT_ROWS); /* true array kept rows */
  for (i = 1; i <= n && has_row(d); i++) {
    take_row(L, d);
    lua_rawseti(L, -4, (int)i);
  }
  lua_pop(L, 2);
  if (i > 1) return 2;
  lua_pop(L, 2);
  return push_no_row(L, d);
}

int pc_decoder_finish(lua_State *L, int index) {
  struct decoder *d = check_decoder(L, index);
  enum pc_err err = d->builder.err;
  if (err == PC_OK && d->taken)
    return push_failure(L, PC_JSON_TAKEN, d->builder.offset);
  if (err != PC_OK) return push_failure(L, err, d->builder.wrong);
  lua_pushboolean(L, 1);
  run(L, d, index, run_end, 1);
  err = d->builder.err;
  if (err != PC_OK) return push_failure(L, err, d->builder.wrong);
  d->taken = true;
  trim(L, d);
  return 2; /* true document */
}

/* Begin to look at rows, where that is asked for.  [-0, +0, -] */
static void start_marks(lua_State *L, struct decoder *d, int kept,
                        const struct pc_decoder_options *options) {
  size_t len;
  const char *before;
  d->marks.on = false;
  if (!options->before) return;
  lua_rawgeti(L, kept, PC_KEPT_BEFORE);
  before = lua_tolstring(L, -1, &len);
  pc_rowmarks_start(&d->marks, before, len);
  lua_pop(L, 1);
}

/* Does the decoder at `index` mend the same in rows?  [-0, +0, m] */
static bool mends_same(lua_State *L, int index,
                       const struct pc_decoder_options *options) {
  bool same;
  pc_getuv(L, index);
  same = pc_decoder_options_mend_same(L, lua_gettop(L), options);
  lua_pop(L, 1);
  return same;
}

void pc_decoder_push(lua_State *L, const struct pc_decoder_options *options) {
  struct decoder *d = pc_newuserdata(L, sizeof *d);
  memset(d, 0, offsetof(struct decoder, builder));
  d->running = true; /* until it is complete */
  pc_builder_init(&d->builder);
  luaL_getmetatable(L, DECODER);
  lua_setmetatable(L, -2);
  pc_builder_push_kept(L); /* decoder kept */
  pc_decoder_options_apply(L, &d->builder, lua_gettop(L), options);
  start_marks(L, d, lua_gettop(L), options);
  pc_setuv(L, -2);
  d->running = false;
}

bool pc_decoder_reuse(lua_State *L, int index,
                      const struct pc_decoder_options *options) {
  struct decoder *d = lua_touserdata(L, index);
  struct pc_builder *b = &d->builder;
  if (d->running || d->closed || !d->taken || b->err != PC_OK) return false;
  if (b->rows || b->array_mt || options->rows || options->array_mt)
    return false;
  if (d->marks.on || options->before || !mends_same(L, index, options))
    return false;
  pc_builder_restart(b);
  b->nulls = options->nulls;
  b->max_depth =
      options->max_depth > 0 ? options->max_depth : PC_DEPTH_DEFAULT;
  d->taken = false;
  d->parked = 0;
  d->row = 0;
  d->fed = 0;
  d->tail.len = 0;
  return true;
}

/* --- Lua functions --- */

/***
Decode a JSON text.
@function decode
@tparam string text the whole text
@tparam[opt] table options as for `decoder`, without `rows`
@treturn[1] any the value; `null` as a whole is `core.null`
@treturn[2] nil
@treturn[2] string message what is wrong, one of a fixed list
@treturn[2] integer offset where, in bytes from 1
*/
static int core_decode(lua_State *L) {
  struct pc_decoder_options options;
  struct pc_builder *b;
  enum pc_err err;
  size_t len, used;
  const char *text = luaL_checklstring(L, 1, &len);
  pc_decoder_options(L, 2, &options);
  luaL_argcheck(L, !options.rows, 2, "only a decoder has the option 'rows'");
  lua_settop(L, 2);
  b = lua_newuserdata(L, sizeof *b);
  pc_builder_init(b);
  pc_builder_push_kept(L); /* text options builder kept */
  pc_decoder_options_apply(L, b, 4, &options);
  pc_builder_enter(L, b);
  err = pc_builder_run(L, b, 4, text, len, true, &used);
  pc_builder_trim(L, b, 0);
  return err == PC_OK ? 1 : push_failure(L, err, b->wrong);
}

/***
Make a decoder for text that arrives in pieces.
@function decoder
@tparam[opt] table options
@tparam[opt=false] boolean options.rows hand out the elements of the row array
  one by one: of the text's own array, or of the member `items` or `value` (in
  any letter case) of its object
@tparam[opt=false] boolean options.nulls keep null members as `core.null`;
  otherwise they are absent
@tparam[opt=128] integer options.max_depth levels of nesting, 1 to 1000
@tparam[opt] table options.counts a set of names: members of rows that are numbers
  even if they come as decimal numerals in strings
@tparam[opt] table options.renames names of members of rows, and what they become
  unless a row has a member of that name, too
@tparam[opt] string options.before what `digest` gave for the page before, "" for the
  first: rows get a digest
@tparam[opt] table options.array_mt metatable for every array, for example
  `cjson.array_mt`, by which an empty one is encoded as an array again
@treturn Decoder a decoder, which holds at most the rows of the last piece,
  one incomplete row and one incomplete token
@raise on an unknown option or a wrong type
*/
static int core_decoder(lua_State *L) {
  struct pc_decoder_options options;
  pc_decoder_options(L, 1, &options);
  pc_decoder_push(L, &options);
  return 1;
}

/***
JSON text, in pieces of any size, to Lua values.
@type Decoder
*/

/***
Decode more bytes.
@function Decoder:feed
@tparam string bytes a piece of any size
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] string message what is wrong; every later call says the same
@treturn[2] integer offset where in the whole text, in bytes from 1
*/
static int decoder_feed(lua_State *L) {
  size_t len;
  const char *bytes;
  struct decoder *d = check_decoder(L, 1);
  enum pc_err err;
  bytes = luaL_checklstring(L, 2, &len);
  err = pc_decoder_feed(L, 1, bytes, len);
  if (err != PC_OK)
    return push_failure(
        L, err, err == PC_JSON_TAKEN ? d->builder.offset : d->builder.wrong);
  lua_pushboolean(L, 1);
  return 1;
}

/***
Take the next row. Rows that stand before an error come before it.
@function Decoder:next
@treturn[1] boolean true
@treturn[1] any row
@treturn[2] boolean false when more bytes must be fed first
@treturn[3] nil when there are no more rows
@treturn[4] nil
@treturn[4] string message what is wrong
@treturn[4] integer offset where, in bytes from 1
*/
static int decoder_next(lua_State *L) {
  return pc_decoder_next(L, 1);
}

/***
What is known of the rows so far, beside themselves.
@function Decoder:marks
@treturn boolean whether one of them is no table
@treturn boolean whether all of them may be the first rows of the page before
*/
static int decoder_marks(lua_State *L) {
  return pc_decoder_marks(L, 1);
}

/***
The digest of the bytes of all rows: two pages with the same one are the same.
@function Decoder:digest
@treturn[1] string
@treturn[2] nil none was asked for by `before`
*/
static int decoder_digest(lua_State *L) {
  pc_decoder_digest(L, 1);
  return 1;
}

/***
Say that the text is complete and take the document, once. With `rows` its
row array is empty.
@function Decoder:finish
@treturn[1] any document
@treturn[2] nil
@treturn[2] string message what is wrong
@treturn[2] integer offset where, in bytes from 1
*/
static int decoder_finish(lua_State *L) {
  int n = pc_decoder_finish(L, 1);
  return n == 2 ? 1 : n;
}

/***
Let go of everything. Every later call except this one raises an error.
@function Decoder:close
*/
static int decoder_close(lua_State *L) {
  struct decoder *d = luaL_checkudata(L, 1, DECODER);
  if (d->closed) return 0;
  d->closed = true;
  if (!d->running) trim(L, d);
  /* 5.1 wants a table for a user value, any table: this one is at hand. */
  lua_getmetatable(L, 1);
  pc_setuv(L, 1);
  return 0;
}

static int decoder__tostring(lua_State *L) {
  const struct decoder *d = luaL_checkudata(L, 1, DECODER);
  lua_pushfstring(L, d->closed ? "%s (closed)" : "%s: %p", DECODER,
                  (const void *)d);
  return 1;
}

/***
@section end
*/

/* --- registration --- */

static const luaL_Reg functions[] = {
    {"decode", core_decode}, {"decoder", core_decoder}, {NULL, NULL}};

static const luaL_Reg methods[] = {{"feed", decoder_feed},
                                   {"next", decoder_next},
                                   {"marks", decoder_marks},
                                   {"digest", decoder_digest},
                                   {"finish", decoder_finish},
                                   {"close", decoder_close},
                                   {NULL, NULL}};

static const luaL_Reg metamethods[] = {{"__close", decoder_close},
                                       {"__tostring", decoder__tostring},
                                       {NULL, NULL}};

void pc_decoder_register(lua_State *L) {
  luaL_newmetatable(L, DECODER);
  pc_setfuncs(L, metamethods);
  lua_pushliteral(L, DECODER);
  lua_setfield(L, -2, "__name");
  lua_newtable(L);
  pc_setfuncs(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  pc_setfuncs(L, functions);
  pc_box_register(L);
}
