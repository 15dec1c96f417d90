/* Scanners for CSV text (RFC 4180): fields, and the dates in them. They look
** at one buffer of bytes and never behind its end; a field that the end may
** cut is reported as such and scanned again with more bytes.
** SPDX-License-Identifier: MIT */
#ifndef PC_CSV_H
#define PC_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/errors.h"

#define PC_CSV_SCAN 16 /* bytes looked at together */

#define PC_CSV_MARK     "\xEF\xBB\xBF" /* a byte order mark */
#define PC_CSV_MARK_LEN (sizeof PC_CSV_MARK - 1)

/* Look at the beginning of a text: how many bytes of a byte order mark there
** are in front of it. PC_TRUNCATED: it is cut before that is clear, which
** `final` rules out; PC_CSV_UTF16, PC_CSV_PACKED: it is such a file. */
PC_MUST_CHECK enum pc_err pc_csv_mark(const char *p, const char *end,
                                      bool final, size_t *n);

/* Whether the text at p begins as HTML, XML or JSON do. */
bool pc_csv_is_page(const char *p, const char *end);

struct pc_csv_field {
  const char *text; /* its first byte; of a quoted one, inside the quotes */
  size_t len;       /* as written: quotes inside are still doubled */
  const char *next; /* what ends it: a separator, a line break, the end of the
                       text; on an error the wrong byte */
  bool quoted;
  bool doubled; /* there are quotes inside */
  bool wide;    /* there are bytes of 0x80 and above */
  bool breaks;  /* there are line breaks inside */
  bool special; /* could not stand there without the quotes */
};

/* Read the field at p. `final` says that nothing follows `end`; without it a
** field that reaches the end is PC_TRUNCATED, since it may go on, and
** *scanned says how many of its bytes need no second look: it comes again
** with them in front. */
PC_MUST_CHECK enum pc_err pc_csv_field(const char *p, const char *end,
                                       char separator, bool final,
                                       size_t *scanned,
                                       struct pc_csv_field *field);

/* Write the text of a field to `out`, each pair of quotes as one. Returns how
** many bytes that were: at most n. */
size_t pc_csv_unquote(const char *text, size_t n, char *out);

/* Count the line breaks in n bytes: CRLF, LF or CR. *last is where the line
** behind the last one begins, if there was one. */
size_t pc_csv_lines(const char *text, size_t n, size_t *last);

struct pc_csv_date {
  int64_t seconds; /* since 1970, UTC */
  double fraction; /* of a second, 0 or more */
  bool never;      /* day one of year one */
};

/* Read a date, n bytes that are all of it: 2021-03-31, the same with a time
** (T or a blank, a fraction, Z or +hh:mm; without zone it is UTC), or the
** American form, which only its AM or PM gives away: 3/31/2021 6:41:00 PM. */
bool pc_csv_date(const char *text, size_t n, struct pc_csv_date *date);

#endif
