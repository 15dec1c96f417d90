/* Transfer: starts a request, decodes its answer while it arrives.
**
** The userdata is a view of a transfer of the net. Its user value holds the
** session, which must outlive it, and the decoder of its body.
**
** Whatever allocates in Lua may run a finalizer, and that may close what is
** used here. So a method that holds on to something of the view pins it:
** closing then cancels, and gives back only when the last pin is out, or, when
** an error has jumped over that, when the view is collected.
** SPDX-License-Identifier: MIT */
#include "lua/transfer.h"

#include <stdbool.h>
#include <string.h>
#include "base/buffer.h"
#include "lua/decoder.h"
#include "lua/failure.h"
#include "lua/request.h"
#include "lua/self.h"
#include "net/net.h"

#define TRANSFER_NAME "partnercenter.transfer"

/* What `body` keeps: the text of an error, not a download. */
#define MAX_RAW_BODY (64 * 1024)

/* UV_ROWS is a table of what rows are mended by. */
enum { UV_SESSION = 1, UV_ROWS, UV_DECODER, UV_DOCUMENT, UV_DIGEST };

/* In the session's table of views, whose ids begin at 1. */
#define PC_SPARE_DECODER 0

struct view {
  struct pc_transfer *transfer; /* owned; NULL once closed */
  struct pc_decoder_options options;
  struct pc_buffer raw;   /* what `body` has read so far */
  size_t slice;           /* bytes decoded per call at most */
  enum pc_err decode_err; /* why reading stopped; PC_OK: it did not */
  int pins;               /* methods that are in the midst of using it */
  bool reading;           /* in the midst of it, or an error has ended it */
  bool finished;          /* the document is in the user value */
  bool scalars;           /* a row of it is no table */
  bool closed;            /* as far as Lua code goes */
};

static struct view *check_view(lua_State *L) {
  struct view *v = pc_check_self(L, TRANSFER_NAME);
  luaL_argcheck(L, v->transfer != NULL && !v->closed, 1, "transfer is closed");
  return v;
}

/* Give back what the view at index 1 has.  [-0, +0, -] */
static void give_back(lua_State *L, struct view *v) {
  struct pc_transfer *t = v->transfer;
  v->transfer = NULL;
  if (t != NULL) pc_transfer_release(t);
  pc_buffer_free(&v->raw);
  /* The collector keeps what a finalizer may still look at for one more of its
  ** cycles: a whole page of rows must not wait for that. 5.1 wants a table for
  ** a user value, any table: this one is at hand. */
  lua_getmetatable(L, 1);
  pc_setuv(L, 1);
}

static struct view *pin(lua_State *L) {
  struct view *v = check_view(L);
  v->pins++;
  return v;
}

/* Returns n, the number of results on top.  [-0, +0, -] */
static int unpin(lua_State *L, struct view *v, int n) {
  if (--v->pins == 0 && v->closed) give_back(L, v);
  return n;
}

/* --- sending --- */

/* Push a view that owns nothing yet.  [-0, +1, m] */
static struct view *push_view(lua_State *L, int session) {
  struct view *v = pc_newuserdata(L, sizeof *v);
  memset(v, 0, sizeof *v);
  pc_buffer_init(&v->raw, MAX_RAW_BODY);
  luaL_getmetatable(L, TRANSFER_NAME);
  lua_setmetatable(L, -2);
  lua_createtable(L, UV_DIGEST, 0); /* view uservalue */
  lua_pushvalue(L, session);
  lua_rawseti(L, -2, UV_SESSION);
  pc_setuv(L, -2);
  return v;
}

/* Keep what the request at r says of rows.  [-0, +0, m] */
static void keep_rows(lua_State *L, int view, const struct pc_request *r,
                      struct pc_decoder_options *options) {
  options->counts = pc_request_has(L, r, PC_REQUEST_COUNTS);
  options->renames = pc_request_has(L, r, PC_REQUEST_RENAMES);
  options->array_mt = pc_request_has(L, r, PC_REQUEST_ARRAY_MT);
  options->before = pc_request_has(L, r, PC_REQUEST_BEFORE);
  if (!options->counts && !options->renames && !options->array_mt &&
      !options->before)
    return;
  pc_getuv(L, view);
  pc_request_push_rows(L, r);
  lua_rawseti(L, -2, UV_ROWS);
  lua_pop(L, 1);
}

int pc_transfer_push(lua_State *L, int session, int request,
                     struct pc_net *const *net, int id, size_t slice) {
  struct pc_request r;
  struct view *v = push_view(L, session);
  int index = lua_gettop(L);
  enum pc_err err;
  pc_request_read(L, request, &r); /* view parts... */
  v->slice = slice;
  v->options.nulls = r.nulls;
  v->options.max_depth = r.max_depth;
  keep_rows(L, index, &r, &v->options);
  /* No Lua code runs from here on, so that the net stays. */
  luaL_argcheck(L, *net != NULL, session, "session is closed");
  err = pc_transfer_new(&v->transfer, *net, id);
  if (err == PC_OK) err = pc_request_fill(L, &r, v->transfer);
  if (err == PC_OK) err = pc_transfer_send(v->transfer, &r.limits);
  lua_settop(L, index);
  if (err == PC_OK) return 1;
  if (v->transfer != NULL) pc_transfer_release(v->transfer);
  v->transfer = NULL;
  return pc_push_error(L, err);
}

/* --- reading --- */

/* The session keeps the last decoder that is done, weakly: it knows the shape
** of the answers, so that a small one costs no new decoder: 206,000 instructions
** a call in place of 233,000. Push the table that it is kept in.  [-0, +1, -] */
static void push_spares(lua_State *L) {
  pc_getuv(L, 1);
  lua_rawgeti(L, -1, UV_SESSION);
  pc_getuv(L, -1); /* uservalue session views */
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* Take the spare decoder out, if it can be used.  [-0, +0|1, m] */
static bool push_spare_decoder(lua_State *L, const struct view *v) {
  push_spares(L);
  lua_rawgeti(L, -1, PC_SPARE_DECODER); /* views decoder|nil */
  if (lua_isnil(L, -1) || !pc_decoder_reuse(L, -1, &v->options)) {
    lua_pop(L, 2);
    return false;
  }
  lua_pushnil(L);
  lua_rawseti(L, -3, PC_SPARE_DECODER);
  lua_remove(L, -2);
  return true;
}

/* Put a decoder that is done where the next transfer finds it.
** [-0, +0, m] */
static void spare_decoder(lua_State *L, int decoder) {
  pc_getuv(L, 1);
  lua_pushnil(L);
  lua_rawseti(L, -2, UV_DECODER);
  lua_pop(L, 1);
  push_spares(L);
  lua_pushvalue(L, decoder);
  lua_rawseti(L, -2, PC_SPARE_DECODER);
  lua_pop(L, 1);
}

/* Push the decoder of the body, made when it is first asked for: whether its
** rows are wanted one by one is known only then.  [-0, +1, m] */
static int push_decoder(lua_State *L, struct view *v, bool rows) {
  pc_getuv(L, 1);
  lua_rawgeti(L, -1, UV_DECODER); /* uservalue decoder|nil */
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_rawgeti(L, -1, UV_ROWS);
    v->options.rows = rows;
    v->options.table = lua_gettop(L);
    if (!push_spare_decoder(L, v)) pc_decoder_push(L, &v->options);
    lua_remove(L, -2);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, UV_DECODER);
  }
  lua_remove(L, -2);
  return lua_gettop(L);
}

/* Give the oldest piece to the decoder. The piece is dropped only when nothing
** was raised, so that no bytes are lost in between.  [-0, +0, m] */
static void feed_piece(lua_State *L, struct view *v, int decoder,
                       const char *bytes, size_t len) {
  v->decode_err = pc_decoder_feed(L, decoder, bytes, len);
  pc_transfer_drop_piece(v->transfer);
  if (v->decode_err != PC_OK) pc_transfer_cancel(v->transfer);
}

/* The text has ended: keep the document, or push the error.  [-0, +0|3, m] */
static int finish_document(lua_State *L, struct view *v, int decoder) {
  int n = pc_decoder_finish(L, decoder);
  if (n != 2) {
    if (v->decode_err == PC_OK)
      v->decode_err =
          strcmp(lua_tostring(L, -2), pc_err_text(PC_TRUNCATED)) == 0
              ? PC_TRUNCATED
              : PC_PROTOCOL;
    return n;
  }
  pc_getuv(L, 1); /* true document uservalue */
  lua_insert(L, -2);
  lua_rawseti(L, -2, UV_DOCUMENT);
  if (v->options.before) {
    pc_decoder_digest(L, decoder);
    lua_rawseti(L, -2, UV_DIGEST);
  }
  (void)pc_decoder_marks(L, decoder); /* true uservalue scalars same */
  v->scalars = lua_toboolean(L, -2) != 0;
  lua_pop(L, 4);
  v->finished = true;
  if (!v->options.rows) spare_decoder(L, decoder);
  return 0;
}

static int push_not_yet(lua_State *L, bool more) {
  lua_pushboolean(L, 0);
  lua_pushboolean(L, more);
  return 2;
}

/* Feed what has arrived, up to a slice, until the body has ended and the
** document is kept. Returns 0 then; else what it pushed.  [-0, +0|2|3, m] */
static int decode_rest(lua_State *L, struct view *v, int decoder) {
  size_t len, left = v->slice;
  const char *bytes;
  if (v->decode_err != PC_OK) return pc_decoder_finish(L, decoder);
  while ((bytes = pc_transfer_piece(v->transfer, &len)) != NULL) {
    if (left == 0) return push_not_yet(L, true);
    feed_piece(L, v, decoder, bytes, len);
    if (v->decode_err != PC_OK) return pc_decoder_finish(L, decoder);
    left = len < left ? left - len : 0;
  }
  if (!pc_transfer_ended(v->transfer)) return push_not_yet(L, false);
  if (pc_transfer_error(v->transfer) != PC_OK)
    return pc_push_error(L, pc_transfer_error(v->transfer));
  return finish_document(L, v, decoder);
}

/* Read the body in one way or another, with v pinned. Nothing but a finalizer
** that the reading runs can come here meanwhile: its bytes would be missing to
** the one that reads.  [-0, +n, m] */
static int read_body(lua_State *L, int (*read)(lua_State *, struct view *)) {
  struct view *v = check_view(L);
  int n;
  if (v->reading) return pc_push_error(L, PC_INTERRUPTED);
  v->reading = true;
  v->pins++;
  n = read(L, v);
  v->reading = false;
  return unpin(L, v, n);
}

/***
Transfer methods
@type Transfer
*/

static int read_value(lua_State *L, struct view *v) {
  if (!v->finished) {
    int decoder = push_decoder(L, v, false);
    int n = decode_rest(L, v, decoder);
    if (n > 0) return n;
  }
  lua_pushboolean(L, 1);
  pc_getuv(L, 1);
  lua_rawgeti(L, -1, UV_DOCUMENT);
  lua_insert(L, -2); /* true document uservalue */
  if (!v->options.before && !v->scalars) {
    lua_pop(L, 1);
    return 2;
  }
  lua_pushboolean(L, v->scalars);
  lua_rawgeti(L, -2, UV_DIGEST);
  lua_remove(L, -3);
  return 4;
}

/***
The decoded body. Decodes at most a slice per call.
@function Transfer:value
@treturn[1] boolean true
@treturn[1] value the document, without the rows that `next` has given
@treturn[1] boolean|nil true: one of its rows is no table
@treturn[1] string|nil the digest of its rows, where the request has `before`
@treturn[2] boolean false: not yet
@treturn[2] boolean whether bytes are waiting to be decoded, so that calling
again at once makes sense; else wait for the session
@treturn[3] nil
@treturn[3] string message
@treturn[3] number|string byte offset, 1-based, or the kind of failure
*/
static int transfer_value(lua_State *L) {
  return read_body(L, read_value);
}

/* Read on until there is a row to take, or, where `most` is not 0, up to so
** many as one array.  [-0, +n, m] */
static int read_on(lua_State *L, struct view *v, uint32_t most) {
  size_t len, left = v->slice;
  const char *bytes;
  int decoder, n;
  if (v->finished) return 0;
  decoder = push_decoder(L, v, true);
  for (;;) {
    n = most == 0 ? pc_decoder_next(L, decoder)
                  : pc_decoder_rows(L, decoder, most);
    if (n == 2) {
      pc_transfer_uncount(v->transfer);
      return most == 0 ? n : n + pc_decoder_marks(L, decoder);
    }
    if (n != 1 || lua_isnil(L, -1)) return n;
    lua_pop(L, 1);
    bytes = pc_transfer_piece(v->transfer, &len);
    if (bytes == NULL) return decode_rest(L, v, decoder);
    if (left == 0) return push_not_yet(L, true);
    feed_piece(L, v, decoder, bytes, len);
    left = len < left ? left - len : 0;
  }
}

static int read_row(lua_State *L, struct view *v) {
  return read_on(L, v, 0);
}

static int read_rows(lua_State *L, struct view *v) {
  return read_on(L, v, (uint32_t)luaL_optinteger(L, 2, INT32_MAX));
}

/***
The next row of the body's row array, as soon as it has arrived.
@function Transfer:next
@treturn[1] boolean true
@treturn[1] value the row
@treturn[2] boolean false: not yet
@treturn[2] boolean whether bytes are waiting to be decoded
@treturn[3] nil no more rows; `value` gives the rest of the document
@treturn[4] nil
@treturn[4] string message
@treturn[4] number|string byte offset, 1-based, or the kind of failure
*/
static int transfer_next(lua_State *L) {
  return read_body(L, read_row);
}

/***
The rows that have arrived, at least one, as one array. A row is either taken
by this or by `next`.
@function Transfer:rows
@tparam[opt] integer most how many rows at most, from 1; without it all that
there are, which are those of one piece of the body
@treturn[1] boolean true
@treturn[1] table the rows
@treturn[1] boolean whether a row so far is no table
@treturn[1] boolean whether all rows so far may be the first of the page before,
whose digest the request has as `before`
@treturn[2] boolean false: not yet
@treturn[2] boolean whether bytes are waiting to be decoded
@treturn[3] nil no more rows; `value` gives the rest of the document
@treturn[4] nil
@treturn[4] string message
@treturn[4] number|string byte offset, 1-based, or the kind of failure
*/
static int transfer_rows(lua_State *L) {
  if (!lua_isnoneornil(L, 2)) {
    lua_Number most = luaL_checknumber(L, 2);
    luaL_argcheck(L, most >= 1 && most <= INT32_MAX, 2, "from 1 on");
  }
  return read_body(L, read_rows);
}

static int read_piece(lua_State *L, struct view *v) {
  size_t len;
  const char *bytes = pc_transfer_piece(v->transfer, &len);
  if (bytes != NULL) {
    lua_pushboolean(L, 1);
    lua_pushlstring(L, bytes, len);
    pc_transfer_drop_piece(v->transfer);
    pc_transfer_uncount(v->transfer);
    return 2;
  }
  if (!pc_transfer_ended(v->transfer)) return push_not_yet(L, false);
  if (pc_transfer_error(v->transfer) != PC_OK)
    return pc_push_error(L, pc_transfer_error(v->transfer));
  return 0;
}

/***
The next bytes of the body as they came, for answers that somebody else
decodes.
@function Transfer:piece
@treturn[1] boolean true
@treturn[1] string bytes, at least one
@treturn[2] boolean false: not yet
@treturn[2] boolean false
@treturn[3] nil the body has ended
@treturn[4] nil
@treturn[4] string message
@treturn[4] string kind
*/
static int transfer_piece(lua_State *L) {
  return read_body(L, read_piece);
}

static int read_raw(lua_State *L, struct view *v) {
  size_t len;
  const char *bytes;
  if (v->decode_err == PC_NOMEM) v->decode_err = PC_OK; /* there may be now */
  while ((bytes = pc_transfer_piece(v->transfer, &len)) != NULL) {
    size_t room = v->raw.max - v->raw.len;
    if (pc_buffer_add(&v->raw, bytes, len < room ? len : room) != PC_OK) {
      v->decode_err = PC_NOMEM;
      return pc_push_error(L, PC_NOMEM);
    }
    pc_transfer_drop_piece(v->transfer);
  }
  if (!pc_transfer_ended(v->transfer)) {
    lua_pushboolean(L, 0);
    return 1;
  }
  if (pc_transfer_error(v->transfer) != PC_OK)
    return pc_push_error(L, pc_transfer_error(v->transfer));
  lua_pushlstring(L, v->raw.len > 0 ? v->raw.bytes : "", v->raw.len);
  return 1;
}

/***
The body as it came, for answers that are not JSON. Keeps the first 64 KiB.
@function Transfer:body
@treturn[1] string
@treturn[2] boolean false: not yet
@treturn[3] nil
@treturn[3] string message
@treturn[3] string kind
*/
static int transfer_body(lua_State *L) {
  return read_body(L, read_raw);
}

/***
Whether the transfer has ended, well or not. Parts of its body may still wait
to be decoded.
@function Transfer:done
@treturn boolean
*/
static int transfer_done(lua_State *L) {
  lua_pushboolean(L, pc_transfer_ended(check_view(L)->transfer));
  return 1;
}

/***
The HTTP status.
@function Transfer:status
@treturn[1] number
@treturn[2] nil not known yet
*/
static int transfer_status(lua_State *L) {
  int status = pc_transfer_status(check_view(L)->transfer);
  if (status == 0) return 0;
  lua_pushinteger(L, status);
  return 1;
}

/***
Headers of the answer.
@function Transfer:header
@tparam string ... their names, in any letter case
@treturn string|nil for each name the first one's value; nil: there is none, or
the headers have not arrived
*/
static int transfer_header(lua_State *L) {
  struct view *v = pin(L);
  int i, n = lua_gettop(L);
  luaL_checkstack(L, n, NULL);
  for (i = 2; i <= n; i++) {
    size_t len = 0;
    const char *value =
        pc_transfer_header(v->transfer, luaL_checkstring(L, i), NULL, &len);
    if (value != NULL)
      lua_pushlstring(L, value, len);
    else
      lua_pushnil(L);
  }
  return unpin(L, v, n - 1);
}

/***
A header that is a list, and may come on several lines (RFC 9110, section 5.3).
@function Transfer:header_list
@tparam string name in any letter case
@treturn string|nil the values of all lines, with ", " between two of them; nil:
there is none, or the headers have not arrived
*/
static int transfer_header_list(lua_State *L) {
  struct view *v = pin(L);
  const char *name = luaL_checkstring(L, 2);
  size_t len = 0;
  const char *value = pc_transfer_header(v->transfer, name, NULL, &len);
  int lines = 0;
  while (value != NULL) {
    if (lines++ > 0) lua_pushliteral(L, ", ");
    lua_pushlstring(L, value, len);
    if (lines > 1) lua_concat(L, 3);
    value = pc_transfer_header(v->transfer, name, value, &len);
  }
  if (lines == 0) lua_pushnil(L);
  return unpin(L, v, 1);
}

/***
Why the transfer or its decoding failed.
@function Transfer:failure
@treturn[1] nil it has not failed
@treturn[2] string kind, e.g. "network"
@treturn[2] string message
@treturn[2] string detail from libcurl, or ""
@treturn[2] boolean whether the body was cut short
*/
static int transfer_failure(lua_State *L) {
  struct view *v = check_view(L);
  enum pc_err err = v->decode_err;
  if (err == PC_OK) err = pc_transfer_error(v->transfer);
  if (err == PC_OK && v->reading) err = PC_INTERRUPTED;
  if (err == PC_OK) return 0;
  v->pins++;
  (void)pc_push_failure(L, err, pc_transfer_detail(v->transfer));
  lua_pushboolean(L, err == PC_TRUNCATED || err == PC_BODY_CUT);
  return unpin(L, v, 4);
}

static void set_number(lua_State *L, const char *name, double value) {
  lua_pushnumber(L, (lua_Number)value);
  lua_setfield(L, -2, name);
}

/***
When things happened, in seconds since the start, and how.
@function Transfer:timings
@treturn[1] table `name_lookup`, `connect`, `tls`, `first_byte`, `total`
(seconds), `bytes` (of the body, as sent), `reused` (the connection was there
already), `http` (version)
@treturn[2] nil not ended by the network
*/
static int transfer_timings(lua_State *L) {
  struct view *v = check_view(L);
  const struct pc_timings *t = pc_transfer_timings(v->transfer);
  if (t == NULL) return 0;
  v->pins++;
  lua_createtable(L, 0, 8);
  set_number(L, "name_lookup", t->name_lookup);
  set_number(L, "connect", t->connect);
  set_number(L, "tls", t->tls);
  set_number(L, "first_byte", t->first_byte);
  set_number(L, "total", t->total);
  set_number(L, "bytes", t->bytes);
  lua_pushboolean(L, t->reused);
  lua_setfield(L, -2, "reused");
  lua_pushstring(L, t->http);
  lua_setfield(L, -2, "http");
  return unpin(L, v, 1);
}

/***
End the transfer now as cancelled, if it has not ended.
@function Transfer:cancel
*/
static int transfer_cancel(lua_State *L) {
  pc_transfer_cancel(check_view(L)->transfer);
  return 0;
}

/***
Cancel, and give everything back. Again is fine; every other method raises an
error from now on.
@function Transfer:close
*/
static int transfer_close(lua_State *L) {
  struct view *v = pc_check_self(L, TRANSFER_NAME);
  v->closed = true;
  if (v->pins == 0)
    give_back(L, v);
  else if (v->transfer != NULL)
    pc_transfer_cancel(v->transfer);
  return 0;
}

/* Nobody uses it any more, whatever the pins say. */
static int transfer__gc(lua_State *L) {
  give_back(L, pc_check_self(L, TRANSFER_NAME));
  return 0;
}

static int transfer__tostring(lua_State *L) {
  struct view *v = pc_check_self(L, TRANSFER_NAME);
  if (v->transfer == NULL || v->closed)
    lua_pushliteral(L, TRANSFER_NAME " (closed)");
  else
    lua_pushfstring(L, TRANSFER_NAME " (%s, status %d)",
                    pc_transfer_ended(v->transfer) ? "ended" : "running",
                    pc_transfer_status(v->transfer));
  return 1;
}

/* --- registration --- */

static const luaL_Reg methods[] = {
    {"value", transfer_value},
    {"next", transfer_next},
    {"rows", transfer_rows},
    {"body", transfer_body},
    {"piece", transfer_piece},
    {"done", transfer_done},
    {"status", transfer_status},
    {"header", transfer_header},
    {"header_list", transfer_header_list},
    {"failure", transfer_failure},
    {"timings", transfer_timings},
    {"cancel", transfer_cancel},
    {"close", transfer_close},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", transfer__gc},
    {"__close", transfer_close},
    {"__tostring", transfer__tostring},
    {NULL, NULL},
};

void pc_transfer_register(lua_State *L) {
  luaL_newmetatable(L, TRANSFER_NAME);
  pc_set_methods(L, -1, metamethods);
  lua_pushliteral(L, TRANSFER_NAME);
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, TRANSFER_NAME);
  lua_setfield(L, -2, "__metatable"); /* __gc is for the collector alone */
  lua_newtable(L);
  pc_set_methods(L, -2, methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
