/* Keeping what a piece has cut.
** SPDX-License-Identifier: MIT */
#include "lua/tail.h"

#include <string.h>

void pc_tail_add(lua_State *L, struct pc_tail *tail, int kept, int slot,
                 const char *bytes, size_t len) {
  size_t needed = tail->len + len;
  if (needed > tail->cap) {
    size_t cap = needed > 2 * tail->cap ? needed : 2 * tail->cap;
    char *block = lua_newuserdata(L, cap);
    if (tail->len > 0) memcpy(block, tail->bytes, tail->len);
    lua_rawseti(L, kept, slot);
    tail->bytes = block;
    tail->cap = cap;
  }
  if (len > 0) memcpy(tail->bytes + tail->len, bytes, len);
  tail->len = needed;
}

void pc_tail_drop(struct pc_tail *tail, size_t n) {
  tail->len -= n;
  if (tail->len > 0) memmove(tail->bytes, tail->bytes + n, tail->len);
}

size_t pc_tail_step(const struct pc_tail *tail, size_t len) {
  size_t n = tail->len > PC_TAIL_STEP ? tail->len : PC_TAIL_STEP;
  return n < len ? n : len;
}
