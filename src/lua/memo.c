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

uint32_t pc_memo_slots(uint32_t cap) {
  uint32_t n = 64;
  while (n < 2 * cap) n *= 2;
  return n;
}

/* Let the place, which has a name, be found. */
static void add_slot(struct pc_memo *memo, uint32_t place) {
  const struct pc_place *m = &memo->places[place];
  uint32_t slot = pc_first_slot(memo, m->parent, m->name, m->name_len);
  while (memo->slots[slot] != 0) slot = (slot + 1) & memo->slot_mask;
  memo->slots[slot] = (uint16_t)place;
}

void pc_memo_move(struct pc_memo *memo, struct pc_place *places, uint32_t cap,
                  uint16_t *slots) {
  uint32_t i;
  memo->places = places;
  memo->cap = cap;
  memo->slots = slots;
  memo->slot_mask = pc_memo_slots(cap) - 1;
  memset(slots, 0, (memo->slot_mask + 1) * sizeof *slots);
  for (i = 0; i < memo->count; i++) {
    if (places[i].name != NULL) add_slot(memo, i);
  }
}

void pc_memo_init(struct pc_memo *memo, struct pc_place *places, uint32_t cap,
                  uint16_t *slots, struct pc_atom *atoms, uint32_t mask) {
  memo->count = 0;
  pc_memo_move(memo, places, cap, slots);
  (void)pc_memo_place(memo);
  (void)pc_memo_place(memo);
  /* Nowhere is an object whose members are nowhere. */
  places[PC_NOWHERE].wild = true;
  pc_memo_set_atoms(memo, atoms, mask);
}

static void shrink(uint32_t sizes[2]) {
  if (sizes[0] > PC_SIZE_KEPT) sizes[0] = PC_SIZE_KEPT;
  if (sizes[1] > PC_SIZE_KEPT) sizes[1] = PC_SIZE_KEPT;
}

void pc_memo_shrink(struct pc_memo *memo) {
  uint32_t i;
  for (i = 0; i < memo->count; i++) {
    shrink(memo->places[i].members);
    shrink(memo->places[i].elements);
  }
}

uint32_t pc_memo_place(struct pc_memo *memo) {
  struct pc_place *m;
  if (memo->count == memo->cap) return PC_NOWHERE;
  m = &memo->places[memo->count];
  memset(m, 0, offsetof(struct pc_place, lead));
  m->seen.hope = PC_PATIENCE;
  return memo->count++;
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
  m->parent = PC_NOWHERE; /* its slot stays */
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
  places[i].parent = parent;
  places[i].name = name;
  places[i].name_len = (uint32_t)len;
  places[i].next = *link;
  *link = i;
  places[parent].siblings++;
  add_slot(memo, i);
  return i;
}

void pc_memo_lead(struct pc_memo *memo, uint32_t m, const char *lead,
                  size_t len) {
  struct pc_place *place = &memo->places[m];
  if (place->name == NULL || len > PC_LEAD_MAX) return;
  place->lead_len = (uint8_t)len;
  memcpy(place->lead, lead, len);
}
