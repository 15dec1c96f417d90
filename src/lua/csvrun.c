/* The reader that turns CSV text into Lua rows.
**
** Rows look alike: a field that is what stood in its column before costs one
** comparison, whose bytes behind it end the field.
** SPDX-License-Identifier: MIT */
#include "lua/csvrun.h"

#include "base/utf8.h"
#include "csv/csv.h"
#include "lua/values.h"

#define MAX_SHORT     9  /* digits that fit any integer */
#define FIRST_COLUMNS 32 /* room for columns at first */

/* A run: what is the same all through it, close at hand. While a row is
** built, it lies on top of the stack. */
struct run {
  lua_State *L;
  struct pc_csv *c;
  const char *text; /* its first byte */
  const char *end;  /* behind its last byte */
  int kept;         /* stack index: table of kept values */
  int strings;      /* stack index: table of the atoms' strings */
  int specials;     /* stack index: the same for the others */
  int rows;         /* stack index: table of rows not yet taken */
  int names;        /* stack index: name of the first column */
  bool final;       /* nothing comes behind the end */
  bool guessing;    /* max_field allows all that can be guessed */
  const char *done; /* what is before it needs not come again */
};

/* --- errors --- */

static size_t offset_of(const struct run *r, const char *p) {
  return r->c->offset + (size_t)(p - r->text);
}

/* Note the error at `at`, in the field that begins at `field`. The result is
** what a reader returns then. */
static const char *fail(struct run *r, enum pc_err err, const char *field,
                        const char *at) {
  struct pc_csv *c = r->c;
  size_t last = 0, lines = pc_csv_lines(field, (size_t)(at - field), &last);
  size_t start = lines > 0 ? offset_of(r, field + last) : c->line;
  c->err = err;
  c->wrong_line = c->lines + lines + 1;
  c->wrong_byte = offset_of(r, at) - start + 1;
  c->wrong_field = c->at + 1;
  return NULL;
}

/* Whether the field from p to `next` keeps to the limits; which of them it
** breaks first does not depend on how the text is cut. */
static bool check_limits(struct run *r, const char *p, const char *next) {
  const struct pc_csv *c = r->c;
  size_t len = (size_t)(next - p), before = offset_of(r, p) - c->record;
  size_t left = before < c->max_line ? c->max_line - before : 0;
  if (len <= c->max_field && len <= left) return true;
  (void)fail(r, c->max_field <= left ? PC_CSV_FIELD : PC_CSV_LINE, p, p);
  return false;
}

/* --- memory --- */

/* Allocate `size` bytes that begin with the first `used` of `old`, and keep
** them as `slot`, in place of what was there.  [-0, +0, m] */
static void *keep_memory(struct run *r, int slot, size_t size, const void *old,
                         size_t used) {
  void *block = lua_newuserdata(r->L, size);
  if (used > 0) memcpy(block, old, used);
  lua_rawseti(r->L, r->kept, slot);
  return block;
}

/* Make room for one more column.  [-0, +0, m] */
static struct pc_csv_column *add_column(struct run *r) {
  struct pc_csv *c = r->c;
  struct pc_csv_column *column;
  if (c->count == c->column_cap) {
    uint32_t cap = c->count > 0 ? 2 * c->count : FIRST_COLUMNS;
    c->columns = keep_memory(r, PC_CSV_KEPT_COLUMNS, cap * sizeof *c->columns,
                             c->columns, c->count * sizeof *c->columns);
    c->column_cap = cap;
  }
  column = &c->columns[c->count++];
  memset(column, 0, sizeof *column);
  column->seen.hope = column->special.hope = PC_PATIENCE;
  return column;
}

static char *get_scratch(struct run *r, size_t n) {
  struct pc_csv *c = r->c;
  if (c->scratch_cap < n) {
    c->scratch = keep_memory(r, PC_CSV_KEPT_SCRATCH, 2 * n, NULL, 0);
    c->scratch_cap = 2 * n;
  }
  return c->scratch;
}

/* --- values --- */

static inline bool is_end(const struct run *r, char c) {
  return c == r->c->separator || c == '\r' || c == '\n';
}

/* Read the field at p if it is atom i; else NULL.  [-0, +0|1, -] */
static inline const char *guess_text(struct run *r, uint32_t i,
                                     const char *p) {
  const struct pc_atom *atom = &r->c->atoms[i];
  size_t len = atom->len, there = (size_t)(r->end - p);
  if (i == PC_NO_ATOM) return NULL;
  if (*p == '"') {
    if (there <= len + 2 || p[len + 1] != '"' || !is_end(r, p[len + 2]) ||
        !pc_same(p + 1, atom->bytes, len))
      return NULL;
    len += 2;
  } else if (there <= len || !is_end(r, p[len]) ||
             !pc_same(p, atom->bytes, len)) {
    return NULL;
  }
  lua_rawgeti(r->L, r->strings, (int)i);
  return p + len;
}

/* Read the field at p if it is an integer of few digits and seen to end; else
** NULL.  [-0, +0|1, -] */
static inline const char *guess_integer(struct run *r, const char *p) {
  const char *q = p;
  unsigned i = 0;
  if (r->end - p <= MAX_SHORT) return NULL;
  while (*q >= '0' && *q <= '9' && q - p < MAX_SHORT)
    i = i * 10 + (unsigned)(*q++ - '0');
  if (q == p || !is_end(r, *q) || (*p == '0' && q - p > 1)) return NULL;
  pc_push_integer(r->L, i);
  return q;
}

/* Push the text of a field.  [-0, +1, m] */
static bool push_text(struct run *r, struct pc_csv_column *column,
                      const char *p, const struct pc_csv_field *f) {
  struct pc_csv *c = r->c;
  const char *text = f->text;
  size_t len = f->len;
  if (f->wide) {
    size_t valid = pc_utf8_valid(text, len);
    if (valid < len) {
      (void)fail(r, PC_CSV_UTF8, p, text + valid);
      return false;
    }
  }
  if (f->doubled) {
    char *out = get_scratch(r, len);
    len = pc_csv_unquote(text, len, out);
    text = out;
  }
  /* A text that is guessed is compared with the bytes that come, so it must
  ** not have bytes in it that could end a field. */
  if (f->special)
    pc_push_atom(r->L, r->specials, c->specials, PC_CSV_SPECIALS - 1,
                 &column->special, text, len);
  else
    pc_push_atom(r->L, r->strings, c->atoms, PC_CSV_ATOMS - 1, &column->seen,
                 text, len);
  return true;
}

/* Push what an empty number or date is.  [-0, +1, -] */
static void push_nothing(struct run *r) {
  if (r->c->arrays || r->c->nulls)
    lua_pushlightuserdata(r->L, NULL);
  else
    lua_pushnil(r->L);
}

/* The name of the column that is read, if there are names.  [-0, +0, -] */
static const char *get_name(struct run *r, size_t *len) {
  const char *name;
  if (!r->c->headings) return NULL;
  lua_rawgeti(r->L, r->kept, PC_CSV_KEPT_NAMES);
  lua_rawgeti(r->L, -1, (int)r->c->at + 1);
  name = lua_tolstring(r->L, -1, len); /* which the table keeps */
  lua_pop(r->L, 2);
  return name;
}

/* The field at p is no value of its column, for the reason `err`; or it is the
** name of it, in a file made of several.  [-0, +0, -] */
static bool refuse(struct run *r, enum pc_err err, const char *p,
                   const struct pc_csv_field *f) {
  size_t len;
  const char *name = get_name(r, &len);
  if (name != NULL && len == f->len && memcmp(name, f->text, len) == 0)
    err = PC_CSV_AGAIN;
  (void)fail(r, err, p, p);
  return false;
}

/* A number as JSON has it, all of the field.  [-0, +0|1, -] */
static bool push_number(struct run *r, const char *p,
                        const struct pc_csv_field *f) {
  struct pc_json_number number;
  const char *end = f->text + f->len;
  if (f->len > 0 &&
      (*f->text == '-' || (*f->text >= '0' && *f->text <= '9')) &&
      pc_json_number(f->text, end, true, &number) == PC_OK &&
      number.next == end && pc_push_number(r->L, &number))
    return true;
  return refuse(r, PC_CSV_NUMBER, p, f);
}

/* [-0, +0|1, -] */
static bool push_date(struct run *r, const char *p,
                      const struct pc_csv_field *f) {
  struct pc_csv_date date;
  if (!pc_csv_date(f->text, f->len, &date))
    return refuse(r, PC_CSV_DATE, p, f);
  if (date.never)
    push_nothing(r);
  else if (date.fraction > 0)
    lua_pushnumber(r->L, (lua_Number)date.seconds + (lua_Number)date.fraction);
  else
    pc_push_integer(r->L, date.seconds);
  return true;
}

/* [-0, +0|1, m] */
static bool push_value(struct run *r, struct pc_csv_column *column,
                       const char *p, const struct pc_csv_field *f) {
  if (column->kind == PC_CSV_TEXTS) return push_text(r, column, p, f);
  if (f->len == 0) {
    push_nothing(r);
    return true;
  }
  return column->kind == PC_CSV_NUMBERS ? push_number(r, p, f)
                                        : push_date(r, p, f);
}

/* Read the field at p, whatever it is.  [-0, +0|1, m] */
static const char *read_value(struct run *r, struct pc_csv_column *column,
                              const char *p) {
  struct pc_csv *c = r->c;
  struct pc_csv_field f;
  size_t scanned = p == r->text ? c->scanned : 0;
  enum pc_err err =
      pc_csv_field(p, r->end, c->separator, r->final, &scanned, &f);
  bool cut = err == PC_TRUNCATED;
  /* Open quotes are found out at the end: that far the field goes. */
  if (!check_limits(r, p, cut || err == PC_CSV_OPEN ? r->end : f.next))
    return NULL;
  c->scanned = cut ? scanned : 0;
  if (cut) return NULL;
  if (err != PC_OK) return fail(r, err, p, f.next);
  if (!push_value(r, column, p, &f)) return NULL;
  if (f.breaks) {
    size_t last = 0;
    c->lines += pc_csv_lines(f.text, f.len, &last);
    c->line = offset_of(r, f.text + last);
  }
  return f.next;
}

/* Read the field at p as guessed; NULL: it is not so.  [-0, +0|1, -] */
static inline const char *
guess_value(struct run *r, struct pc_csv_column *column, const char *p) {
  const char *next;
  if (p == r->end || !r->guessing) return NULL;
  if (column->kind == PC_CSV_NUMBERS) return guess_integer(r, p);
  if (column->kind != PC_CSV_TEXTS || column->seen.hope == 0) return NULL;
  next = guess_text(r, column->seen.texts[0], p);
  if (next != NULL) column->seen.hope = PC_PATIENCE;
  return next;
}

/* --- rows --- */

/* Push the name of the column.  [-0, +1, -] */
static inline void push_name(struct run *r, uint32_t i) {
  if (i < PC_CSV_STACK_NAMES) {
    lua_pushvalue(r->L, r->names + (int)i);
  } else {
    lua_rawgeti(r->L, r->kept, PC_CSV_KEPT_NAMES);
    lua_rawgeti(r->L, -1, (int)i + 1);
    lua_remove(r->L, -2);
  }
}

/* Begin a row, unless there is one.  [-0, +0|1, m] */
static inline void open_row(struct run *r) {
  struct pc_csv *c = r->c;
  int n = (int)c->count;
  if (c->row_open) return;
  lua_createtable(r->L, c->arrays ? n : 0, c->arrays ? 0 : n);
  c->row_open = true;
}

/* Put the value on top into the row below it, in an array; else below its
** name.  [-1|2, +0, m] */
static inline void store(struct run *r, uint32_t at) {
  if (r->c->arrays)
    lua_rawseti(r->L, -2, (int)at + 1);
  else
    lua_rawset(r->L, -3);
}

/* --- the first line --- */

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* Whether two names are the same, letter case and blanks aside. */
static bool same_letters(const char *a, size_t m, const char *b, size_t n) {
  size_t i = 0, k = 0;
  for (;; i++, k++) {
    char x, y;
    while (i < m && is_blank(a[i])) i++;
    while (k < n && is_blank(b[k])) k++;
    if (i == m || k == n) return i == m && k == n;
    x = a[i];
    y = b[k];
    if (x >= 'A' && x <= 'Z') x = (char)(x + 32);
    if (y >= 'A' && y <= 'Z') y = (char)(y + 32);
    if (x != y) return false;
  }
}

/* The column with the name on top, or else one whose name differs in letter
** case and blanks alone; `count` when there is none.  [-0, +0, -] */
static uint32_t find_column(struct run *r) {
  const uint32_t count = r->c->count;
  size_t len, n;
  const char *wanted = lua_tolstring(r->L, -1, &len);
  uint32_t i, alike = count;
  for (i = 0; i < count; i++) {
    const char *name;
    bool same;
    push_name(r, i);
    name = lua_tolstring(r->L, -1, &n);
    same = n == len && memcmp(name, wanted, n) == 0;
    if (alike == count && same_letters(name, n, wanted, len)) alike = i;
    lua_pop(r->L, 1);
    if (same) return i;
  }
  return alike;
}

/* Give the columns in the list at that slot their kind.  [-0, +0, m] */
static bool set_kinds(struct run *r, int slot, enum pc_csv_kind kind) {
  struct pc_csv *c = r->c;
  bool found = true;
  int i, n;
  lua_rawgeti(r->L, r->kept, slot);
  n = (int)pc_rawlen(r->L, -1);
  for (i = 1; i <= n && found; i++) {
    uint32_t column;
    lua_rawgeti(r->L, -1, i);
    if (lua_type(r->L, -1) == LUA_TNUMBER)
      column = (uint32_t)lua_tonumber(r->L, -1) - 1;
    else
      column = find_column(r);
    found = column < c->count;
    if (found) {
      c->columns[column].kind = kind;
      lua_pop(r->L, 1);
    } else {
      lua_rawseti(r->L, r->kept, PC_CSV_KEPT_WRONG);
    }
  }
  lua_pop(r->L, 1);
  return found;
}

/* Read the name at p.  [-0, +0, m] */
static const char *read_name(struct run *r, const char *p) {
  lua_State *L = r->L;
  const size_t lines = r->c->lines, line = r->c->line;
  enum pc_err err = PC_OK;
  const char *name, *next = read_value(r, add_column(r), p);
  size_t len;
  if (next == NULL) {
    r->c->count--;
    /* Attributes have quotes, and so have the names of members. */
    if (r->c->err == PC_CSV_QUOTE && r->c->at == 0 &&
        pc_csv_is_page(p, r->end))
      r->c->err = PC_CSV_PAGE;
    return NULL;
  }
  name = lua_tolstring(L, -1, &len);
  if (memchr(name, 0, len) != NULL)
    err = PC_CSV_UTF16; /* ASCII in it has one beside each letter */
  else if (len == 0 && !r->c->arrays)
    err = PC_CSV_HEADING;
  lua_rawgeti(L, r->kept, PC_CSV_KEPT_PLACES); /* name places */
  lua_pushvalue(L, -2);
  lua_rawget(L, -2); /* name places column|nil */
  if (err == PC_OK && !lua_isnil(L, -1) && !r->c->arrays) err = PC_CSV_TWICE;
  lua_pop(L, 1);
  lua_pushvalue(L, -2);
  lua_pushinteger(L, (lua_Integer)r->c->count);
  lua_rawset(L, -3);
  lua_pop(L, 1); /* name */
  if (r->c->count <= PC_CSV_STACK_NAMES) {
    lua_pushvalue(L, -1);
    lua_replace(L, r->names + (int)r->c->count - 1);
  }
  lua_rawgeti(L, r->kept, PC_CSV_KEPT_NAMES);
  lua_insert(L, -2); /* names name */
  lua_rawseti(L, -2, (int)r->c->count);
  lua_pop(L, 1);
  if (err != PC_OK) { /* where the field begins */
    r->c->lines = lines;
    r->c->line = line;
    return fail(r, err, p, p);
  }
  return next;
}

/* Whether the list at that slot has the column's index.  [-0, +0, -] */
static bool has_index(struct run *r, int slot, uint32_t index) {
  bool found = false;
  int i, n;
  lua_rawgeti(r->L, r->kept, slot);
  n = (int)pc_rawlen(r->L, -1);
  for (i = 1; i <= n && !found; i++) {
    lua_rawgeti(r->L, -1, i);
    found = lua_tonumber(r->L, -1) == (lua_Number)index;
    lua_pop(r->L, 1);
  }
  lua_pop(r->L, 1);
  return found;
}

/* Read the field at p of a first line that is a row as well.
** [-0|1, +1, m] */
static const char *read_first(struct run *r, const char *p) {
  struct pc_csv_column *column;
  const char *next;
  open_row(r);
  column = add_column(r);
  if (has_index(r, PC_CSV_KEPT_NUMBERS, r->c->count))
    column->kind = PC_CSV_NUMBERS;
  if (has_index(r, PC_CSV_KEPT_DATES, r->c->count))
    column->kind = PC_CSV_DATES;
  next = read_value(r, column, p);
  if (next == NULL)
    r->c->count--;
  else
    store(r, r->c->at);
  return next;
}

/* The first line ends at p.  [-0, +0, m] */
static bool end_first(struct run *r, const char *p) {
  r->c->named = true;
  if (set_kinds(r, PC_CSV_KEPT_NUMBERS, PC_CSV_NUMBERS) &&
      set_kinds(r, PC_CSV_KEPT_DATES, PC_CSV_DATES))
    return true;
  (void)fail(r, PC_CSV_ABSENT, p, p);
  return false;
}

/* --- lines --- */

/* Whether the first field of a line, which is at p and on top, is the name of
** the column: one that is empty tells nothing. In a file made of several there
** may be a byte order mark in front of it.  [-0, +0, -] */
static inline bool is_first_name(struct run *r, const char *p) {
  size_t len, n;
  const char *text, *name;
  if (!r->c->headings || p == r->end) return false;
  if (lua_rawequal(r->L, -1, r->names)) return pc_rawlen(r->L, -1) > 0;
  if (*p != PC_CSV_MARK[0] || lua_type(r->L, -1) != LUA_TSTRING) return false;
  text = lua_tolstring(r->L, -1, &len);
  name = lua_tolstring(r->L, r->names, &n);
  return len == n + PC_CSV_MARK_LEN &&
         memcmp(text, PC_CSV_MARK, PC_CSV_MARK_LEN) == 0 &&
         memcmp(text + PC_CSV_MARK_LEN, name, n) == 0;
}

/* Whether the row on top has the names of the columns behind the first one.
** [-0, +0, -] */
static bool has_names(struct run *r) {
  const struct pc_csv *c = r->c;
  bool same = true;
  uint32_t i;
  for (i = 1; i < c->count && same; i++) {
    push_name(r, i);
    if (c->arrays) {
      lua_rawgeti(r->L, -2, (int)i + 1);
    } else {
      lua_pushvalue(r->L, -1);
      lua_rawget(r->L, -3);
    }
    same = lua_rawequal(r->L, -1, -2);
    lua_pop(r->L, 2);
  }
  return same;
}

/* The line of fields ends at p: put the row, which is on top, where it belongs.
** Where there are several columns an empty line is nothing.  [-0|1, +0, m] */
static bool end_row(struct run *r, const char *p) {
  struct pc_csv *c = r->c;
  if (c->again && c->at == c->count && has_names(r)) {
    c->at = 0; /* the first field, where the line begins */
    (void)fail(r, PC_CSV_AGAIN, p, p);
    c->wrong_byte = 1;
    return false;
  }
  if (c->at == c->count) {
    lua_rawseti(r->L, r->rows, (int)++c->row_count);
    return true;
  }
  if (offset_of(r, p) == c->record) {
    lua_pop(r->L, 1);
    return true;
  }
  (void)fail(r, PC_CSV_FEWER, p, p);
  return false;
}

/* Go on behind the line that ends at p. */
static const char *pass_line(struct run *r, const char *p) {
  struct pc_csv *c = r->c;
  c->lines++;
  if (p == r->end) return p;
  c->after_cr = *p == '\r';
  c->line = offset_of(r, p + 1);
  return p + 1;
}

/* The line of fields ends at p: go on behind it.  [-0|1, +0, m] */
static const char *end_line(struct run *r, const char *p) {
  struct pc_csv *c = r->c;
  if (!c->named && !end_first(r, p)) return NULL;
  if (c->row_open && !end_row(r, p)) return NULL;
  c->row_open = false;
  c->at = 0;
  return pass_line(r, p);
}

static inline bool is_separator(const struct run *r, const char *p) {
  return p < r->end && *p == r->c->separator;
}

/* Read the first line from p to its end. NULL: it is cut at r->done, or wrong.
** [-0|1, +0|1, m] */
static const char *read_first_line(struct run *r, const char *p) {
  struct pc_csv *c = r->c;
  for (;;) {
    const char *next;
    r->done = p;
    next = c->headings ? read_name(r, p) : read_first(r, p);
    if (next == NULL) return NULL;
    c->at++;
    if (!is_separator(r, next)) return end_line(r, next);
    p = next + 1;
    if (c->at == c->max_columns) return fail(r, PC_CSV_COLUMNS, p, p);
  }
}

/* How far in the text the line may go. */
static const char *get_limit(const struct run *r) {
  size_t last = r->c->record + r->c->max_line;
  size_t left = last > r->c->offset ? last - r->c->offset : 0;
  return left < (size_t)(r->end - r->text) ? r->text + left : r->end;
}

/* Read a line from p, where it begins or was cut, to its end. NULL: it is cut
** at r->done, or wrong.  [-0|1, +0|1, m] */
static const char *read_line(struct run *r, const char *p) {
  struct pc_csv *c = r->c;
  const char *limit = get_limit(r); /* of what can be guessed */
  open_row(r);
  for (;;) {
    struct pc_csv_column *column = &c->columns[c->at];
    const char *next;
    if (!c->arrays) push_name(r, c->at);
    next = guess_value(r, column, p);
    if (next > limit) { /* which NULL is not */
      lua_pop(r->L, 1);
      next = NULL;
    }
    if (next == NULL) next = read_value(r, column, p);
    if (next == NULL) {
      if (!c->arrays) lua_pop(r->L, 1);
      r->done = p;
      return NULL;
    }
    if (c->at == 0) c->again = is_first_name(r, p);
    store(r, c->at++);
    if (!is_separator(r, next)) return end_line(r, next);
    p = next + 1;
    if (c->at == c->count) return fail(r, PC_CSV_MORE, p, p);
  }
}

/* Skip a byte order mark; NULL when the text is cut before that is clear, or no
** CSV. */
static const char *read_mark(struct run *r, const char *p) {
  size_t n = 0;
  enum pc_err err = pc_csv_mark(p, r->end, r->final, &n);
  if (err == PC_TRUNCATED) return NULL;
  if (err != PC_OK) return fail(r, err, p, p);
  r->c->marked = true;
  r->c->line = offset_of(r, p + n);
  return p + n;
}

/* Skip the line feed behind a carriage return. */
static const char *read_line_feed(struct run *r, const char *p) {
  if (p == r->end) return p;
  r->c->after_cr = false;
  if (*p != '\n') return p;
  r->c->line++;
  return p + 1;
}

/* Go through the text until its end, or an error. The result is where the
** field begins that the end cuts.  [-0|1, +0|1, m] */
static const char *run_text(struct run *r, const char *p) {
  struct pc_csv *c = r->c;
  const char *next;
  if (!c->marked) {
    next = read_mark(r, p);
    if (next == NULL) return p;
    p = next;
  }
  for (;;) {
    if (c->after_cr) p = read_line_feed(r, p);
    if (c->at == 0) {
      if (p == r->end) return p;
      c->record = offset_of(r, p);
      /* The names are in the first line that is not empty. */
      if (!c->named && c->headings && (*p == '\r' || *p == '\n')) {
        p = pass_line(r, p);
        continue;
      }
    }
    next = c->named ? read_line(r, p) : read_first_line(r, p);
    if (next == NULL) return r->done;
    p = next;
  }
}

/* --- the interface --- */

void pc_csv_push_kept(lua_State *L) {
  int i;
  lua_createtable(L, PC_CSV_KEPT_WRONG, 0);
  for (i = PC_CSV_KEPT_STRINGS; i < PC_CSV_KEPT_WRONG; i++) {
    if (i == PC_CSV_KEPT_ROW) continue;
    lua_newtable(L);
    lua_rawseti(L, -2, i);
  }
}

void pc_csv_init(struct pc_csv *c) {
  memset(c, 0, offsetof(struct pc_csv, atoms));
  c->separator = ',';
  c->headings = true;
  c->max_field = PC_CSV_MAX_FIELD;
  c->max_line = PC_CSV_MAX_LINE;
  c->max_columns = PC_CSV_MAX_COLUMNS;
  pc_memo_clear_atoms(c->atoms, PC_CSV_ATOMS - 1);
  pc_memo_clear_atoms(c->specials, PC_CSV_SPECIALS - 1);
}

/* Push what a run needs.  [-0, +n, v] */
static void enter(struct run *r) {
  lua_State *L = r->L;
  uint32_t i;
  luaL_checkstack(L, PC_CSV_STACK_NAMES + LUA_MINSTACK, NULL);
  r->strings = lua_gettop(L) + 1;
  r->specials = r->strings + 1;
  r->rows = r->strings + 2;
  r->names = r->strings + 3;
  lua_rawgeti(L, r->kept, PC_CSV_KEPT_STRINGS);
  lua_rawgeti(L, r->kept, PC_CSV_KEPT_SPECIALS);
  lua_rawgeti(L, r->kept, PC_CSV_KEPT_ROWS);
  lua_rawgeti(L, r->kept, PC_CSV_KEPT_NAMES);
  for (i = 1; i < r->c->count && i < PC_CSV_STACK_NAMES; i++)
    lua_rawgeti(L, r->names, (int)i + 1);
  lua_settop(L, r->names + PC_CSV_STACK_NAMES - 1);
  lua_rawgeti(L, r->names, 1);
  lua_replace(L, r->names);
  if (r->c->row_open) lua_rawgeti(L, r->kept, PC_CSV_KEPT_ROW);
}

enum pc_err pc_csv_run(lua_State *L, struct pc_csv *c, int kept,
                       const char *text, size_t len, bool final,
                       size_t *used) {
  struct run r = {.L = L,
                  .c = c,
                  .text = text,
                  .end = text + len,
                  .kept = kept,
                  .final = final,
                  .done = text,
                  .guessing = c->max_field >= PC_ATOM_MAX + 2};
  int top = lua_gettop(L);
  *used = 0;
  if (c->err != PC_OK) return c->err;
  enter(&r);
  *used = (size_t)(run_text(&r, text) - text);
  if (c->err == PC_OK && final && c->headings && !c->named)
    (void)fail(&r, PC_CSV_EMPTY, r.end, r.end);
  if (!c->row_open || c->err != PC_OK) lua_pushnil(L);
  lua_rawseti(L, kept, PC_CSV_KEPT_ROW);
  lua_settop(L, top);
  c->offset += *used;
  return c->err;
}
