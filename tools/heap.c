/* What malloc knows of this process, for tools/soak.lua: what is in use, apart
** from what it keeps for later. glibc only.
** SPDX-License-Identifier: MIT */
#include <lauxlib.h>
#include <lua.h>
#include <malloc.h>

int luaopen_heap(lua_State *L);

/* used() -> KiB that were asked for and not given back, in all arenas */
static int heap_used(lua_State *L) {
  struct mallinfo2 info = mallinfo2();
  lua_pushinteger(L, (lua_Integer)((info.uordblks + info.hblkhd) / 1024));
  return 1;
}

/* trim(): give the system all pages that nobody uses */
static int heap_trim(lua_State *L) {
  (void)L;
  (void)malloc_trim(0);
  return 0;
}

__attribute__((visibility("default"))) int luaopen_heap(lua_State *L) {
  lua_newtable(L);
  lua_pushcfunction(L, heap_used);
  lua_setfield(L, -2, "used");
  lua_pushcfunction(L, heap_trim);
  lua_setfield(L, -2, "trim");
  return 1;
}
