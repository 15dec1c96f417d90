/* Keeping what a piece has cut.
** SPDX-License-Identifier: MIT */
#include "lua/tail.h"

#include <string.h>

void pc_tail_add(lua_State *L, struct pc_tail *tail, int kept, int slot,
                 const char *bytes, size_t len) {
  size_t needed = tail->len + len;
  if (len == 0) return;
  if (tail->box == NULL) {
    struct pc_box *box = pc_box_push(L);
    lua_rawseti(L, kept, slot);
    tail->box = box;
  }
  if (needed > tail->box->size)
    pc_box_resize(L, tail->box, needed + needed / 4);
  memcpy(tail->box->bytes + tail->len, bytes, len);
  tail->len = needed;
}

void pc_tail_drop(struct pc_tail *tail, size_t n) {
  tail->len -= n;
  if (tail->len > 0)
    memmove(tail->box->bytes, tail->box->bytes + n, tail->len);
}

size_t pc_tail_step(const struct pc_tail *tail, size_t len) {
  size_t n = tail->len > PC_TAIL_STEP ? tail->len : PC_TAIL_STEP;
  return n < len ? n : len;
}

void pc_tail_trim(lua_State *L, struct pc_tail *tail, size_t most) {
  if (tail->box != NULL && tail->len == 0 && tail->box->size > most)
    pc_box_resize(L, tail->box, 0);
}
