/* JSON numbers: exact integers, correctly rounded doubles.
**
** strtod is not used: it obeys the locale, and where one number in four has
** 17 digits decoding takes 1.6 times as long with strtod_l for those. Two ways
** lead to a double, both exact: a product of 128 bits (Eisel and Lemire), and,
** for the few numbers of more than 19 digits where that leaves a doubt, long
** integers.
** SPDX-License-Identifier: MIT */
#include "json/json.h"

#include <float.h>
#include <string.h>

/* The powers of ten that can make a double of 64 bits of digits. */
#define POWERS_FIRST (-342)
#define POWERS_LAST  308

#define MAX_DIGITS     19         /* what always fits 64 bits */
#define MAX_SHORT      17         /* one more still fits an int64_t */
#define MAX_EXPONENT   1000000000 /* more than any text has digits to undo */
#define MANTISSA_BITS  52
#define EXPONENT_BIAS  1023
#define INFINITE_POWER 0x7FF
/* A double, and the middle between two, has at most 767 digits. One more
** stands for all that are cut off. */
#define LONG_DIGITS 768
/* What is compared is alike in size: 769 digits times 5^308, or 54 bits times
** 5^(342 + 769), which is less than 3400 bits. */
#define BIG_LIMBS 128

/* The top 128 bits of each power of five. */
static const uint64_t powers_of_five[POWERS_LAST - POWERS_FIRST + 1][2] = {
#include "json/powers.def"
};

/* A decimal number: digits * 10^exponent. */
struct decimal {
  uint64_t digits;  /* the first 19 significant digits */
  int64_t exponent; /* of ten */
  bool cut;         /* digits other than 0 were left out */
};

/* --- a 64-bit number of digits to a double --- */

struct product {
  uint64_t high;
  uint64_t low;
};

static struct product multiply(uint64_t a, uint64_t b) {
  struct product r;
#if defined(__SIZEOF_INT128__)
  __extension__ typedef unsigned __int128 wide;
  wide p = (wide)a * b;
  r.high = (uint64_t)(p >> 64);
  r.low = (uint64_t)p;
#else
  uint64_t a0 = a & 0xFFFFFFFF, a1 = a >> 32;
  uint64_t b0 = b & 0xFFFFFFFF, b1 = b >> 32;
  uint64_t mid = a1 * b0 + (a0 * b0 >> 32);
  uint64_t mid2 = a0 * b1 + (mid & 0xFFFFFFFF);
  r.high = a1 * b1 + (mid >> 32) + (mid2 >> 32);
  r.low = a * b;
#endif
  return r;
}

static int leading_zeros(uint64_t x) {
#if defined(__GNUC__)
  return __builtin_clzll(x);
#else
  int n = 0;
  while ((x >> 63) == 0) {
    x <<= 1;
    n++;
  }
  return n;
#endif
}

static double make_double(uint64_t mantissa, int power) {
  uint64_t bits = mantissa | (uint64_t)power << MANTISSA_BITS;
  double d;
  memcpy(&d, &bits, sizeof d);
  return d;
}

/* Round a mantissa that has one bit too many, and make the double. */
static double round_double(uint64_t mantissa, int power) {
  mantissa += mantissa & 1;
  mantissa >>= 1;
  if (power <= 0) { /* subnormal: rounding up may make it normal */
    return make_double(mantissa, 0);
  }
  if (mantissa >= UINT64_C(2) << MANTISSA_BITS) {
    mantissa = UINT64_C(1) << MANTISSA_BITS;
    power++;
  }
  if (power >= INFINITE_POWER) return make_double(0, INFINITE_POWER);
  return make_double(mantissa & ~(UINT64_C(1) << MANTISSA_BITS), power);
}

/* The double nearest to w * 10^q. The 128 bits of the power are always enough
** (Mushtak and Lemire, "Fast number parsing without fallback", 2023). */
static double scale(uint64_t w, int64_t q) {
  const int keep = 64 - MANTISSA_BITS - 3; /* low bits of the upper word */
  const uint64_t *five;
  struct product p;
  uint64_t mantissa;
  int zeros, upper, power;
  if (w == 0 || q < POWERS_FIRST) return 0.0;
  if (q > POWERS_LAST) return make_double(0, INFINITE_POWER);
  five = powers_of_five[q - POWERS_FIRST];
  zeros = leading_zeros(w);
  w <<= zeros;
  p = multiply(w, five[0]);
  if ((p.high & (UINT64_MAX >> (64 - keep))) == UINT64_MAX >> (64 - keep)) {
    struct product more = multiply(w, five[1]);
    p.low += more.high;
    if (p.low < more.high) p.high++;
  }
  upper = (int)(p.high >> 63);
  mantissa = p.high >> (upper + keep);
  /* 217706 / 2^16 is log2(10) as far as it matters here; 2048 more for the
  ** shift, which needs a positive number. */
  power = (int)((217706 * q + (INT64_C(2048) << 16)) >> 16) - 2048;
  power += 63 + upper - zeros + EXPONENT_BIAS;
  if (power <= 0) {
    if (power <= -63) return 0.0;
    return round_double(mantissa >> (1 - power), 0);
  }
  /* Just in the middle between two doubles: to the even one. That happens
  ** only where 5^q is exact. */
  if (p.low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 &&
      mantissa << (upper + keep) == p.high)
    mantissa &= ~UINT64_C(1);
  return round_double(mantissa, power);
}

/* --- long integers, for numbers of more than 19 digits --- */

struct big {
  uint32_t limb[BIG_LIMBS]; /* the least significant first */
  int n;                    /* limbs in use; the last is not 0 */
};

static void big_set(struct big *b, uint64_t x) {
  b->limb[0] = (uint32_t)x;
  b->limb[1] = (uint32_t)(x >> 32);
  b->n = b->limb[1] != 0 ? 2 : b->limb[0] != 0 ? 1 : 0;
}

static void big_multiply_add(struct big *b, uint32_t factor, uint32_t add) {
  uint64_t carry = add;
  int i;
  for (i = 0; i < b->n; i++) {
    carry += (uint64_t)b->limb[i] * factor;
    b->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry != 0) b->limb[b->n++] = (uint32_t)carry;
}

static void big_multiply_power(struct big *b, uint32_t factor, int64_t times) {
  while (times-- > 0) big_multiply_add(b, factor, 0);
}

static void big_shift(struct big *b, int bits) {
  int limbs = bits / 32;
  memmove(b->limb + limbs, b->limb, (size_t)b->n * sizeof b->limb[0]);
  memset(b->limb, 0, (size_t)limbs * sizeof b->limb[0]);
  b->n += limbs;
  big_multiply_add(b, UINT32_C(1) << bits % 32, 0);
}

static int big_compare(const struct big *a, const struct big *b) {
  int i;
  if (a->n != b->n) return a->n < b->n ? -1 : 1;
  for (i = a->n - 1; i >= 0; i--) {
    if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
  }
  return 0;
}

/* Take the digits, at most LONG_DIGITS and one for the rest; the exponent
** changes with what is left out. */
static void big_digits(struct big *b, const char *s, size_t n,
                       int64_t *exponent) {
  const char *end = s + n;
  int taken = 0;
  bool rest = false;
  big_set(b, 0);
  for (; s < end; s++) {
    if (*s == '.' || (taken == 0 && *s == '0')) continue;
    if (taken < LONG_DIGITS) {
      big_multiply_add(b, 10, (uint32_t)(*s - '0'));
      taken++;
    } else {
      rest = rest || *s != '0';
      ++*exponent;
    }
  }
  if (rest) {
    big_multiply_add(b, 10, 1);
    --*exponent;
  }
}

/* Whether digits * 10^exponent lies below (-1), on (0) or above (1) the middle
** between the double `low` (0 or greater) and the next one. */
static int compare_middle(const char *digits, size_t n, int64_t exponent,
                          double low) {
  struct big number, middle;
  uint64_t bits, mantissa;
  int power;
  memcpy(&bits, &low, sizeof bits);
  power = (int)(bits >> MANTISSA_BITS);
  mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
  if (power > 0) mantissa |= UINT64_C(1) << MANTISSA_BITS;
  if (power == 0) power = 1;
  power -= EXPONENT_BIAS + MANTISSA_BITS + 1;
  mantissa = 2 * mantissa + 1; /* middle = mantissa * 2^power */
  big_set(&middle, mantissa);
  big_digits(&number, digits, n, &exponent);
  /* 10^e = 5^e * 2^e: powers of five where they belong, then the balance of
  ** the powers of two. */
  big_multiply_power(&number, 5, exponent);
  big_multiply_power(&middle, 5, -exponent);
  if (exponent > power)
    big_shift(&number, (int)exponent - power);
  else
    big_shift(&middle, power - (int)exponent);
  return big_compare(&number, &middle);
}

/* --- decimals to doubles --- */

/* The first 19 significant digits of the text, and what they leave out. */
static struct decimal read_digits(const char *s, size_t n, int64_t exponent) {
  struct decimal d = {0, exponent, false};
  const char *end = s + n;
  int taken = 0;
  for (; s < end; s++) {
    if (*s == '.') continue;
    if (taken < MAX_DIGITS) {
      d.digits = d.digits * 10 + (uint64_t)(*s - '0');
      if (d.digits != 0) taken++;
    } else {
      d.cut = d.cut || *s != '0';
      d.exponent++;
    }
  }
  return d;
}

double pc_json_double(const char *digits, size_t n, int64_t exponent) {
  struct decimal d = read_digits(digits, n, exponent);
  double low = scale(d.digits, d.exponent), high;
  uint64_t bits;
  int order;
  if (!d.cut) return low;
  /* The number lies between these two, which are one double or neighbours. */
  high = scale(d.digits + 1, d.exponent);
  if (low == high) return low;
  order = compare_middle(digits, n, exponent, low);
  memcpy(&bits, &low, sizeof bits);
  return order > 0 || (order == 0 && (bits & 1) != 0) ? high : low;
}

/* --- the grammar --- */

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *p, const char *end, uint64_t *w) {
  while (p < end && is_digit(*p)) *w = *w * 10 + (uint64_t)(*p++ - '0');
  return p;
}

/* Read the exponent after the letter e; NULL when it has no digits. */
static const char *read_exponent(const char *p, const char *end,
                                 int64_t *exponent, const char **wrong) {
  bool negative = p < end && *p == '-';
  int64_t e = 0;
  if (p < end && (*p == '-' || *p == '+')) p++;
  *wrong = p;
  if (p == end || !is_digit(*p)) return NULL;
  for (; p < end && is_digit(*p); p++) {
    if (e < MAX_EXPONENT) e = e * 10 + (*p - '0');
  }
  *exponent += negative ? -e : e;
  return p;
}

/* Whether a number without fraction and exponent is an integer for Lua. -0 is
** none: only a double keeps its sign. */
static bool take_integer(uint64_t w, size_t n, bool negative,
                         struct pc_json_number *number) {
  if (n > MAX_DIGITS || (negative && w == 0) ||
      w > (uint64_t)INT64_MAX + (negative ? 1 : 0))
    return false;
  number->integer = negative ? -1 - (int64_t)(w - 1) : (int64_t)w;
  return true;
}

/* Read the number at p if it is as most are: at most 18 digits or 17 and a point, no exponent,
** and seen to end. */
static bool read_short(const char *p, const char *end,
                       struct pc_json_number *number) {
  bool negative = *p == '-';
  const char *q = p + negative, *point = NULL;
  uint64_t w = 0;
  if (end - p < MAX_SHORT + 4 || !is_digit(*q)) return false;
  if (*q == '0' && is_digit(q[1])) return false;
  end = q + MAX_SHORT + 1;
  while (q < end && is_digit(*q)) w = w * 10 + (uint64_t)(*q++ - '0');
  if (*q == '.') {
    point = q++;
    while (q < end && is_digit(*q)) w = w * 10 + (uint64_t)(*q++ - '0');
  }
  if (*q != ',' && *q != '}' && *q != ']') return false;
  number->next = q;
  number->is_integer = point == NULL;
  number->integer = negative ? -(int64_t)w : (int64_t)w;
  if (point == NULL) return !(negative && w == 0);
  if (q - point < 2) return false;
  number->real = scale(w, 1 - (q - point));
  if (negative) number->real = -number->real;
  return true;
}

enum pc_err pc_json_number(const char *p, const char *end, bool final,
                           struct pc_json_number *number) {
  bool negative = *p == '-';
  const char *digits = negative ? p + 1 : p;
  const char *q, *whole, *last;
  int64_t exponent = 0;
  uint64_t w = 0;
  if (read_short(p, end, number)) return PC_OK;
  q = whole = skip_digits(digits, end, &w);
  number->next = q;
  if (q == digits) return q == end ? PC_TRUNCATED : PC_JSON_NUMBER;
  if (*digits == '0' && q - digits > 1) {
    number->next = digits + 1;
    return PC_JSON_NUMBER;
  }
  last = q;
  if (q < end && *q == '.') {
    last = skip_digits(q + 1, end, &w);
    number->next = last;
    if (last == q + 1) return last == end ? PC_TRUNCATED : PC_JSON_NUMBER;
    exponent = -(last - q - 1);
  }
  q = last;
  if (q < end && (*q == 'e' || *q == 'E')) {
    q = read_exponent(q + 1, end, &exponent, &number->next);
    if (q == NULL) return number->next == end ? PC_TRUNCATED : PC_JSON_NUMBER;
  }
  number->next = q;
  if (q == end && !final) return PC_TRUNCATED;
  number->is_integer =
      q == whole && take_integer(w, (size_t)(q - digits), negative, number);
  if (number->is_integer) return PC_OK;
  if (last - digits - (last > whole) > MAX_DIGITS)
    number->real = pc_json_double(digits, (size_t)(last - digits), exponent);
  else
    number->real = scale(w, exponent);
  if (number->real > DBL_MAX) {
    number->next = p;
    return PC_JSON_RANGE;
  }
  if (negative) number->real = -number->real;
  return PC_OK;
}

bool pc_json_numeral(const char *p, size_t len,
                     struct pc_json_number *number) {
  const char *end = p + len, *q = p, *whole;
  bool negative = len > 0 && *p == '-', zeros;
  size_t points = 0;
  for (q += negative, whole = q; q < end; q++) {
    if (*q == '.' && q > whole && q + 1 < end)
      points++;
    else if (!is_digit(*q))
      return false;
  }
  if (whole == end || points > 1) return false;
  for (q = whole; end - q > 1 && *q == '0' && is_digit(q[1]);) q++;
  zeros = q > whole;
  if (pc_json_number(zeros ? q : p, end, true, number) != PC_OK) return false;
  if (zeros && negative) {
    number->integer = -number->integer;
    number->real = -number->real;
  }
  return true;
}
