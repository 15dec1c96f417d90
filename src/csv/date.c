/* Dates in CSV text, whatever the machine's locale and time zone.
** SPDX-License-Identifier: MIT */
#include "csv/csv.h"

#define MAX_FRACTION 9 /* digits of a fraction that count */

/* What is left of the text. */
struct rest {
  const char *p;
  const char *end;
};

struct clock {
  int hour, minute, second;
};

/* Read from `least` to `most` digits. */
static bool read_digits(struct rest *r, int least, int most, int *value) {
  int n = 0;
  *value = 0;
  while (n < most && r->p < r->end && *r->p >= '0' && *r->p <= '9') {
    *value = *value * 10 + (*r->p++ - '0');
    n++;
  }
  return n >= least;
}

static bool read_char(struct rest *r, char c) {
  if (r->p == r->end || *r->p != c) return false;
  r->p++;
  return true;
}

static bool is_leap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool is_day(int year, int month, int day) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= days[month - 1] + (month == 2 && is_leap(year));
}

/* Days since 1970, by the Gregorian calendar. The year is counted from March,
** so that the leap day comes last. */
static int64_t count_days(int year, int month, int day) {
  int64_t y = year - (month <= 2) + 400; /* 400 years are 146097 days */
  int64_t in_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
  return 365 * y + y / 4 - y / 100 + y / 400 + in_year - 146097 - 719468;
}

/* Read hours, minutes and seconds, the hours with `least` digits or two. */
static bool read_clock(struct rest *r, int least, struct clock *c) {
  return read_digits(r, least, 2, &c->hour) && read_char(r, ':') &&
         read_digits(r, 2, 2, &c->minute) && read_char(r, ':') &&
         read_digits(r, 2, 2, &c->second) && c->hour <= 23 &&
         c->minute <= 59 && c->second <= (c->minute == 59 ? 60 : 59);
}

/* Read a fraction, if there is one. */
static bool read_fraction(struct rest *r, double *fraction) {
  double scale = 1;
  int n = 0;
  *fraction = 0;
  if (!read_char(r, '.')) return true;
  for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++, n++) {
    if (n >= MAX_FRACTION) continue;
    *fraction = *fraction * 10 + (*r->p - '0');
    scale *= 10;
  }
  *fraction /= scale;
  return n > 0;
}

/* Read Z, +hh:mm or +hhmm, or nothing: seconds east of UTC. */
static bool read_zone(struct rest *r, int *offset) {
  int hours, minutes;
  bool west = r->p < r->end && *r->p == '-';
  *offset = 0;
  if (r->p == r->end || read_char(r, 'Z') || read_char(r, 'z')) return true;
  if (!read_char(r, west ? '-' : '+')) return false;
  if (!read_digits(r, 2, 2, &hours)) return false;
  (void)read_char(r, ':');
  if (!read_digits(r, 2, 2, &minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  *offset = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
  return true;
}

static void set_date(struct pc_csv_date *date, int year, int month, int day,
                     const struct clock *c, int offset) {
  date->never = year == 1 && month == 1 && day == 1;
  date->seconds = count_days(year, month, day) * 86400 + c->hour * 3600 +
                  c->minute * 60 + c->second - offset;
}

/* 2021-03-31T18:41:00.5+00:00 and what may be left out of it. */
static bool read_iso(struct rest r, struct pc_csv_date *date) {
  struct clock c = {0, 0, 0};
  int year, month, day, offset = 0;
  if (!read_digits(&r, 4, 4, &year) || !read_char(&r, '-') ||
      !read_digits(&r, 2, 2, &month) || !read_char(&r, '-') ||
      !read_digits(&r, 2, 2, &day) || !is_day(year, month, day))
    return false;
  if (r.p < r.end) {
    if (!read_char(&r, 'T') && !read_char(&r, 't') && !read_char(&r, ' '))
      return false;
    if (!read_clock(&r, 2, &c) || !read_fraction(&r, &date->fraction) ||
        !read_zone(&r, &offset))
      return false;
  }
  set_date(date, year, month, day, &c, offset);
  return r.p == r.end;
}

/* 3/31/2021 6:41:00 PM */
static bool read_american(struct rest r, struct pc_csv_date *date) {
  struct clock c;
  int year, month, day;
  bool afternoon;
  if (!read_digits(&r, 1, 2, &month) || !read_char(&r, '/') ||
      !read_digits(&r, 1, 2, &day) || !read_char(&r, '/') ||
      !read_digits(&r, 4, 4, &year) || !is_day(year, month, day) ||
      !read_char(&r, ' ') || !read_clock(&r, 1, &c) || !read_char(&r, ' '))
    return false;
  afternoon = read_char(&r, 'P');
  if (!afternoon && !read_char(&r, 'A')) return false;
  if (!read_char(&r, 'M') || c.hour < 1 || c.hour > 12) return false;
  c.hour = c.hour % 12 + (afternoon ? 12 : 0);
  set_date(date, year, month, day, &c, 0);
  return r.p == r.end;
}

bool pc_csv_date(const char *text, size_t n, struct pc_csv_date *date) {
  struct rest r;
  r.p = text;
  r.end = text + n;
  date->fraction = 0;
  return read_iso(r, date) || read_american(r, date);
}
