/* Boxes: blocks of Lua's allocator, each owned by a userdata.
** SPDX-License-Identifier: MIT */
#include "lua/box.h"

#define BOX "partnercenter.box"

struct pc_box *pc_box_push(lua_State *L) {
  struct pc_box *box = lua_newuserdata(L, sizeof *box);
  box->bytes = NULL;
  box->size = 0;
  luaL_getmetatable(L, BOX);
  lua_setmetatable(L, -2);
  return box;
}

void pc_box_resize(lua_State *L, struct pc_box *box, size_t size) {
  void *context;
  lua_Alloc allocate = lua_getallocf(L, &context);
  char *bytes = allocate(context, box->bytes, box->size, size);
  if (bytes == NULL && size > 0) {
    /* Lua knows how to try harder, and how to raise this error. What it got
    ** then is there for the second attempt. */
    lua_newuserdata(L, size);
    lua_pop(L, 1);
    lua_gc(L, LUA_GCCOLLECT, 0);
    bytes = allocate(context, box->bytes, box->size, size);
    if (bytes == NULL) luaL_error(L, "not enough memory");
  }
  box->bytes = bytes;
  box->size = size;
}

/* No box gets into the hands of Lua code, so there is nothing to check, which
** could raise where memory is out. */
static int box__gc(lua_State *L) {
  pc_box_resize(L, lua_touserdata(L, 1), 0);
  return 0;
}

void pc_box_register(lua_State *L) {
  luaL_newmetatable(L, BOX);
  lua_pushcfunction(L, box__gc);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
}
