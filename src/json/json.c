/* Scanners for JSON strings: their end, their escapes, their UTF-8.
** SPDX-License-Identifier: MIT */
#include "json/json.h"

#include <string.h>
#include "base/utf8.h"

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

typedef unsigned char byte;

/* --- the end of a string --- */

#if defined(__SSE2__)

/* Plain bytes at p, counted up to 16 at a time; stops in front of a quote, a
** backslash or a control character, or less than 16 bytes before the end. */
static const char *skip_plain(const char *p, const char *end, unsigned *seen) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  while (end - p >= 16) {
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i stops = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash)),
        _mm_cmpeq_epi8(_mm_min_epu8(x, control), x));
    unsigned stop = (unsigned)_mm_movemask_epi8(stops);
    unsigned wide = (unsigned)_mm_movemask_epi8(x);
    if (stop != 0) {
      /* Only what comes before the stop belongs to the string. */
      if ((wide & (stop - 1) & ~stop) != 0) *seen |= PC_JSON_WIDE;
      return p + __builtin_ctz(stop);
    }
    if (wide != 0) *seen |= PC_JSON_WIDE;
    p += 16;
  }
  return p;
}

#else

/* The high bit of every byte of x that is zero is set in the result; bits
** above the first such byte may be set wrongly, which costs only a closer
** look. */
static uint64_t zero_bytes(uint64_t x) {
  return (x - ONES) & ~x & HIGHS;
}

/* The same by eights, in any byte order. */
static const char *skip_plain(const char *p, const char *end, unsigned *seen) {
  while (end - p >= 8) {
    uint64_t x;
    memcpy(&x, p, 8);
    if (((zero_bytes(x ^ ONES * '"') | zero_bytes(x ^ ONES * '\\')) != 0) ||
        ((x - ONES * 0x20) & ~x & HIGHS) != 0)
      break;
    if ((x & HIGHS) != 0) *seen |= PC_JSON_WIDE;
    p += 8;
  }
  return p;
}

#endif

const char *pc_json_scan(const char *p, const char *end, unsigned *seen) {
  for (;;) {
    p = skip_plain(p, end, seen);
    while (p < end && *p != '"' && *p != '\\' && (byte)*p >= 0x20) {
      if ((byte)*p >= 0x80) *seen |= PC_JSON_WIDE;
      p++;
      if (end - p >= 16) break;
    }
    if (p == end || *p == '"' || (byte)*p < 0x20) return p;
    if (*p != '\\') continue;
    *seen |= PC_JSON_ESCAPES;
    if (end - p < 2) return p;
    p += 2;
  }
}

/* --- UTF-8 --- */

static size_t write_utf8(uint32_t code, char *out) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (char)(0xC0 | code >> 6);
    out[1] = (char)(0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = (char)(0xE0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3F));
    out[2] = (char)(0x80 | (code & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | code >> 18);
  out[1] = (char)(0x80 | (code >> 12 & 0x3F));
  out[2] = (char)(0x80 | (code >> 6 & 0x3F));
  out[3] = (char)(0x80 | (code & 0x3F));
  return 4;
}

/* --- escapes --- */

/* Read up to four hexadecimal digits into *code. */
static enum pc_err read_hex(const byte *s, const byte *end, uint32_t *code) {
  int i;
  *code = 0;
  for (i = 0; i < 4; i++) {
    uint32_t digit;
    if (s + i == end) return PC_TRUNCATED;
    if (s[i] >= '0' && s[i] <= '9')
      digit = s[i] - '0';
    else if ((s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'f')
      digit = (s[i] | 0x20u) - 'a' + 10;
    else
      return PC_JSON_ESCAPE;
    *code = *code << 4 | digit;
  }
  return PC_OK;
}

/* Read the \u escape at s, and its second half if it is a surrogate pair. */
static enum pc_err read_unicode(const byte *s, const byte *end, uint32_t *code,
                                size_t *length) {
  uint32_t low;
  enum pc_err err = read_hex(s + 2, end, code);
  if (err != PC_OK) return err;
  *length = 6;
  if (*code < 0xD800 || *code > 0xDFFF) return PC_OK;
  if (*code > 0xDBFF) return PC_JSON_SURROGATE;
  if (end - s < 7) return PC_TRUNCATED;
  if (s[6] != '\\') return PC_JSON_SURROGATE;
  if (end - s < 8) return PC_TRUNCATED;
  if (s[7] != 'u') return PC_JSON_SURROGATE;
  err = read_hex(s + 8, end, &low);
  if (err == PC_TRUNCATED) return err;
  if (err != PC_OK || low < 0xDC00 || low > 0xDFFF) return PC_JSON_SURROGATE;
  *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
  *length = 12;
  return PC_OK;
}

/* Read the escape at s, which is a backslash. */
static enum pc_err read_escape(const byte *s, const byte *end, uint32_t *code,
                               size_t *length) {
  if (end - s < 2) return PC_TRUNCATED;
  *length = 2;
  switch (s[1]) {
  case '"': *code = '"'; break;
  case '\\': *code = '\\'; break;
  case '/': *code = '/'; break;
  case 'b': *code = '\b'; break;
  case 'f': *code = '\f'; break;
  case 'n': *code = '\n'; break;
  case 'r': *code = '\r'; break;
  case 't': *code = '\t'; break;
  case 'u': return read_unicode(s, end, code, length);
  default: return PC_JSON_ESCAPE;
  }
  return PC_OK;
}

/* How many bytes from s on are ASCII and no backslash, in steps of eight. */
static size_t count_plain(const byte *s, const byte *end) {
  const byte *p = s;
  while (end - p >= 8) {
    uint64_t x, y;
    memcpy(&x, p, 8);
    y = x ^ ONES * '\\';
    if (((x | ((y - ONES) & ~y)) & HIGHS) != 0) break;
    p += 8;
  }
  return (size_t)(p - s);
}

/* The first byte from s on that is a backslash, or no part of a whole sequence;
** or end. */
static const byte *skip_text(const byte *s, const byte *end) {
  while (s < end) {
    size_t n = *s < 0x80 ? count_plain(s, end) : pc_utf8_length(s, end);
    if (n == 0 && *s < 0x80 && *s != '\\') n = 1;
    if (n == 0) break;
    s += n;
  }
  return s;
}

enum pc_err pc_json_text(const char *raw, size_t n, char *out, size_t *used) {
  const byte *s = (const byte *)raw, *end = s + n;
  char *to = out;
  for (;;) {
    enum pc_err err;
    const byte *next = skip_text(s, end);
    uint32_t code = 0;
    size_t length;
    if (to != NULL) {
      memmove(to, s, (size_t)(next - s)); /* may be the same bytes */
      to += next - s;
    }
    s = next;
    if (s == end) break;
    if (*s == '\\')
      err = read_escape(s, end, &code, &length);
    else
      err = pc_utf8_cut(s, end) ? PC_TRUNCATED : PC_JSON_UTF8;
    if (err != PC_OK) {
      *used = (size_t)(s - (const byte *)raw);
      return err;
    }
    if (to != NULL) to += write_utf8(code, to);
    s += length;
  }
  *used = out == NULL ? n : (size_t)(to - out);
  return PC_OK;
}
