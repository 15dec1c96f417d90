/* What the decoder remembers of the text so far, to guess what comes next.
**
** Rows look alike. A place is a position in the structure of the text: the
** root, the elements of an array, or a member of an object. Each place knows
** what stood there last: the bytes that led to it, a string, the members of
** an object, the size of a table. A guess is only ever compared with the bytes
** that really come, so a wrong one costs time and nothing else.
**
** An atom is a short string seen before. Lua strings belong to places (member
** names) and atoms by index; the builder keeps them in Lua tables.
** SPDX-License-Identifier: MIT */
#ifndef PC_MEMO_H
#define PC_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define PC_LEAD_MAX   65   /* bytes; makes a place 128 of them */
#define PC_ATOM_MAX   96   /* bytes; longer strings hardly repeat */
#define PC_SIBLINGS   64   /* names of one object worth a place each */
#define PC_PLACES     2048 /* places in all: 256 KiB, for any real schema */
#define PC_PATIENCE   16   /* failures in a row before a place stops trying */
#define PC_SIZE_BLIND 8    /* slots of a table of which nothing is known */
#define PC_SIZE_KEPT  32   /* slots of a table that one text gives the next */

enum { PC_NOWHERE, PC_ROOT }; /* the first two places */
enum { PC_NO_ATOM };          /* the first atom */

/* The strings that came at one place, or in one column. */
struct pc_seen {
  uint32_t texts[2]; /* atoms of the last two */
  uint8_t hope;      /* tries left before strings here count as new */
  uint8_t rest;      /* strings passed over since then */
};

struct pc_place {
  uint32_t next;          /* the member that followed last time */
  uint32_t first;         /* of an object here: its first member */
  uint32_t element;       /* of an array here: the place of its elements */
  struct pc_seen seen;    /* the strings here */
  uint32_t members[2];    /* sizes of the last two objects here */
  uint32_t elements[2];   /* sizes of the last two arrays here */
  uint32_t parent;        /* of a member: the place of its object */
  uint32_t name_len;      /* bytes of the member's name */
  const char *name;       /* the bytes of its Lua string */
  uint16_t siblings;      /* members known of an object here */
  bool wild;              /* object with too many names: all share a place */
  bool count;             /* a string here may have to become a number */
  uint8_t lead_len;       /* 0: not known */
  char lead[PC_LEAD_MAX]; /* from behind ',' or '{' to the value */
};

struct pc_atom {
  const char *bytes; /* of the Lua string */
  uint32_t len;      /* UINT32_MAX: nothing is known of it */
  uint32_t hash;
};

struct pc_memo {
  struct pc_place *places; /* [0] is nowhere: it leads only to itself */
  uint32_t count;          /* places in use */
  uint32_t cap;            /* places allocated */
  uint16_t *slots;         /* the named places by pc_slot; 0: none */
  uint32_t slot_mask;      /* slots are at least twice as many as places */
  struct pc_atom *atoms;   /* [PC_NO_ATOM] is never used */
  uint32_t mask;           /* atoms are [1 + (hash & mask)] */
};

#if defined(__SSE2__)
/* A bit for each of 16 bytes that is the same. */
static inline uint32_t pc_equal16(const char *a, const char *b) {
  __m128i x = _mm_loadu_si128((const __m128i *)(const void *)a);
  __m128i y = _mm_loadu_si128((const __m128i *)(const void *)b);
  return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y));
}
#endif

/* Whether n bytes are the same. Calls nothing: it decides the speed. */
static inline bool pc_same(const char *a, const char *b, size_t n) {
  uint64_t x, y;
  uint32_t v, w;
  size_t i;
  if (n < 4) {
    for (i = 0; i < n; i++) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }
  if (n < 8) {
    memcpy(&v, a, 4);
    memcpy(&w, b, 4);
    if (v != w) return false;
    memcpy(&v, a + n - 4, 4);
    memcpy(&w, b + n - 4, 4);
    return v == w;
  }
  for (i = 0; i + 8 < n; i += 8) {
    memcpy(&x, a + i, 8);
    memcpy(&y, b + i, 8);
    if (x != y) return false;
  }
  memcpy(&x, a + n - 8, 8);
  memcpy(&y, b + n - 8, 8);
  return x == y;
}

static inline uint32_t pc_hash(const char *s, size_t n) {
  const uint64_t factor = UINT64_C(0x9E3779B97F4A7C15);
  uint64_t h = n * factor, x = 0;
  uint32_t v, w;
  size_t i;
  if (n >= 8) {
    for (i = 0; i + 8 < n; i += 8) {
      memcpy(&x, s + i, 8);
      h = (h ^ x) * factor;
      h ^= h >> 32;
    }
    memcpy(&x, s + n - 8, 8);
  } else if (n >= 4) {
    memcpy(&v, s, 4);
    memcpy(&w, s + n - 4, 4);
    x = (uint64_t)v << 32 | w;
  } else {
    for (i = 0; i < n; i++) x = x << 8 | (unsigned char)s[i];
  }
  h = (h ^ x) * factor;
  return (uint32_t)(h >> 32);
}

/* Whether the bytes at p are those that lead to place m, with the first byte
** of the value behind them. */
static inline bool pc_leads(const struct pc_place *m, const char *p,
                            const char *end) {
  size_t n = m->lead_len;
  if (n == 0) return false;
#if defined(__SSE2__)
  /* With as many bytes on both sides as a lead can have, look at more than it
  ** has: that takes no branches for its length, a fifteenth of the time. */
  if (end - p >= PC_LEAD_MAX && n <= 32) {
    uint32_t low = pc_equal16(p, m->lead);
    uint32_t high = pc_equal16(p + 16, m->lead + 16);
    return ~(low | high << 16) << (32 - n) == 0;
  }
#endif
  return (size_t)(end - p) > n && pc_same(p, m->lead, n);
}

/* Where to look for the name first. */
static inline uint32_t pc_first_slot(const struct pc_memo *memo,
                                     uint32_t parent, const char *name,
                                     size_t len) {
  return (pc_hash(name, len) + parent) & memo->slot_mask;
}

/* The member called so of the object at `parent`; PC_NOWHERE when it is not
** known. */
static inline uint32_t pc_memo_find(const struct pc_memo *memo,
                                    uint32_t parent, const char *name,
                                    size_t len) {
  uint32_t slot = pc_first_slot(memo, parent, name, len), i;
  for (; (i = memo->slots[slot]) != 0; slot = (slot + 1) & memo->slot_mask) {
    const struct pc_place *m = &memo->places[i];
    if (m->parent == parent && m->name_len == len &&
        pc_same(m->name, name, len))
      return i;
  }
  return PC_NOWHERE;
}

/* How many slots go with so many places. */
uint32_t pc_memo_slots(uint32_t cap);

/* Set up a memo in memory of the caller's: room for `cap` places, at least
** two, for as many slots as go with them, and for mask + 2 atoms. */
void pc_memo_init(struct pc_memo *memo, struct pc_place *places, uint32_t cap,
                  uint16_t *slots, struct pc_atom *atoms, uint32_t mask);

/* Go on with copies of the places in use, at `places`. */
void pc_memo_move(struct pc_memo *memo, struct pc_place *places, uint32_t cap,
                  uint16_t *slots);

/* Make mask + 2 atoms of which nothing is known. */
void pc_memo_clear_atoms(struct pc_atom *atoms, uint32_t mask);

/* Forget all atoms and use these from now on. */
void pc_memo_set_atoms(struct pc_memo *memo, struct pc_atom *atoms,
                       uint32_t mask);

/* Forget sizes that another text has paid for, but for small ones. */
void pc_memo_shrink(struct pc_memo *memo);

/* A new place, or PC_NOWHERE when all are in use (cap grows up to
** PC_PLACES by the caller's doing). */
uint32_t pc_memo_place(struct pc_memo *memo);

/* A place for a new member of the object at `parent`, behind place `after`
** (PC_NOWHERE: in front). The name must stay where it is. The members of a
** wild object share a place, which has no name. */
uint32_t pc_memo_member(struct pc_memo *memo, uint32_t parent, uint32_t after,
                        const char *name, size_t len);

/* Remember what led to place m. */
void pc_memo_lead(struct pc_memo *memo, uint32_t m, const char *lead,
                  size_t len);

#endif
