/* A request as Lua code gives it: a table, or a template and what differs.
** SPDX-License-Identifier: MIT */
#include "lua/request.h"

#include <stdint.h>
#include <string.h>
#include "lua/options.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define TEMPLATE_NAME "partnercenter.template"

#define DEFAULT_TIMEOUT         180.0
#define DEFAULT_CONNECT_TIMEOUT 10.0
#define MAX_TIMEOUT             (24.0 * 3600)
#define DEFAULT_MAX_BODY        (256.0 * 1024 * 1024)

#define PIECES 4 /* of a header's line: name, lead, value, end */

static const char *const names[] = {
    "url",      "method",   "headers",         "more_headers",
    "body",     "timeout",  "connect_timeout", "max_body",
    "streamed", "nulls",    "max_depth",       "counts",
    "renames",  "array_mt", "before",          NULL,
};

/* What is pushed, in this order. */
static const struct {
  const char *name;
  int type;
} parts[] = {
    {"url", LUA_TSTRING},         {"method", LUA_TSTRING},
    {"body", LUA_TSTRING},        {"headers", LUA_TTABLE},
    {"more_headers", LUA_TTABLE}, {"counts", LUA_TTABLE},
    {"renames", LUA_TTABLE},      {"array_mt", LUA_TTABLE},
    {"before", LUA_TSTRING},
};

enum {
  URL,
  METHOD,
  BODY,
  HEADERS,
  MORE_HEADERS,
  ROWS, /* those of enum pc_request_rows */
  PARTS = ROWS + PC_REQUEST_ROWS,
  KEPT_ROWS = PARTS, /* behind them: of a template, the table of its ROWS */
  PUSHED
};

static long read_ms(lua_State *L, int index, const char *name,
                    double fallback) {
  double ms =
      pc_options_number(L, index, name, fallback, 0, MAX_TIMEOUT) * 1e3;
  return ms < 1 ? 1 : (long)ms; /* libcurl takes 0 for "no limit" */
}

static size_t read_size(lua_State *L, int index, const char *name,
                        double fallback) {
  double n = pc_options_number(L, index, name, fallback, 0, 1e15);
  return n < (double)SIZE_MAX ? (size_t)n : SIZE_MAX;
}

/* The value on top has to be what the part is: a string, a table, or nil.
** [-0, +0, v] */
static void check_part(lua_State *L, int part) {
  if (lua_isnil(L, -1)) return;
  if (lua_type(L, -1) != parts[part].type)
    luaL_error(L, "request field '%s' is not a %s", parts[part].name,
               lua_typename(L, parts[part].type));
  if (part < BODY && strlen(lua_tostring(L, -1)) != pc_rawlen(L, -1))
    luaL_error(L, "request field '%s' contains a zero byte", parts[part].name);
}

/* An unknown name is an error. As a rule there is none, which counting tells for
** less than comparing names does.  [-0, +0, v] */
static void check_names(lua_State *L, int index) {
  int fields = 0;
  const char *const *name = names;
  if (!lua_istable(L, index)) {
    pc_options_check(L, index, names);
    return;
  }
  for (; *name != NULL; name++) {
    lua_getfield(L, index, *name);
    if (!lua_isnil(L, -1)) fields--;
    lua_pop(L, 1);
  }
  for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) fields++;
  if (fields > 0) pc_options_check(L, index, names);
}

static void read_table(lua_State *L, int index, struct pc_request *r) {
  int i;
  check_names(L, index);
  r->limits.timeout_ms = read_ms(L, index, "timeout", DEFAULT_TIMEOUT);
  r->limits.connect_timeout_ms =
      read_ms(L, index, "connect_timeout", DEFAULT_CONNECT_TIMEOUT);
  r->limits.max_body = read_size(L, index, "max_body", DEFAULT_MAX_BODY);
  r->limits.streamed = pc_options_boolean(L, index, "streamed");
  r->nulls = pc_options_boolean(L, index, "nulls");
  r->max_depth = (int)pc_options_number(L, index, "max_depth", 0, 0, 1000);
  r->parts = lua_gettop(L) + 1;
  luaL_checkstack(L, PUSHED + LUA_MINSTACK, NULL);
  for (i = 0; i < PARTS; i++) {
    lua_getfield(L, index, parts[i].name);
    check_part(L, i);
  }
  lua_pushnil(L);
}

/* Where each part stands behind a template; 0: in its user value, under the
** part's number, never 0. */
static const int behind[PARTS] = {
    [URL] = 1,
    [MORE_HEADERS] = 2,
    [BODY] = 3,
    [ROWS + PC_REQUEST_BEFORE] = PC_REQUEST_BEHIND,
};

/* Read the template at `index`, and the values behind it.  [-0, +n, v] */
static void read_template(lua_State *L, int index, struct pc_request *r) {
  int i, uv;
  *r = *(struct pc_request *)luaL_checkudata(L, index, TEMPLATE_NAME);
  luaL_checkstack(L, PUSHED + LUA_MINSTACK, NULL);
  pc_getuv(L, index);
  uv = lua_gettop(L);
  r->parts = uv + 1;
  for (i = 0; i < PARTS; i++) {
    if (behind[i] == 0) {
      lua_rawgeti(L, uv, i);
    } else {
      lua_pushvalue(L, index + behind[i]);
      check_part(L, i);
    }
  }
  lua_rawgeti(L, uv, KEPT_ROWS);
}

void pc_request_read(lua_State *L, int index, struct pc_request *r) {
  if (lua_isuserdata(L, index))
    read_template(L, index, r);
  else
    read_table(L, index, r);
}

/* Is there a byte below 0x20, or 0x7f? A token has thousands of bytes. */
static bool has_control(const char *text, size_t len) {
  size_t at = 0;
#if defined(__SSE2__)
  const __m128i low = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);
  __m128i bad = _mm_setzero_si128();
  for (; len - at >= 16; at += 16) {
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
    bad = _mm_or_si128(bad, _mm_cmpeq_epi8(_mm_min_epu8(x, low), x));
    bad = _mm_or_si128(bad, _mm_cmpeq_epi8(x, del));
  }
  if (_mm_movemask_epi8(bad) != 0) return true;
#endif
  for (; at < len; at++)
    if ((unsigned char)text[at] < 0x20 || text[at] == 0x7f) return true;
  return false;
}

/* Check the header whose name and value are on top. A control character would
** let it write more headers; the error does not show the value, which may be a
** secret.  [-0, +0, v] */
static void check_header(lua_State *L, int i) {
  const char *text;
  size_t len;
  int at;
  for (at = -2; at < 0; at++) {
    if (lua_type(L, at) != LUA_TSTRING)
      luaL_error(L, "header %d is not a name and a value", i);
    text = lua_tolstring(L, at, &len);
    if (has_control(text, len))
      luaL_error(L, "header %d contains a control character", i);
  }
}

/* Push name and value of the i-th header of the list.  [-0, +2, v] */
static void push_header(lua_State *L, int list, int i) {
  lua_rawgeti(L, list, i); /* header */
  if (!lua_istable(L, -1)) luaL_error(L, "header %d is not a table", i);
  lua_rawgeti(L, -1, 1);
  lua_rawgeti(L, -2, 2);
  lua_remove(L, -3); /* name value */
  check_header(L, i);
}

/* Add the header whose name and value are on top.  [-2, +0, -] */
static enum pc_err add_header(lua_State *L, struct pc_transfer *t) {
  size_t name_len, len;
  const char *name = lua_tolstring(L, -2, &name_len);
  const char *value = lua_tolstring(L, -1, &len);
  enum pc_err err = pc_transfer_add_header(t, name, name_len, value, len);
  lua_pop(L, 2);
  return err;
}

bool pc_request_has(lua_State *L, const struct pc_request *r,
                    enum pc_request_rows part) {
  return !lua_isnil(L, r->parts + ROWS + (int)part);
}

void pc_request_push_rows(lua_State *L, const struct pc_request *r) {
  int i, kept = r->parts + KEPT_ROWS;
  if (!lua_isnil(L, kept) && !pc_request_has(L, r, PC_REQUEST_BEFORE)) {
    lua_pushvalue(L, kept);
    return;
  }
  lua_createtable(L, 0, PC_REQUEST_ROWS);
  for (i = ROWS; i < PARTS; i++) {
    lua_pushvalue(L, r->parts + i);
    lua_setfield(L, -2, parts[i].name);
  }
}

/* The length of a list that may be missing.  [-0, +0, -] */
static int length(lua_State *L, int index) {
  return lua_isnil(L, index) ? 0 : (int)pc_rawlen(L, index);
}

/* Add the headers: those of the template, or pairs, and behind them those of the
** flat list.  [-0, +0, v] */
static enum pc_err add_headers(lua_State *L, const struct pc_request *r,
                               struct pc_transfer *t) {
  enum pc_err err = PC_OK;
  int list = r->parts + HEADERS;
  int i, n = 0, count;
  if (lua_isstring(L, list)) {
    size_t len;
    const char *lines = lua_tolstring(L, list, &len);
    err = pc_transfer_add_lines(t, lines, len);
  } else {
    n = length(L, list);
  }
  for (i = 1; i <= n && err == PC_OK; i++) {
    push_header(L, list, i);
    err = add_header(L, t);
  }
  count = n;
  list = r->parts + MORE_HEADERS;
  n = length(L, list);
  for (i = 1; i <= n && err == PC_OK; i += 2) {
    lua_rawgeti(L, list, i);
    lua_rawgeti(L, list, i + 1); /* name value */
    check_header(L, ++count);
    err = add_header(L, t);
  }
  return err;
}

enum pc_err pc_request_fill(lua_State *L, const struct pc_request *r,
                            struct pc_transfer *t) {
  static const enum pc_part to[] = {PC_URL, PC_METHOD, PC_BODY};
  enum pc_err err = PC_OK;
  int i;
  for (i = URL; i <= BODY && err == PC_OK; i++) {
    size_t len;
    const char *bytes = lua_tolstring(L, r->parts + i, &len);
    if (bytes != NULL) err = pc_transfer_set(t, to[i], bytes, len);
  }
  if (err == PC_OK) err = add_headers(L, r, t);
  return err;
}

/* Push the headers of the list as the lines that `pc_transfer_add_lines` takes.
** [-0, +1, v] */
static void push_lines(lua_State *L, int list) {
  int i, n = length(L, list);
  luaL_checkstack(L, n * PIECES + LUA_MINSTACK, "too many headers");
  for (i = 1; i <= n; i++) {
    push_header(L, list, i); /* name value */
    lua_pushstring(L, pc_header_lead(pc_rawlen(L, -1)));
    lua_insert(L, -2); /* name lead value */
    lua_pushlstring(L, "", 1);
  }
  lua_concat(L, n * PIECES);
}

/***
What many requests share, checked and read once: for `Session:send`.
@function template
@tparam table request as for `Session:send`, without `url`, `more_headers`,
`body` and `before`. Its tables are kept, not copied, but for `headers`
@treturn Template
@raise as `Session:send`
*/
static int request_template(lua_State *L) {
  struct pc_request r;
  struct pc_request *kept;
  int i;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  read_table(L, 1, &r);
  push_lines(L, r.parts + HEADERS);
  lua_replace(L, r.parts + HEADERS);
  pc_request_push_rows(L, &r);
  lua_replace(L, r.parts + KEPT_ROWS);
  kept = pc_newuserdata(L, sizeof *kept);
  *kept = r;
  luaL_getmetatable(L, TEMPLATE_NAME);
  lua_setmetatable(L, -2);
  lua_createtable(L, PUSHED, 0);
  for (i = 0; i < PUSHED; i++) {
    lua_pushvalue(L, r.parts + i);
    if (i >= PARTS || behind[i] == 0)
      lua_rawseti(L, -2, i);
    else if (lua_isnil(L, -1))
      lua_pop(L, 1);
    else
      return luaL_error(L, "a template has no '%s'", parts[i].name);
  }
  pc_setuv(L, -2);
  return 1;
}

/* --- registration --- */

static const luaL_Reg functions[] = {
    {"template", request_template},
    {NULL, NULL},
};

void pc_request_register(lua_State *L) {
  pc_setfuncs(L, functions);
  luaL_newmetatable(L, TEMPLATE_NAME);
  lua_pushliteral(L, TEMPLATE_NAME);
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, TEMPLATE_NAME);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}
