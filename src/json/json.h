/* Scanners for the tokens of JSON text (RFC 8259): white space, strings,
** numbers. They look at one buffer of bytes and never behind its end; a token
** that the end may cut is reported as such and scanned again with more bytes.
** SPDX-License-Identifier: MIT */
#ifndef PC_JSON_H
#define PC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/errors.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* What pc_json_scan saw in a string besides plain ASCII. */
#define PC_JSON_ESCAPES 1u /* backslashes */
#define PC_JSON_WIDE    2u /* bytes of 0x80 and above */

#define PC_JSON_SHORT 64 /* bytes; a multiple of 16 */

struct pc_json_number {
  const char *next; /* the byte after the number; on error the wrong byte */
  double real;      /* correctly rounded; -0.0 for -0 */
  int64_t integer;  /* exact */
  bool
      is_integer; /* which of the two counts: no fraction, no exponent, fits */
};

/* The first byte from p on that is not white space, or end. */
static inline const char *pc_json_space(const char *p, const char *end) {
  while (p < end && (unsigned char)*p <= ' ' &&
         (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
    p++;
  return p;
}

/* The length of the string whose text starts at p, when it is plain ASCII of
** less than PC_JSON_SHORT bytes and its end is well within the buffer; else
** SIZE_MAX. */
static inline size_t pc_json_short(const char *p, const char *end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  const char *q = p;
  if (end - p < PC_JSON_SHORT) return SIZE_MAX;
  for (; q - p < PC_JSON_SHORT; q += 16) {
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)q);
    __m128i stops = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash)),
        _mm_cmpeq_epi8(_mm_min_epu8(x, control), x));
    unsigned stop = (unsigned)_mm_movemask_epi8(stops);
    unsigned wide = (unsigned)_mm_movemask_epi8(x);
    if (stop != 0) {
      q += __builtin_ctz(stop);
      if (*q != '"' || (wide & (stop - 1) & ~stop) != 0) return SIZE_MAX;
      return (size_t)(q - p);
    }
    if (wide != 0) return SIZE_MAX;
  }
#else
  (void)p;
  (void)end;
#endif
  return SIZE_MAX;
}

/* Find what ends the part of a string that starts at p (inside the quotes):
** the closing quote, a control character, or nothing before the end: then the
** result is end, or a backslash that is the last byte. What was seen before
** that is added to `seen`. Escapes and UTF-8 are not checked. */
const char *pc_json_scan(const char *p, const char *end, unsigned *seen);

/* Check the n raw bytes of a string (no quotes) and, unless `out` is NULL,
** write its text there: at most n bytes, over `raw` if they are the same. On an error `*used` says where the
** wrong escape or UTF-8 sequence starts, else how many bytes were written.
** PC_TRUNCATED: the bytes end inside an escape or a sequence. */
PC_MUST_CHECK enum pc_err pc_json_text(const char *raw, size_t n, char *out,
                                       size_t *used);

/* Read the number at p, which is a digit or '-'. `final` says that nothing
** follows `end`; without it a number that reaches the end is PC_TRUNCATED,
** since it may go on. */
PC_MUST_CHECK enum pc_err pc_json_number(const char *p, const char *end,
                                         bool final,
                                         struct pc_json_number *number);

/* Whether these bytes are digits, with a sign before them and a fraction behind a
** point if need be, and a double can hold what they stand for. Unlike a JSON
** number a numeral may begin with zeros, and has no exponent. */
bool pc_json_numeral(const char *p, size_t len, struct pc_json_number *number);

/* The double nearest to digits * 10^exponent, ties to even; infinity when it
** is out of range. `digits` is the text of the digits, where points are
** skipped; `exponent` counts from the last of them. */
double pc_json_double(const char *digits, size_t n, int64_t exponent);

#endif
