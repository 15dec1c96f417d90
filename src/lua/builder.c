/* The state machine that turns JSON text into Lua values.
**
** Where the text is as the memo guesses, a member's white space, name and
** colon cost one comparison, and a string that stood there before another.
** SPDX-License-Identifier: MIT */
#include "lua/builder.h"

#include "lua/build.h"
#include "json/json.h"
#include "lua/values.h"

#define MAX_SHORT 9 /* digits that fit any integer */

/* --- scalars --- */

/* Read the string at p if it is atom i; else NULL.  [-0, +0|1, -] */
static inline const char *guess_text(struct run *r, uint32_t i,
                                     const char *p) {
  const struct pc_atom *atom = &r->b->memo.atoms[i];
  size_t len = atom->len;
  if (i == PC_NO_ATOM || (size_t)(r->end - p) <= len + 1 ||
      p[len + 1] != '"' || !pc_same(p + 1, atom->bytes, len))
    return NULL;
  lua_rawgeti(r->L, r->strings, (int)i);
  return p + len + 2;
}

/* Read the number at p if it is an integer of few digits and seen to end; else
** NULL.  [-0, +0|1, -] */
static inline const char *guess_integer(struct run *r, const char *p) {
  const char *q = p;
  unsigned i = 0;
  if (r->end - p <= MAX_SHORT || *p == '0') return NULL;
  while (*q >= '0' && *q <= '9' && q - p < MAX_SHORT)
    i = i * 10 + (unsigned)(*q++ - '0');
  if (q == p || (*q != ',' && *q != '}' && *q != ']')) return NULL;
  pc_push_integer(r->L, i);
  return q;
}

/* Read the number at p.  [-0, +0|1, -] */
static const char *read_number(struct run *r, const char *p) {
  struct pc_json_number number;
  enum pc_err err = pc_json_number(p, r->end, r->final, &number);
  if (err == PC_OK) {
    if (!pc_push_number(r->L, &number)) return pc_fail(r, PC_JSON_RANGE, p);
    return number.next;
  }
  return err == PC_TRUNCATED ? NULL : pc_fail(r, err, number.next);
}

/* Read the word at p: what is there of it must be right.  [-0, +0, -] */
static const char *read_word(struct run *r, const char *p, const char *word) {
  for (; *word != '\0'; word++, p++) {
    if (p == r->end) return NULL;
    if (*p != *word) return pc_fail(r, PC_JSON_VALUE, p);
  }
  return p;
}

/* A value that is no table has been read: is it a row? */
static inline void note_scalar(struct pc_builder *b) {
  if (b->depth == b->rows_depth && b->depth > 0) b->scalars = true;
}

/* Null is the value of the member whose name is on top: there is none, and if
** there was one of that name, the last one wins.  [-1, +0, m] */
static void drop_member(lua_State *L) {
  lua_pushvalue(L, -1);
  lua_rawget(L, -3); /* object name value|nil */
  if (lua_isnil(L, -1)) {
    lua_pop(L, 2);
  } else {
    lua_pop(L, 1);
    lua_pushnil(L);
    lua_rawset(L, -3);
  }
}

/* Read null at p, the value of a member whose name is on top, or another.
** [-0|1, +0|1, m] */
static const char *read_null(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  p = read_word(r, p, "null");
  if (p == NULL) return NULL;
  if (b->nulls || b->levels[b->depth].container != PC_IN_OBJECT) {
    lua_pushlightuserdata(r->L, NULL);
    note_scalar(b);
    pc_store(r);
  } else {
    drop_member(r->L);
    b->expect = PC_EXPECT_COMMA;
  }
  return p;
}

/* --- values --- */

/* Begin an object.  [-0, +1, v] */
static inline void open_object(struct run *r) {
  struct pc_builder *b = r->b;
  struct pc_level *level = pc_enter(b, PC_IN_OBJECT);
  const struct pc_place *place = &b->memo.places[level->place];
  level->value = PC_NOWHERE;
  level->next = place->first;
  b->expect = PC_EXPECT_FIRST_MEMBER;
  lua_createtable(r->L, 0, pc_guess_size(place->members));
}

/* End the object on top.  [-1|2, +0|1, m] */
static inline void close_object(struct run *r) {
  struct pc_builder *b = r->b;
  const struct pc_level *level = &b->levels[b->depth--];
  pc_note_size(level->place, b->memo.places[level->place].members,
               level->count);
  if (b->renames && b->rows_depth > 0 && b->depth == b->rows_depth)
    pc_rename(r);
  pc_store(r);
}

/* Read the value at p; of a container, its first bracket.
** [-0|1, +0|1, v] */
static inline const char *read_value(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  switch (*p) {
  case '"':
    p = pc_read_text(r, &b->memo.places[b->levels[b->depth].value], p);
    break;
  case '{':
    if (b->depth == r->room && !pc_grow_levels(r, p)) return NULL;
    open_object(r);
    return p + 1;
  case '[':
    if (b->depth == r->room && !pc_grow_levels(r, p)) return NULL;
    return pc_open_array(r, p);
  case 't':
    p = read_word(r, p, "true");
    if (p != NULL) lua_pushboolean(r->L, 1);
    break;
  case 'f':
    p = read_word(r, p, "false");
    if (p != NULL) lua_pushboolean(r->L, 0);
    break;
  case 'n': return read_null(r, p);
  default:
    if (*p != '-' && (*p < '0' || *p > '9'))
      return pc_fail(r, PC_JSON_VALUE, p);
    p = read_number(r, p);
  }
  if (p == NULL) return NULL;
  note_scalar(b);
  pc_store(r);
  return p;
}

/* --- as guessed --- */

/* Read the value at p of the member at place m if it is a string or a number.
** NULL: it is not, or is cut, or wrong.  [-0, +0|1, m] */
static inline const char *read_scalar(struct run *r, struct pc_place *m,
                                      const char *p) {
  const char *next;
  if (*p == '"') {
    if (m->seen.hope == 0) return pc_read_text(r, m, p);
    next = guess_text(r, m->seen.texts[0], p);
    if (next == NULL) next = guess_text(r, m->seen.texts[1], p);
    if (next == NULL) return pc_read_text(r, m, p);
    m->seen.hope = PC_PATIENCE;
    return next;
  }
  next = guess_integer(r, p);
  if (next != NULL) return next;
  return *p == '-' || (*p >= '0' && *p <= '9') ? read_number(r, p) : NULL;
}

/* Take members from p on for as long as they have strings or numbers as
** values.  [-0, +0|1, m] */
static const char *guess_members(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  struct pc_level *level = &b->levels[b->depth];
  for (;;) {
    uint32_t i = level->next;
    struct pc_place *m = &b->memo.places[i];
    const char *next;
    bool led = pc_leads(m, p, r->end);
    if (!led) { /* perhaps that member is left out in this row */
      i = m->next;
      m = &b->memo.places[i];
      led = pc_leads(m, p, r->end);
    }
    if (led) {
      pc_push_name(r, i);
      level->value = i;
      level->next = m->next;
      p += m->lead_len;
    } else {
      next = pc_read_lead(r, p);
      if (next == NULL) return p;
      p = next;
      m = &b->memo.places[level->value];
    }
    next = read_scalar(r, m, p);
    if (next == NULL) {
      b->expect = PC_EXPECT_VALUE;
      return p;
    }
    lua_rawset(r->L, -3);
    level->count++;
    p = next;
    if (p == r->end || *p != ',') {
      b->expect = PC_EXPECT_COMMA;
      return p;
    }
    b->expect = PC_EXPECT_MEMBER;
    p++;
  }
}

/* Go on behind a value at p as far as that is commas and ends of containers.
** [-n, +n, m] */
static const char *pass_commas(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  while (p < r->end && b->expect == PC_EXPECT_COMMA) {
    bool object = b->levels[b->depth].container == PC_IN_OBJECT;
    if (*p == ',')
      b->expect = object ? PC_EXPECT_MEMBER : PC_EXPECT_VALUE;
    else if (*p == '}' && object)
      close_object(r);
    else if (*p == ']' && !object)
      pc_close_array(r, p);
    else
      break;
    p++;
  }
  return p;
}

static inline bool expects_name(const struct pc_builder *b) {
  return b->expect == PC_EXPECT_MEMBER || b->expect == PC_EXPECT_FIRST_MEMBER;
}

static inline bool expects_value(const struct pc_builder *b) {
  return b->expect == PC_EXPECT_VALUE || b->expect == PC_EXPECT_FIRST_ELEMENT;
}

/* Go on from p for as long as nothing is cut and there is no white space
** but around names. The result is where that ends: all before it is done with,
** nothing of what follows.  [-n, +n, v] */
static const char *follow(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  for (;;) {
    const char *next;
    if (expects_name(b)) {
      p = guess_members(r, p);
      if (expects_name(b) || b->err != PC_OK) return p;
    } else if (expects_value(b)) {
      if (p == r->end || (unsigned char)*p <= ' ' || *p == ']') return p;
      next = read_value(r, p);
      if (next == NULL) return p;
      p = next;
    } else {
      next = pass_commas(r, p);
      if (next == p) return p;
      p = next;
    }
  }
}

/* --- step by step --- */

/* Skip a byte order mark. */
static const char *read_mark(struct run *r, const char *p) {
  static const char mark[] = "\xEF\xBB\xBF";
  size_t n = (size_t)(r->end - p) < 3 ? (size_t)(r->end - p) : 3;
  if (memcmp(p, mark, n) == 0) {
    if (n < 3) return NULL;
    p += 3;
  }
  r->b->expect = PC_EXPECT_VALUE;
  return p;
}

/* Read a comma or the end of the container at p.  [-0|1|2, +0|1, m] */
static const char *read_comma(struct run *r, const char *p) {
  const char *next = pass_commas(r, p);
  return next == p ? pc_fail(r, PC_JSON_COMMA, p) : next;
}

/* Take one step from p.  [-0|1|2, +0|1, v] */
static const char *step(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  switch (b->expect) {
  case PC_EXPECT_START: return read_mark(r, p);
  case PC_EXPECT_FIRST_ELEMENT:
    if (*p != ']') return read_value(r, p);
    pc_close_array(r, p);
    return p + 1;
  case PC_EXPECT_VALUE: return read_value(r, p);
  case PC_EXPECT_FIRST_MEMBER:
    if (*p != '}') return pc_read_name(r, p);
    close_object(r);
    return p + 1;
  case PC_EXPECT_MEMBER: return pc_read_name(r, p);
  case PC_EXPECT_COLON:
    if (*p != ':') return pc_fail(r, PC_JSON_COLON, p);
    b->expect = PC_EXPECT_VALUE;
    return p + 1;
  case PC_EXPECT_COMMA: return read_comma(r, p);
  case PC_EXPECT_END: break;
  }
  return pc_fail(r, PC_JSON_EXTRA, p);
}

/* Go through the text until its end, or an error. The result is where the
** token begins that the end cuts.  [-n, +n, v] */
static const char *run_text(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  for (;;) {
    const char *next;
    if (expects_name(b)) p = follow(r, p);
    if (b->expect != PC_EXPECT_START) p = pc_json_space(p, r->end);
    if (p == r->end || b->err != PC_OK) return p;
    next = b->expect == PC_EXPECT_VALUE ? follow(r, p) : p;
    /* What is wrong is not read again: its bytes may have changed. */
    if (next == p) next = b->err == PC_OK ? step(r, p) : NULL;
    if (next == NULL) return p;
    p = next;
  }
}

/* --- the interface --- */

void pc_builder_push_kept(lua_State *L) {
  lua_createtable(L, PC_KEPT_NAMES + PC_FIRST_PLACES, 0);
  lua_createtable(L, PC_FIRST_ATOMS, 0);
  lua_rawseti(L, -2, PC_KEPT_STRINGS);
}

void pc_builder_enter(lua_State *L, const struct pc_builder *b) {
  int kept = lua_gettop(L);
  uint32_t i;
  luaL_checkstack(L, PC_RUN_SLOTS + LUA_MINSTACK, NULL);
  lua_rawgeti(L, kept, PC_KEPT_STRINGS);
  for (i = 0; i < b->memo.count && i < PC_STACK_NAMES; i++)
    lua_rawgeti(L, kept, (int)(PC_KEPT_NAMES + i));
  lua_settop(L, kept + PC_RUN_SLOTS);
}

void pc_builder_init(struct pc_builder *b) {
  memset(b, 0, offsetof(struct pc_builder, first_levels));
  b->max_depth = PC_DEPTH_DEFAULT;
  b->levels = b->first_levels;
  b->level_cap = PC_FIRST_LEVELS;
  b->levels[0].container = PC_IN_TEXT;
  b->levels[0].value = PC_ROOT;
  pc_memo_init(&b->memo, b->first_places, PC_FIRST_PLACES, b->first_slots,
               b->first_atoms, PC_FIRST_ATOMS - 1);
}

void pc_builder_set_counts(struct pc_builder *b) {
  struct pc_place *nowhere = &b->memo.places[PC_NOWHERE];
  b->counts = true;
  nowhere->count = true;
  nowhere->seen.hope = 0;
}

void pc_builder_restart(struct pc_builder *b) {
  b->offset = b->scanned = b->wrong = 0;
  b->err = PC_OK;
  b->expect = PC_EXPECT_START;
  b->has_rows = b->rows_ended = b->scalars = false;
  b->rows_depth = 0;
  b->rows_begin = b->rows_end = 0;
  b->row_count = 0;
  b->depth = 0;
  memset(b->levels, 0, sizeof *b->levels);
  b->levels[0].container = PC_IN_TEXT;
  b->levels[0].value = PC_ROOT;
  pc_memo_shrink(&b->memo);
}

void pc_builder_trim(lua_State *L, struct pc_builder *b, size_t most) {
  if (b->scratch != NULL && b->scratch->size > most)
    pc_box_resize(L, b->scratch, 0);
}

enum pc_err pc_builder_run(lua_State *L, struct pc_builder *b, int kept,
                           const char *text, size_t len, bool final,
                           size_t *used) {
  struct run r;
  *used = 0;
  if (b->err != PC_OK) return b->err;
  r.L = L;
  r.b = b;
  r.text = text;
  r.end = text + len;
  r.scanned = b->scanned;
  r.kept = kept;
  r.strings = kept + 1;
  r.names = kept + 2;
  r.room = b->depth;
  r.final = final;
  b->scanned = 0;
  pc_grow_atoms(&r, len);
  *used = (size_t)(run_text(&r, text) - text);
  if (b->err == PC_OK && len - *used > PC_TOKEN_MAX)
    (void)pc_fail(&r, PC_JSON_TOKEN, text + *used);
  if (b->err == PC_OK && final && b->expect != PC_EXPECT_END)
    (void)pc_fail(&r, PC_TRUNCATED, r.end);
  b->offset += *used;
  return b->err;
}
