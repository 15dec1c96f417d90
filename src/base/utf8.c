/* Checking UTF-8.
** SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#define HIGHS UINT64_C(0x8080808080808080)

typedef unsigned char byte;

/* How many bytes the sequence at s needs, by its first; 0: none begins so. */
static inline size_t wanted(const byte *s) {
  if (s[0] < 0xC2 || s[0] > 0xF4) return 0;
  return s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
}

/* How many of the n bytes at s are right. */
static inline size_t count_right(const byte *s, size_t n) {
  byte lowest = 0x80, highest = 0xBF; /* the bounds of the second byte */
  size_t i;
  if (s[0] == 0xE0) lowest = 0xA0;
  if (s[0] == 0xED) highest = 0x9F;
  if (s[0] == 0xF0) lowest = 0x90;
  if (s[0] == 0xF4) highest = 0x8F;
  if (n < 2 || s[1] < lowest || s[1] > highest) return 1;
  for (i = 2; i < n && (s[i] & 0xC0) == 0x80;) i++;
  return i;
}

size_t pc_utf8_length(const byte *s, const byte *end) {
  size_t n = wanted(s);
  if (n == 0 || (size_t)(end - s) < n || count_right(s, n) < n) return 0;
  return n;
}

bool pc_utf8_cut(const byte *s, const byte *end) {
  size_t n = wanted(s), there = (size_t)(end - s);
  return there < n && count_right(s, there) == there;
}

size_t pc_utf8_valid(const char *bytes, size_t n) {
  const byte *s = (const byte *)bytes, *end = s + n, *p = s;
  while (p < end) {
    uint64_t x = HIGHS;
    size_t length = 1;
    if (end - p >= 8) memcpy(&x, p, 8);
    if ((x & HIGHS) == 0)
      length = 8;
    else if (*p >= 0x80)
      length = pc_utf8_length(p, end);
    if (length == 0) break;
    p += length;
  }
  return (size_t)(p - s);
}
