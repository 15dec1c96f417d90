/* Strings and member names as Lua strings, those seen before without making
** them anew.
** SPDX-License-Identifier: MIT */
#include "lua/build.h"

#include "json/json.h"
#include "lua/values.h"

/* --- reading --- */

/* What is wrong with the escape or sequence at s that n bytes are too few for:
** a quote or control character ends it. */
static enum pc_err cut_error(const char *s, size_t n) {
  if (*s != '\\') return PC_JSON_UTF8;
  return n < 6 ? PC_JSON_ESCAPE : PC_JSON_SURROGATE;
}

/* The string whose opening quote is at p has no end: it stops at q. But
** something before may be wrong as well, and comes first. */
static const char *fail_open(struct run *r, const char *p, const char *q) {
  size_t used;
  bool cut = q == r->end || *q == '\\';
  enum pc_err err = pc_json_text(p + 1, (size_t)(q - p) - 1, NULL, &used);
  p += 1 + used;
  if (err == PC_TRUNCATED && !cut) err = cut_error(p, (size_t)(q - p));
  if (err == PC_OK && !cut) {
    err = PC_JSON_CONTROL;
    p = q;
  }
  return err == PC_OK || err == PC_TRUNCATED ? NULL : pc_fail(r, err, p);
}

/* Find the closing quote of the string whose opening quote is at p. */
static const char *find_quote(struct run *r, const char *p, unsigned *seen) {
  const char *q = p + 1;
  if (p == r->text && r->scanned > 0) {
    q = p + r->scanned;
    *seen |= PC_JSON_ESCAPES | PC_JSON_WIDE; /* who knows */
  }
  q = pc_json_scan(q, r->end, seen);
  if (q < r->end && *q == '"') {
    if ((size_t)(q - p) > PC_TOKEN_MAX) return pc_fail(r, PC_JSON_TOKEN, p);
    return q;
  }
  r->b->scanned = (size_t)(q - p);
  if (!r->final && (q == r->end || *q == '\\')) return NULL;
  return fail_open(r, p, q);
}

/* Read the string at p. The result is where its bytes are: in the text or in
** the scratch memory. *next is behind the string. With `last` it will not be
** read again, so that its own bytes do for scratch memory where they may.
** [-0, +0, m] */
static const char *read_string(struct run *r, const char *p, size_t *len,
                               const char **next, bool last) {
  unsigned seen = 0;
  size_t used, raw;
  enum pc_err err;
  char *out = NULL;
  const char *q = find_quote(r, p, &seen);
  if (q == NULL) return NULL;
  *next = q + 1;
  *len = raw = (size_t)(q - p) - 1;
  if (seen == 0) return p + 1;
  if ((seen & PC_JSON_ESCAPES) != 0)
    out = last && r->b->own_text ? (char *)p + 1 : pc_get_scratch(r, raw);
  err = pc_json_text(p + 1, raw, out, &used);
  if (err == PC_OK) {
    *len = used;
    return out != NULL ? out : p + 1;
  }
  p += 1 + used;
  if (err == PC_TRUNCATED) err = cut_error(p, (size_t)(q - p));
  return pc_fail(r, err, p);
}

/* Whether the string at p, read with this result, had no escapes, each of which
** makes it shorter: only its bytes are those of an atom. */
static inline bool is_plain(const char *p, size_t len, const char *next) {
  return (size_t)(next - p) == len + 2;
}

/* --- values --- */

/* Push a string of the text, at that place.  [-0, +1, m] */
static void push_atom(struct run *r, struct pc_place *place, const char *s,
                      size_t len) {
  struct pc_memo *memo = &r->b->memo;
  pc_push_atom(r->L, r->strings, memo->atoms, memo->mask, &place->seen, s,
               len);
}

/* Is the member whose name is on top a count of a row?  [-0, +0, -] */
static bool is_count(struct run *r) {
  bool found;
  if (!pc_in_row(r->b)) return false;
  lua_rawgeti(r->L, r->kept, PC_KEPT_COUNTS);
  lua_pushvalue(r->L, -2);
  lua_rawget(r->L, -2);
  found = !lua_isnil(r->L, -1);
  lua_pop(r->L, 2);
  return found;
}

/* Read the string at p, the value of a member that may be a count: then a
** numeral becomes the number. Such places have no hope, so that nothing is
** guessed there.  [-0, +0|1, m] */
static const char *read_count(struct run *r, const char *p) {
  const char *next;
  size_t len;
  struct pc_json_number number;
  bool count =
      r->b->levels[r->b->depth].container == PC_IN_OBJECT && is_count(r);
  const char *s = read_string(r, p, &len, &next, true);
  if (s == NULL) return NULL;
  if (!count || !pc_json_numeral(s, len, &number) ||
      !pc_push_number(r->L, &number))
    lua_pushlstring(r->L, s, len);
  return next;
}

const char *pc_read_text(struct run *r, struct pc_place *place,
                         const char *p) {
  const char *next, *s;
  size_t len;
  if (place->count) return read_count(r, p);
  len = pc_json_short(p + 1, r->end);
  if (len != SIZE_MAX) {
    push_atom(r, place, p + 1, len);
    return p + len + 2;
  }
  s = read_string(r, p, &len, &next, true);
  if (s == NULL) return NULL;
  if (is_plain(p, len, next))
    push_atom(r, place, s, len);
  else
    lua_pushlstring(r->L, s, len);
  return next;
}

/* --- names --- */

/* Keep the name on top for a place.  [-0, +0, m] */
static void keep_name(struct run *r, uint32_t place) {
  lua_pushvalue(r->L, -1);
  lua_rawseti(r->L, r->kept, (int)(PC_KEPT_NAMES + place));
  if (place < PC_STACK_NAMES) {
    lua_pushvalue(r->L, -1);
    lua_replace(r->L, r->names + (int)place);
  }
}

/* Strings at this place of a row may be counts: they are looked at.
** [-0, +0, -] */
static void watch_counts(struct run *r, uint32_t place) {
  struct pc_place *m = &r->b->memo.places[place];
  if (!pc_in_row(r->b) || (m->name != NULL && !is_count(r))) return;
  m->count = true;
  m->seen.hope = 0;
}

/* Push the name of a member and step to its place, a new one if need be. Names
** of a wild object take the way of its values.  [-0, +1, m] */
static void push_name(struct run *r, const char *name, size_t len, bool raw) {
  struct pc_builder *b = r->b;
  struct pc_memo *memo = &b->memo;
  struct pc_level *level = &b->levels[b->depth];
  struct pc_place *object = &memo->places[level->place];
  uint32_t i = object->first;
  if (object->wild) {
    if (raw)
      push_atom(r, object, name, len);
    else
      lua_pushlstring(r->L, name, len);
    if (b->counts) watch_counts(r, i);
  } else if ((i = pc_memo_find(memo, level->place, name, len)) != PC_NOWHERE) {
    pc_push_name(r, i);
  } else {
    lua_pushlstring(r->L, name, len);
    pc_grow_places(r);
    name = lua_tolstring(r->L, -1, NULL);
    i = pc_memo_member(memo, level->place, level->value, name, len);
    if (memo->places[i].name == name) keep_name(r, i);
    if (b->counts) watch_counts(r, i);
  }
  level->value = i;
  level->next = memo->places[i].next;
}

const char *pc_read_lead(struct run *r, const char *p) {
  const char *q = pc_json_space(p, r->end), *name, *next;
  uint32_t i;
  size_t len;
  bool plain;
  if (q == r->end || *q != '"') return NULL;
  name = q + 1;
  len = pc_json_short(name, r->end);
  if (len != SIZE_MAX)
    next = name + len + 1;
  else if ((name = read_string(r, q, &len, &next, false)) == NULL)
    return NULL;
  plain = is_plain(q, len, next);
  next = pc_json_space(next, r->end);
  if (next == r->end || *next != ':') return NULL;
  next = pc_json_space(next + 1, r->end);
  if (next == r->end) return NULL;
  push_name(r, name, len, plain);
  i = r->b->levels[r->b->depth].value;
  if (r->b->memo.places[i].lead_len != next - p)
    pc_memo_lead(&r->b->memo, i, p, (size_t)(next - p));
  return next;
}

const char *pc_read_name(struct run *r, const char *p) {
  const char *next, *name;
  size_t len;
  if (*p != '"') return pc_fail(r, PC_JSON_NAME, p);
  name = read_string(r, p, &len, &next, false);
  if (name == NULL) return NULL;
  push_name(r, name, len, is_plain(p, len, next));
  r->b->expect = PC_EXPECT_COLON;
  return next;
}
