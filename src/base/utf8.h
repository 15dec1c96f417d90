/* UTF-8 (Unicode, table 3-7): shortest form, no surrogates, nothing above
** U+10FFFF.
** SPDX-License-Identifier: MIT */
#ifndef PC_UTF8_H
#define PC_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the sequence at s, whose first byte is 0x80 or above; 0 when
** it is wrong, or cut by the end. */
size_t pc_utf8_length(const unsigned char *s, const unsigned char *end);

/* For a sequence whose length is 0: is it only cut by the end, and right so far? */
bool pc_utf8_cut(const unsigned char *s, const unsigned char *end);

/* How many of the n bytes are valid, all whole sequences. */
size_t pc_utf8_valid(const char *bytes, size_t n);

#endif
