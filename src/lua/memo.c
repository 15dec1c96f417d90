/* The slow half of the memo: what happens when a guess was wrong.
** SPDX-License-Identifier: MIT */
#include "lua/memo.h"

void pc_memo_clear_atoms(struct pc_atom *atoms, uint32_t mask) {
  uint32_t i;
  for (i = 0; i <= mask + 1; i++) {
    atoms[i].bytes = NULL;
    atoms[i].len = UINT32_MAX;
    atoms[i].hash = 0;
  }
}

void pc_memo_set_atoms(struct pc_memo *memo, struct pc_atom *atoms,
                       uint32_t mask) {
  uint32_t i;
  memo->atoms = atoms;
  memo->mask = mask;
  pc_memo_clear_atoms(atoms, mask);
  for (i = 0; i < memo->count; i++)
    memset(memo->places[i].seen.texts, 0, sizeof memo->places[i].seen.texts);
}

void pc_memo_init(struct pc_memo *memo, struct pc_place *places, uint32_t cap,
                  struct pc_atom *atoms, uint32_t mask) {
  memo->places = places;
  memo->cap = cap;
  memo->count = 0;
  (void)pc_memo_place(memo);
  (void)pc_memo_place(memo);
  /* Nowhere is an object whose members are nowhere. */
  places[PC_NOWHERE].wild = true;
  pc_memo_set_atoms(memo, atoms, mask);
}

uint32_t pc_memo_place(struct pc_memo *memo) {
  struct pc_place *m;
  if (memo->count == memo->cap) return PC_NOWHERE;
  m = &memo->places[memo->count];
  memset(m, 0, offsetof(struct pc_place, lead));
  m->seen.hope = PC_PATIENCE;
  return memo->count++;
}

uint32_t pc_memo_guess(const struct pc_memo *memo, uint32_t parent,
                       uint32_t from, const char *p, const char *end) {
  const struct pc_place *places = memo->places;
  uint32_t i = from;
  int n;
  if (places[parent].wild) return PC_NOWHERE;
  for (n = 0; n < PC_GUESSES; n++) {
    if (i == PC_NOWHERE) i = places[parent].first;
    if (pc_leads(&places[i], p, end)) return i;
    i = places[i].next;
    if (i == from) break;
  }
  return PC_NOWHERE;
}

/* Search the siblings from i on, up to but not including `end`. */
static uint32_t search(const struct pc_place *places, uint32_t i, uint32_t end,
                       const char *name, size_t len, uint32_t hash) {
  while (i != end && (places[i].hash != hash || places[i].name_len != len ||
                      !pc_same(places[i].name, name, len)))
    i = places[i].next;
  return i;
}

uint32_t pc_memo_find(const struct pc_memo *memo, uint32_t parent,
                      uint32_t from, const char *name, size_t len) {
  const struct pc_place *places = memo->places;
  uint32_t first = places[parent].first, i;
  uint32_t hash = pc_hash(name, len);
  if (places[parent].wild) return first;
  i = search(places, from, PC_NOWHERE, name, len, hash);
  if (i != PC_NOWHERE) return i;
  i = search(places, first, from, name, len, hash);
  return i == from ? PC_NOWHERE : i;
}

/* Turn the object at `parent` wild: from now on its members share the first
** place. Only its name and lead are wrong for the others, so it loses them. */
static uint32_t make_wild(struct pc_memo *memo, uint32_t parent) {
  uint32_t shared = memo->places[parent].first;
  struct pc_place *m = &memo->places[shared];
  memo->places[parent].wild = true;
  m->next = shared;
  m->lead_len = 0;
  m->name = NULL;
  return shared;
}

uint32_t pc_memo_member(struct pc_memo *memo, uint32_t parent, uint32_t after,
                        const char *name, size_t len) {
  struct pc_place *places = memo->places;
  uint32_t *link =
      after == PC_NOWHERE ? &places[parent].first : &places[after].next;
  uint32_t i;
  if (places[parent].wild) return places[parent].first;
  if (places[parent].siblings == PC_SIBLINGS) return make_wild(memo, parent);
  i = pc_memo_place(memo);
  if (i == PC_NOWHERE) return PC_NOWHERE;
  places[i].hash = pc_hash(name, len);
  places[i].name = name;
  places[i].name_len = (uint32_t)len;
  places[i].next = *link;
  *link = i;
  places[parent].siblings++;
  return i;
}

void pc_memo_lead(struct pc_memo *memo, uint32_t m, const char *lead,
                  size_t len) {
  struct pc_place *place = &memo->places[m];
  if (place->name == NULL || len > PC_LEAD_MAX) return;
  place->lead_len = (uint8_t)len;
  memcpy(place->lead, lead, len);
}
