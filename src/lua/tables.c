/* Memory of the builder, and its arrays.
** SPDX-License-Identifier: MIT */
#include "lua/build.h"

#define SLOTS 8 /* levels for which room is made at once */

/* --- memory --- */

/* Allocate `size` bytes that begin with the first `used` of `old`, and keep
** them as `slot`, in place of what was there.  [-0, +0, m] */
static void *keep_memory(struct run *r, int slot, size_t size, const void *old,
                         size_t used) {
  void *block = lua_newuserdata(r->L, size);
  if (used > 0) memcpy(block, old, used);
  lua_rawseti(r->L, r->kept, slot);
  return block;
}

bool pc_grow_levels(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  if (b->depth == b->max_depth) {
    (void)pc_fail(r, PC_JSON_DEPTH, p);
    return false;
  }
  r->room = b->depth + SLOTS;
  if (r->room > b->max_depth) r->room = b->max_depth;
  /* A level takes a table and a name at most. Those so far may have taken less
  ** than others will that come to the same depth, so count from the bottom. */
  luaL_checkstack(r->L,
                  r->kept + PC_RUN_SLOTS + 2 * r->room + LUA_MINSTACK -
                      lua_gettop(r->L),
                  NULL);
  if (r->room >= b->level_cap) {
    int cap = 2 * b->level_cap > r->room ? 2 * b->level_cap : r->room + 1;
    b->levels =
        keep_memory(r, PC_KEPT_LEVELS, (size_t)cap * sizeof *b->levels,
                    b->levels, (size_t)b->level_cap * sizeof *b->levels);
    b->level_cap = cap;
  }
  return true;
}

void pc_grow_places(struct run *r) {
  struct pc_memo *memo = &r->b->memo;
  if (memo->count == memo->cap && memo->cap < PC_PLACES) {
    uint32_t cap = memo->cap < PC_PLACES / 2 ? 2 * memo->cap : PC_PLACES;
    size_t size = cap * sizeof *memo->places;
    struct pc_place *places = keep_memory(
        r, PC_KEPT_PLACES, size + pc_memo_slots(cap) * sizeof *memo->slots,
        memo->places, memo->count * sizeof *memo->places);
    pc_memo_move(memo, places, cap, (uint16_t *)(void *)(places + cap));
  }
}

void pc_grow_atoms(struct run *r, size_t len) {
  struct pc_memo *memo = &r->b->memo;
  size_t size = (PC_ATOMS + 1) * sizeof *memo->atoms;
  if (memo->mask >= PC_ATOMS - 1 || r->b->offset + len <= PC_SMALL_TEXT)
    return;
  pc_memo_set_atoms(memo, keep_memory(r, PC_KEPT_ATOMS, size, NULL, 0),
                    PC_ATOMS - 1);
}

char *pc_get_scratch(struct run *r, size_t n) {
  struct pc_builder *b = r->b;
  if (b->scratch == NULL) {
    struct pc_box *box = pc_box_push(r->L);
    lua_rawseti(r->L, r->kept, PC_KEPT_SCRATCH);
    b->scratch = box;
  }
  if (b->scratch->size < n) {
    pc_box_resize(r->L, b->scratch, 0);
    pc_box_resize(r->L, b->scratch, n < PC_BOX_KEPT / 2 ? 2 * n : n);
  }
  return b->scratch->bytes;
}

/* --- arrays --- */

static bool is_name(const char *name, size_t len, const char *word,
                    size_t word_len) {
  size_t i;
  if (len != word_len) return false;
  for (i = 0; i < len; i++) {
    if ((name[i] | 0x20) != word[i]) return false;
  }
  return true;
}

/* Whether the array that begins is the row array: the text's own, or a member
** `items` or `value` of the text's object.  [-0, +0, -] */
static bool is_row_array(struct run *r) {
  struct pc_builder *b = r->b;
  size_t len;
  const char *name;
  if (b->depth > 1) return false;
  if (b->depth == 0) return true;
  if (b->levels[1].container != PC_IN_OBJECT) return false;
  name = lua_tolstring(r->L, -1, &len);
  return is_name(name, len, "items", 5) || is_name(name, len, "value", 5);
}

const char *pc_open_array(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  struct pc_level *level;
  struct pc_place *place;
  bool has_rows = is_row_array(r), rows = has_rows && b->rows;
  if (rows && b->has_rows) return pc_fail(r, PC_JSON_ROWS, p);
  pc_grow_places(r);
  level = pc_enter(b, rows ? PC_IN_ROWS : PC_IN_ARRAY);
  place = &b->memo.places[level->place];
  if (place->element == PC_NOWHERE) place->element = pc_memo_place(&b->memo);
  level->value = place->element;
  b->expect = PC_EXPECT_FIRST_ELEMENT;
  if (has_rows) {
    b->rows_depth = b->depth;
    if (b->rows_begin == 0) b->rows_begin = pc_offset(r, p) + 1;
  }
  if (rows) {
    b->has_rows = true;
    lua_rawgeti(r->L, r->kept, PC_KEPT_ROWS);
  } else {
    lua_createtable(r->L, pc_guess_size(place->elements), 0);
  }
  return p + 1;
}

/* Give the array on top the metatable that was asked for.  [-0, +0, m] */
static void set_array_mt(struct run *r) {
  if (!r->b->array_mt) return;
  lua_rawgeti(r->L, r->kept, PC_KEPT_ARRAY_MT);
  lua_setmetatable(r->L, -2);
}

void pc_close_array(struct run *r, const char *p) {
  struct pc_builder *b = r->b;
  const struct pc_level *level = &b->levels[b->depth--];
  if (b->rows_depth > b->depth) {
    b->rows_depth = 0;
    if (b->rows_end == 0) b->rows_end = pc_offset(r, p);
  }
  if (level->container == PC_IN_ROWS) {
    /* The rows are no part of the document: an empty array is in their place,
    ** so that it looks as it did. */
    b->rows_ended = true;
    lua_pop(r->L, 1);
    lua_newtable(r->L);
    lua_pushvalue(r->L, -1);
    lua_rawseti(r->L, r->kept, PC_KEPT_INSTEAD);
  } else {
    pc_note_size(level->place, b->memo.places[level->place].elements,
                 level->count);
  }
  set_array_mt(r);
  pc_store(r);
}

/* --- rows --- */

void pc_rename(struct run *r) {
  lua_State *L = r->L;
  int row = lua_gettop(L);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  lua_rawgeti(L, r->kept, PC_KEPT_RENAMES);
  lua_pushnil(L);
  while (lua_next(L, row + 1) != 0) { /* row renames wrong right */
    lua_pushvalue(L, -2);
    lua_rawget(L, row);
    lua_pushvalue(L, -2);
    lua_rawget(L, row); /* row renames wrong right value value|nil */
    if (!lua_isnil(L, -2) && lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_rawset(L, row); /* row renames wrong */
      lua_pushvalue(L, -1);
      lua_pushnil(L);
      lua_rawset(L, row);
    } else {
      lua_pop(L, 3);
    }
  }
  lua_settop(L, row);
}
