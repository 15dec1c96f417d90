/* The state machine that turns JSON text into Lua values.
**
** Where the text is as the memo guesses, a member's comma, white space, name
** and colon cost one comparison, and a string that stood there before another.
** SPDX-License-Identifier: MIT */
#include "builder.h"

#include "json.h"

#define MAX_SHORT 9 /* digits that fit any integer */
#define SLOTS     8 /* levels for which the Lua stack is extended at once */

/* A run: what does not change in it, or is cheap to keep at hand. */
struct run {
  lua_State *L;
  struct pc_builder *b;
  const char *text; /* its first byte */
  const char *end;  /* behind its last byte */
  size_t scanned;   /* bytes known of the string at its start */
  bool final;
  int kept;    /* stack index: table of kept values */
  int strings; /* stack index: table of the atoms' strings */
};

/* --- memory --- */

/* Allocate `size` bytes and keep them as `slot`, in place of what was there.
** [-0, +0, m] */
static void *keep_memory(struct run *r, int slot, size_t size) {
  void *block = lua_newuserdata(r->L, size);
  lua_rawseti(r->L, r->kept, slot);
  return block;
}

/* Make room for one more level, in memory and on the Lua stack.  [-0, +0, v]
 */
static void grow_levels(struct run *r) {
  struct pc_builder *b = r->b;
  if (b->depth % SLOTS == 0) luaL_checkstack(r->L, 2 * SLOTS + 8, NULL);
  if (b->depth + 1 == b->level_cap) {
    int cap = 2 * b->level_cap;
    struct pc_level *levels =
        lua_newuserdata(r->L, (size_t)cap * sizeof *levels);
    memcpy(levels, b->levels, (size_t)b->level_cap * sizeof *levels);
    lua_rawseti(r->L, r->kept, PC_KEPT_LEVELS);
    b->levels = levels;
    b->level_cap = cap;
  }
}

/* Make room for one more place while there may be more.  [-0, +0, m] */
static void grow_places(struct run *r) {
  struct pc_memo *memo = &r->b->memo;
  if (memo->count == memo->cap && memo->cap < PC_PLACES) {
    uint32_t cap = memo->cap < PC_PLACES / 2 ? 2 * memo->cap : PC_PLACES;
    struct pc_place *places = lua_newuserdata(r->L, cap * sizeof *places);
    memcpy(places, memo->places, memo->count * sizeof *places);
    lua_rawseti(r->L, r->kept, PC_KEPT_PLACES);
    memo->places = places;
    memo->cap = cap;
  }
}

/* --- tables --- */

/* The larger of the last two sizes: rows that take turns find room, and each
** element that really came pays for no more than two that do not. */
static int guess_size(const uint32_t sizes[2]) {
  return (int)(sizes[0] > sizes[1] ? sizes[0] : sizes[1]);
}

static void note_size(uint32_t sizes[2], uint32_t size) {
  sizes[1] = sizes[0];
  sizes[0] = size;
}

/* Put the value on top where it belongs.  [-1|2, +0, m] or, for the value of
** the text, [-0, +0, -] */
static void store_value(struct run *r) {
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

static struct pc_level *enter(struct run *r, enum pc_container container) {
  struct pc_builder *b = r->b;
  struct pc_level *level = &b->levels[b->depth];
  uint32_t place = level->value;
  level = &b->levels[++b->depth];
  level->container = container;
  level->count = 0;
  level->place = place;
  return level;
}

/* Begin an object.  [-0, +1, v] */
static void open_object(struct run *r) {
  struct pc_builder *b = r->b;
  struct pc_level *level;
  struct pc_place *place;
  grow_levels(r);
  level = enter(r, PC_IN_OBJECT);
  place = &b->memo.places[level->place];
  level->value = PC_NOWHERE;
  level->next = place->first;
  b->expect = PC_EXPECT_FIRST_MEMBER;
  lua_createtable(r->L, 0, guess_size(place->members));
}

static bool is_name(const char *name, size_t len, const char *word,
                    size_t word_len) {
  size_t i;
  if (len != word_len) return false;
  for (i = 0; i < len; i++) {
    if ((name[i] | 0x20) != word[i]) return false;
  }
  return true;
}

/* Whether the array that begins is the row array: the text's own, or a member
** `items` or `value` of the text's object.  [-0, +0, -] */
static bool is_row_array(struct run *r) {
  struct pc_builder *b = r->b;
  size_t len;
  const char *name;
  if (!b->rows || b->depth > 1) return false;
  if (b->depth == 0) return true;
  if (b->levels[1].container != PC_IN_OBJECT) return false;
  name = lua_tolstring(r->L, -1, &len);
  return is_name(name, len, "items", 5) || is_name(name, len, "value", 5);
}

/* Begin an array.  [-0, +1, v] */
static void open_array(struct run *r, bool rows) {
  struct pc_builder *b = r->b;
  struct pc_level *level;
  struct pc_place *place;
  grow_levels(r);
  grow_places(r);
  level = enter(r, rows ? PC_IN_ROWS : PC_IN_ARRAY);
  place = &b->memo.places[level->place];
  if (place->element == PC_NOWHERE) place->element = pc_memo_place(&b->memo);
  level->value = place->element;
  b->expect = PC_EXPECT_FIRST_ELEMENT;
  if (rows) {
    b->has_rows = true;
    lua_rawgeti(r->L, r->kept, PC_KEPT_ROWS);
  } else
    lua_createtable(r->L, guess_size(place->elements), 0);
}

/* Give the array on top the metatable that was asked for.  [-0, +0, m] */
static void set_array_mt(struct run *r) {
  if (r->b->array_mt) {
    lua_rawgeti(r->L, r->kept, PC_KEPT_ARRAY_MT);
    lua_setmetatable(r->L, -2);
  }
}

/* End the container on top.  [-1|2, +0|1, m] */
static void close_container(struct run *r) {
  struct pc_builder *b = r->b;
  struct pc_level *level = &b->levels[b->depth--];
  struct pc_place *place = &b->memo.places[level->place];
  if (level->container == PC_IN_OBJECT) {
    note_size(place->members, level->count);
  } else if (level->container == PC_IN_ARRAY) {
    note_size(place->elements, level->count);
    set_array_mt(r);
  } else {
    /* The rows are no part of the document. */
    b->rows_ended = true;
    b->expect = PC_EXPECT_COMMA;
    if (b->depth > 0) {
      lua_pop(r->L, 2); /* rows and name */
      return;
    }
    lua_pop(r->L, 1);
    lua_newtable(r->L);
    set_array_mt(r);
  }
  store_value(r);
}

/* --- strings --- */

/* Note the error; the result is what a reader returns then. */
static const char *fail(struct run *r, enum pc_err err, const char *at) {
  r->b->err = err;
  r->b->wrong = r->b->offset + (size_t)(at - r->text);
  return NULL;
}

/* What is wrong with the escape or sequence at s that n bytes are too few for:
** a quote or control character ends it. */
static enum pc_err cut_error(const char *s, size_t n) {
  if (*s != '\\') return PC_JSON_UTF8;
  return n < 6 ? PC_JSON_ESCAPE : PC_JSON_SURROGATE;
}

/* Push a string that is not as guessed at this place.  [-0, +1, m] */
static void push_text(struct run *r, struct pc_place *place, const char *s,
                      size_t len) {
  struct pc_memo *memo = &r->b->memo;
  struct pc_atom *atom;
  uint32_t hash, i;
  if (len > PC_ATOM_MAX || (place->hope == 0 && ++place->rest % 32 != 0)) {
    lua_pushlstring(r->L, s, len);
    return;
  }
  hash = pc_hash(s, len);
  i = 1 + (hash & memo->mask);
  atom = &memo->atoms[i];
  place->text = i;
  if (atom->hash == hash && atom->len == len && pc_same(s, atom->bytes, len)) {
    place->hope = PC_PATIENCE;
    lua_rawgeti(r->L, r->strings, (int)i);
    return;
  }
  if (place->hope > 0) place->hope--;
  lua_pushlstring(r->L, s, len);
  lua_pushvalue(r->L, -1);
  lua_rawseti(r->L, r->strings, (int)i);
  atom->bytes = lua_tolstring(r->L, -1, NULL);
  atom->len = (uint32_t)len;
  atom->hash = hash;
}

/* Find the closing quote of the string whose opening quote is at p. NULL: an
** error, or more bytes are needed. */
static const char *find_quote(struct run *r, const char *p, unsigned *seen) {
  struct pc_builder *b = r->b;
  const char *q = p + 1;
  size_t used;
  enum pc_err err;
  if (p == r->text && r->scanned > 0) {
    q = p + r->scanned;
    *seen |= PC_JSON_ESCAPES | PC_JSON_WIDE; /* who knows */
  }
  q = pc_json_scan(q, r->end, seen);
  if (q < r->end && *q == '"') {
    if ((size_t)(q - p) <= PC_TOKEN_MAX) return q;
    return fail(r, PC_JSON_TOKEN, p);
  }
  b->scanned = (size_t)(q - p);
  if (!r->final && (q == r->end || *q == '\\')) return NULL;
  /* The string has no end here, but something before may be wrong as well. */
  err = pc_json_text(p + 1, (size_t)(q - p) - 1, NULL, &used);
  p += 1 + used;
  if (err == PC_TRUNCATED && q < r->end && *q != '\\')
    err = cut_error(p, (size_t)(q - p));
  if (err == PC_OK && q < r->end && *q != '\\') {
    err = PC_JSON_CONTROL;
    p = q;
  }
  if (err != PC_OK && err != PC_TRUNCATED) return fail(r, err, p);
  return NULL;
}

/* Read the string at p. The result is where its bytes are: in the text or in
** the scratch memory; NULL as for find_quote. *next is behind the string.
** [-0, +0, m] */
static const char *read_string(struct run *r, const char *p, size_t *len,
                               const char **next) {
  struct pc_builder *b = r->b;
  unsigned seen = 0;
  size_t used, raw;
  enum pc_err err;
  char *out = NULL;
  const char *q = find_quote(r, p, &seen);
  if (q == NULL) return NULL;
  *next = q + 1;
  *len = raw = (size_t)(q - p) - 1;
  if (seen == 0) return p + 1;
  if ((seen & PC_JSON_ESCAPES) != 0) {
    if (b->scratch_cap < raw) {
      b->scratch_cap = 0;
      b->scratch = keep_memory(r, PC_KEPT_SCRATCH, 2 * raw);
      b->scratch_cap = 2 * raw;
    }
    out = b->scratch;
  }
  err = pc_json_text(p + 1, raw, out, &used);
  if (err == PC_OK) {
    *len = used;
    return out != NULL ? out : p + 1;
  }
  p += 1 + used;
  if (err == PC_TRUNCATED) err = cut_error(p, (size_t)(q - p));
  return fail(r, err, p);
}

/* --- members --- */

/* Push the name of a member that was not guessed, and find or make a place
** for it.  [-0, +1, m] */
static void push_name(struct run *r, const char *name, size_t len) {
  struct pc_builder *b = r->b;
  struct pc_memo *memo = &b->memo;
  struct pc_level *level = &b->levels[b->depth];
  uint32_t i = pc_memo_find(memo, level->place, level->next, name, len);
  if (memo->places[i].name != NULL) {
    lua_rawgeti(r->L, r->kept, (int)(PC_KEPT_NAMES + i));
  } else {
    lua_pushlstring(r->L, name, len);
    if (!memo->places[level->place].wild) {
      grow_places(r);
      name = lua_tolstring(r->L, -1, NULL);
      i = pc_memo_member(memo, level->place, level->value, name, len);
      if (memo->places[i].name == name) {
        lua_pushvalue(r->L, -1);
        lua_rawseti(r->L, r->kept, (int)(PC_KEPT_NAMES + i));
      }
    }
  }
  level->value = i;
  level->next = memo->places[i].next;
}

/* Read the member name at p. The result is behind it; NULL as for find_quote.
** [-0, +0|1, m] */
static const char *read_name(struct run *r, const char *p) {
  const char *next, *name;
  size_t len;
  if (*p != '"') {
    return fail(r, PC_JSON_NAME, p);
  }
  name = read_string(r, p, &len, &next);
  if (name == NULL) return NULL;
  push_name(r, name, len);
  r->b->expect = PC_EXPECT_COLON;
  return next;
}

/* --- values --- */

/* Read the string at p as a value.  [-0, +0|1, m] */
static const char *read_text(struct run *r, struct pc_place *place,
                             const char *p) {
  const struct pc_atom *atom = &r->b->memo.atoms[place->text];
  const char *next, *s;
  size_t len = atom->len;
  if ((size_t)(r->end - p) > len + 1 && p[len + 1] == '"' &&
      pc_same(p + 1, atom->bytes, len)) {
    lua_rawgeti(r->L, r->strings, (int)place->text);
    return p + len + 2;
  }
  s = read_string(r, p, &len, &next);
  if (s == NULL) return NULL;
  if (s == p + 1)
    push_text(r, place, s, len);
  else /* the bytes of an atom must be those in the text */
    lua_pushlstring(r->L, s, len);
  return next;
}

static void push_integer(lua_State *L, int64_t i) {
#if PC_INTEGERS
  if ((lua_Integer)i == i) {
    lua_pushinteger(L, (lua_Integer)i);
    return;
  }
#endif
  lua_pushnumber(L, (lua_Number)i);
}

/* Read the number at p if it is a short integer, which most are; else p.
** [-0, +0|1, -] */
static inline const char *read_short(struct run *r, const char *p) {
  const char *q = p;
  unsigned i = 0;
  if (r->end - p <= MAX_SHORT || *p == '0') return p;
  while (*q >= '0' && *q <= '9' && q - p < MAX_SHORT)
    i = i * 10 + (unsigned)(*q++ - '0');
  if (q == p || (*q != ',' && *q != '}' && *q != ']')) return p;
  push_integer(r->L, i);
  return q;
}

/* Read the number at p.  [-0, +0|1, -] */
static const char *read_number(struct run *r, const char *p) {
  struct pc_json_number number;
  enum pc_err err = pc_json_number(p, r->end, r->final, &number);
  if (err == PC_OK) {
    if (number.is_integer)
      push_integer(r->L, number.integer);
    else
      lua_pushnumber(r->L, (lua_Number)number.real);
    return number.next;
  }
  if (err != PC_TRUNCATED) return fail(r, err, number.next);
  return NULL;
}

/* Read the word at p: what is there of it must be right.  [-0, +0, -] */
static const char *read_word(struct run *r, const char *p, const char *word) {
  for (; *word != '\0'; word++, p++) {
    if (p == r->end) return NULL;
    if (*p != *word) {
      return fail(r, PC_JSON_VALUE, p);
    }
  }
  return p;
}

/* Begin a container.  [-0, +0|1, v] */
static const char *read_open(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  bool rows = *p == '[' && is_row_array(r);
  if (b->depth == b->max_depth) {
    return fail(r, PC_JSON_DEPTH, p);
  }
  if (rows && b->has_rows) {
    return fail(r, PC_JSON_ROWS, p);
  }
  if (*p == '{')
    open_object(r);
  else
    open_array(r, rows);
  return p + 1;
}

/* Read the value at p. The result is behind it; NULL: an error, or more bytes
** are needed.  [-0|1, +0|1, v] */
static const char *read_value(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  struct pc_level *level = &b->levels[b->depth];
  const char *next;
  switch (*p) {
  case '"': p = read_text(r, &b->memo.places[level->value], p); break;
  case '{':
  case '[': return read_open(r, p);
  case 't':
    p = read_word(r, p, "true");
    if (p != NULL) lua_pushboolean(r->L, 1);
    break;
  case 'f':
    p = read_word(r, p, "false");
    if (p != NULL) lua_pushboolean(r->L, 0);
    break;
  case 'n':
    p = read_word(r, p, "null");
    if (p != NULL && level->container == PC_IN_OBJECT && !b->nulls) {
      lua_pop(r->L, 1); /* the name */
      b->expect = PC_EXPECT_COMMA;
      return p;
    }
    if (p != NULL) lua_pushlightuserdata(r->L, NULL);
    break;
  default:
    if (*p != '-' && (*p < '0' || *p > '9')) {
      return fail(r, PC_JSON_VALUE, p);
    }
    next = read_short(r, p);
    p = next != p ? next : read_number(r, p);
  }
  if (p != NULL) store_value(r);
  return p;
}

/* --- the machine --- */

/* Skip a byte order mark. NULL: it is cut. */
static const char *read_mark(struct run *r, const char *p) {
  static const char mark[] = "\xEF\xBB\xBF";
  size_t n = (size_t)(r->end - p) < 3 ? (size_t)(r->end - p) : 3;
  if (n == 0) return NULL;
  if (memcmp(p, mark, n) == 0) {
    if (n < 3) return NULL;
    p += 3;
  }
  r->b->expect = PC_EXPECT_VALUE;
  return p;
}

/* Read a comma or the end of the container at p. */
static const char *read_comma(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  bool object = b->levels[b->depth].container == PC_IN_OBJECT;
  if (*p == ',') {
    b->expect = object ? PC_EXPECT_MEMBER : PC_EXPECT_VALUE;
    return p + 1;
  }
  if (*p != (object ? '}' : ']')) {
    return fail(r, PC_JSON_COMMA, p);
  }
  close_container(r);
  return p + 1;
}

/* Take one step from p. The result is where the next one begins; NULL: an
** error, or more bytes are needed.  [-0|1|2, +0|1, v] */
static const char *step(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  switch (b->expect) {
  case PC_EXPECT_START: return read_mark(r, p);
  case PC_EXPECT_FIRST_ELEMENT:
    if (*p == ']') {
      close_container(r);
      return p + 1;
    }
    return read_value(r, p);
  case PC_EXPECT_VALUE: return read_value(r, p);
  case PC_EXPECT_FIRST_MEMBER:
    if (*p == '}') {
      close_container(r);
      return p + 1;
    }
    return read_name(r, p);
  case PC_EXPECT_MEMBER: return read_name(r, p);
  case PC_EXPECT_COLON:
    if (*p != ':') {
      return fail(r, PC_JSON_COLON, p);
    }
    b->expect = PC_EXPECT_VALUE;
    return p + 1;
  case PC_EXPECT_COMMA: return read_comma(r, p);
  case PC_EXPECT_END: return fail(r, PC_JSON_EXTRA, p);
  }
  return NULL;
}

/* Go on behind a value at p as far as that is only a comma or the end of an
** object. Whether a member or an element is expected then.  [-n, +n, m] */
static inline const char *pass_commas(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  while (p < r->end && b->expect == PC_EXPECT_COMMA) {
    bool object = b->levels[b->depth].container == PC_IN_OBJECT;
    if (*p == ',')
      b->expect = object ? PC_EXPECT_MEMBER : PC_EXPECT_VALUE;
    else if (*p == '}' && object)
      close_container(r);
    else
      break;
    p++;
  }
  return p;
}

static inline bool is_space(char c) {
  return (unsigned char)c <= ' ';
}

/* Follow the guesses from p on for as long as they are right. The result is
** where the first wrong one begins: all before it is done with, and nothing
** of what follows.  [-n, +n, v] */
static const char *follow(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  lua_State *L = r->L;
  for (;;) {
    struct pc_level *level = &b->levels[b->depth];
    const struct pc_place *m;
    const char *next;
    if (b->expect == PC_EXPECT_MEMBER || b->expect == PC_EXPECT_FIRST_MEMBER) {
      const struct pc_atom *atom;
      m = &b->memo.places[level->next];
      if (!pc_leads(m, p, r->end)) return p;
      lua_rawgeti(L, r->kept, (int)(PC_KEPT_NAMES + level->next));
      level->value = level->next;
      level->next = m->next;
      p += m->lead_len;
      atom = &b->memo.atoms[m->text];
      if (*p == '"' && (size_t)(r->end - p) > (size_t)atom->len + 1 &&
          p[atom->len + 1] == '"' && pc_same(p + 1, atom->bytes, atom->len)) {
        lua_rawgeti(L, r->strings, (int)m->text);
        lua_rawset(L, -3);
        level->count++;
        b->expect = PC_EXPECT_COMMA;
        p = pass_commas(r, p + atom->len + 2);
        continue;
      }
      b->expect = PC_EXPECT_VALUE;
    }
    if (p == r->end || b->expect != PC_EXPECT_VALUE || is_space(*p)) return p;
    next = read_value(r, p);
    if (next == NULL) return p;
    p = pass_commas(r, next);
  }
}

/* Whether a member's name may come next. */
static bool expects_name(const struct pc_builder *b) {
  return b->expect == PC_EXPECT_MEMBER || b->expect == PC_EXPECT_FIRST_MEMBER;
}

/* Step through the text until its end, or an error. The result is where the
** token begins that the end cuts.  [-n, +n, v] */
static const char *run_text(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  const char *lead = NULL; /* where the bytes that lead to a value begin */
  for (;;) {
    const char *next;
    if (expects_name(b)) {
      p = follow(r, p);
      lead = expects_name(b) ? p : NULL;
    }
    if (b->expect != PC_EXPECT_START) p = pc_json_space(p, r->end);
    if (p == r->end) return p;
    if (lead != NULL && b->expect == PC_EXPECT_VALUE) {
      pc_memo_lead(&b->memo, b->levels[b->depth].value, lead,
                   (size_t)(p - lead));
      lead = NULL;
    }
    next = step(r, p);
    if (next == NULL) return p;
    p = next;
  }
}

/* Longer texts repay a larger table of atoms.  [-0, +0, m] */
static void grow_atoms(struct run *r, size_t len) {
  struct pc_memo *memo = &r->b->memo;
  if (memo->mask >= PC_ATOMS - 1 || r->b->offset + len <= PC_SMALL_TEXT)
    return;
  pc_memo_set_atoms(
      memo,
      keep_memory(r, PC_KEPT_ATOMS, (PC_ATOMS + 1) * sizeof(struct pc_atom)),
      PC_ATOMS - 1);
}

void pc_builder_push_kept(lua_State *L) {
  lua_createtable(L, PC_KEPT_NAMES + PC_FIRST_PLACES, 0);
  lua_createtable(L, PC_FIRST_ATOMS, 0);
  lua_pushvalue(L, -1);
  lua_rawseti(L, -3, PC_KEPT_STRINGS);
}

void pc_builder_init(struct pc_builder *b) {
  memset(b, 0, offsetof(struct pc_builder, first_levels));
  b->max_depth = PC_DEPTH_DEFAULT;
  b->levels = b->first_levels;
  b->level_cap = PC_FIRST_LEVELS;
  b->levels[0].container = PC_IN_TEXT;
  b->levels[0].value = PC_ROOT;
  pc_memo_init(&b->memo, b->first_places, PC_FIRST_PLACES, b->first_atoms,
               PC_FIRST_ATOMS - 1);
}

enum pc_err pc_builder_run(lua_State *L, struct pc_builder *b, int kept,
                           const char *text, size_t len, bool final,
                           size_t *used) {
  struct run r;
  r.L = L;
  r.b = b;
  r.text = text;
  r.end = text + len;
  r.scanned = b->scanned;
  r.final = final;
  r.kept = kept;
  r.strings = kept + 1;
  *used = 0;
  b->scanned = 0;
  if (b->err != PC_OK) return b->err;
  grow_atoms(&r, len);
  *used = (size_t)(run_text(&r, text) - text);
  if (b->err == PC_OK && len - *used > PC_TOKEN_MAX)
    (void)fail(&r, PC_JSON_TOKEN, text + *used);
  if (b->err == PC_OK && final && b->expect != PC_EXPECT_END)
    (void)fail(&r, PC_TRUNCATED, r.end);
  b->offset += *used;
  return b->err;
}
