/* The digest of the rows of a page, kept as the hashes of its blocks.
** SPDX-License-Identifier: MIT */
#include "lua/rowmarks.h"

#define HASH       sizeof(uint64_t)
#define REST       (2 * HASH) /* behind the hashes: that of the rest, the length */
#define FIRST_SIZE ((size_t)256)

void pc_rowmarks_start(struct pc_rowmarks *m, const char *before, size_t len) {
  memset(m, 0, sizeof *m);
  m->on = true;
  m->same = len > 0;
  m->before = before;
  m->before_len = len;
}

/* [-0, +0, m] */
static void add_hash(lua_State *L, struct pc_rowmarks *m, int kept, int slot,
                     uint64_t hash) {
  if (m->box == NULL) {
    struct pc_box *box = pc_box_push(L);
    lua_rawseti(L, kept, slot);
    m->box = box;
  }
  if (m->len + HASH > m->box->size)
    pc_box_resize(L, m->box, m->len == 0 ? FIRST_SIZE : 2 * m->box->size);
  memcpy(m->box->bytes + m->len, &hash, HASH);
  if (m->same && (m->len + HASH + REST > m->before_len ||
                  memcmp(m->before + m->len, &hash, HASH) != 0))
    m->same = false;
  m->len += HASH;
}

void pc_rowmarks_add(lua_State *L, struct pc_rowmarks *m, int kept, int slot,
                     const char *bytes, size_t len) {
  while (len > 0) {
    uint64_t hash;
    size_t n = pc_digest_take(&m->digest, bytes, len, &hash);
    if (hash != 0) add_hash(L, m, kept, slot, hash);
    bytes += n;
    len -= n;
  }
}

void pc_rowmarks_push(lua_State *L, struct pc_rowmarks *m) {
  uint64_t rest[2];
  luaL_Buffer buffer;
  rest[0] = pc_digest_rest(&m->digest);
  rest[1] = m->digest.len;
  luaL_buffinit(L, &buffer);
  if (m->len > 0) luaL_addlstring(&buffer, m->box->bytes, m->len);
  luaL_addlstring(&buffer, (const char *)rest, sizeof rest);
  luaL_pushresult(&buffer);
}

void pc_rowmarks_trim(lua_State *L, struct pc_rowmarks *m) {
  if (m->box != NULL) pc_box_resize(L, m->box, 0);
  m->len = 0;
}
