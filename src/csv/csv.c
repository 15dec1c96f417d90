/* Fields of CSV text: where they end, what is in them.
** SPDX-License-Identifier: MIT */
#include "csv/csv.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* --- the beginning of a text --- */

static const struct {
  const char *bytes;
  enum pc_err err;
} beginnings[] = {
    {PC_CSV_MARK, PC_OK},       {"\xFF\xFE", PC_CSV_UTF16},
    {"\xFE\xFF", PC_CSV_UTF16}, {"\x1F\x8B", PC_CSV_PACKED}, /* gzip */
    {"PK\x03", PC_CSV_PACKED}, /* ZIP, and what is made of it: xlsx, ods */
};

enum pc_err pc_csv_mark(const char *p, const char *end, bool final,
                        size_t *n) {
  size_t i, there = (size_t)(end - p);
  *n = 0;
  for (i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
    size_t len = strlen(beginnings[i].bytes);
    if (memcmp(p, beginnings[i].bytes, len < there ? len : there) != 0)
      continue;
    if (len > there) return final ? PC_OK : PC_TRUNCATED;
    *n = len;
    return beginnings[i].err;
  }
  return PC_OK;
}

bool pc_csv_is_page(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\t')) p++;
  return p < end && (*p == '<' || *p == '{' || *p == '[');
}

/* --- fields without quotes --- */

static bool is_stop(char c, char separator) {
  return c == separator || c == '\n' || c == '\r' || c == '"';
}

#if defined(__SSE2__)

/* Plain bytes at p, counted by 16; stops in front of a stop, or less than 16
** bytes before the end. */
static const char *skip_plain(const char *p, const char *end, char separator,
                              bool *wide) {
  const __m128i comma = _mm_set1_epi8(separator);
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i line = _mm_set1_epi8('\n'), back = _mm_set1_epi8('\r');
  for (; end - p >= PC_CSV_SCAN; p += PC_CSV_SCAN) {
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i stops = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(x, comma), _mm_cmpeq_epi8(x, quote)),
        _mm_or_si128(_mm_cmpeq_epi8(x, line), _mm_cmpeq_epi8(x, back)));
    unsigned stop = (unsigned)_mm_movemask_epi8(stops);
    unsigned high = (unsigned)_mm_movemask_epi8(x);
    if (stop != 0) {
      /* Only what comes before the stop belongs to the field. */
      *wide = *wide || (high & (stop - 1) & ~stop) != 0;
      return p + __builtin_ctz(stop);
    }
    *wide = *wide || high != 0;
  }
  return p;
}

#else

static const char *skip_plain(const char *p, const char *end, char separator,
                              bool *wide) {
  (void)end;
  (void)separator;
  (void)wide;
  return p;
}

#endif

static enum pc_err read_bare(const char *p, const char *end, char separator,
                             bool final, size_t *scanned,
                             struct pc_csv_field *f) {
  const char *q = p + *scanned;
  f->wide = *scanned > 0; /* who knows */
  q = skip_plain(q, end, separator, &f->wide);
  for (; q < end && !is_stop(*q, separator); q++)
    f->wide = f->wide || (unsigned char)*q >= 0x80;
  f->text = p;
  f->len = (size_t)(q - p);
  f->next = q;
  f->quoted = f->doubled = f->breaks = f->special = false;
  *scanned = f->len;
  if (q == end) return final ? PC_OK : PC_TRUNCATED;
  return *q == '"' ? PC_CSV_QUOTE : PC_OK;
}

/* --- fields in quotes --- */

/* What is in the text of a field that was in quotes. */
static void look_inside(struct pc_csv_field *f, char separator) {
  const char *p = f->text, *end = p + f->len;
  f->wide = false;
  f->breaks = false;
  f->special = f->doubled;
  while ((p = skip_plain(p, end, separator, &f->wide)) < end) {
    f->wide = f->wide || (unsigned char)*p >= 0x80;
    f->special = f->special || *p == separator;
    f->breaks = f->breaks || *p == '\n' || *p == '\r';
    p++;
  }
  f->special = f->special || f->breaks;
}

static enum pc_err read_quoted(const char *p, const char *end, char separator,
                               bool final, size_t *scanned,
                               struct pc_csv_field *f) {
  const char *q = p + (*scanned > 0 ? *scanned : 1);
  f->text = p + 1;
  f->quoted = true;
  f->doubled = *scanned > 0; /* who knows */
  for (;; q += 2) {
    const char *quote = q < end ? memchr(q, '"', (size_t)(end - q)) : NULL;
    if (quote == NULL) {
      *scanned = (size_t)(end - p);
      f->next = final ? p : end;
      return final ? PC_CSV_OPEN : PC_TRUNCATED;
    }
    q = quote;
    if (q + 1 == end || q[1] != '"') break;
    f->doubled = true;
  }
  *scanned = (size_t)(q - p);
  f->next = q + 1;
  f->len = (size_t)(q - f->text);
  if (q + 1 == end) {
    if (!final) return PC_TRUNCATED;
  } else if (q[1] != separator && q[1] != '\n' && q[1] != '\r') {
    return PC_CSV_AFTER;
  }
  look_inside(f, separator);
  return PC_OK;
}

enum pc_err pc_csv_field(const char *p, const char *end, char separator,
                         bool final, size_t *scanned,
                         struct pc_csv_field *field) {
  if (p < end && *p == '"')
    return read_quoted(p, end, separator, final, scanned, field);
  return read_bare(p, end, separator, final, scanned, field);
}

size_t pc_csv_unquote(const char *text, size_t n, char *out) {
  const char *p = text, *end = text + n;
  char *to = out;
  while (p < end) {
    const char *quote = memchr(p, '"', (size_t)(end - p));
    size_t len = (size_t)((quote != NULL ? quote + 1 : end) - p);
    memcpy(to, p, len);
    to += len;
    p += len + (quote != NULL);
  }
  return (size_t)(to - out);
}

size_t pc_csv_lines(const char *text, size_t n, size_t *last) {
  size_t lines = 0, i;
  for (i = 0; i < n; i++) {
    if (text[i] != '\n' && text[i] != '\r') continue;
    if (text[i] == '\r' && i + 1 < n && text[i + 1] == '\n') i++;
    lines++;
    *last = i + 1;
  }
  return lines;
}
