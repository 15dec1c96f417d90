/* What differs between the Lua C APIs of 5.1/LuaJIT, 5.3, 5.4 and 5.5: the only
** file with LUA_VERSION_NUM in it.
** SPDX-License-Identifier: MIT */
#ifndef PC_COMPAT_H
#define PC_COMPAT_H

#include <lua.h>
#include <lauxlib.h>

/* A userdata has one user value, a table, set at birth: on 5.1 it is the
** environment, which can be nothing else. */
#if LUA_VERSION_NUM >= 504
#define pc_newuserdata(L, size) lua_newuserdatauv(L, size, 1)
#define pc_setuv(L, i)          ((void)lua_setiuservalue(L, i, 1))
#define pc_getuv(L, i)          ((void)lua_getiuservalue(L, i, 1))
#elif LUA_VERSION_NUM >= 502
#define pc_newuserdata(L, size) lua_newuserdata(L, size)
#define pc_setuv(L, i)          lua_setuservalue(L, i)
#define pc_getuv(L, i)          ((void)lua_getuservalue(L, i))
#else
#define pc_newuserdata(L, size) lua_newuserdata(L, size)
#define pc_setuv(L, i)          ((void)lua_setfenv(L, i))
#define pc_getuv(L, i)          lua_getfenv(L, i)
#endif

/* A module built for one Lua and loaded by another must say so at once. 5.1
** has no such check; there luaL_register does not exist in later Luas, so the
** dynamic linker refuses. */
#if LUA_VERSION_NUM >= 502
#define pc_checkversion(L) luaL_checkversion(L)
#define pc_setfuncs(L, l)  luaL_setfuncs(L, l, 0)
#define pc_rawlen(L, i)    lua_rawlen(L, i)
#define pc_absindex(L, i)  lua_absindex(L, i)
#else
#define pc_checkversion(L) ((void)(L))
#define pc_setfuncs(L, l)  luaL_register(L, NULL, l)
#define pc_rawlen(L, i)    lua_objlen(L, i)
#define pc_absindex(L, i)                                                     \
  ((i) > 0 || (i) <= LUA_REGISTRYINDEX ? (i) : lua_gettop(L) + (i) + 1)
#endif

/* The binary digits of a number: 24 in a Lua that was built with LUA_32BITS. */
#define PC_DIGITS ((int)sizeof(lua_Number) >= 8 ? 53 : 24)

/* Whether lua_Integer is a subtype of number of its own. */
#if LUA_VERSION_NUM >= 503
#define PC_INTEGERS 1
#else
#define PC_INTEGERS 0
#endif

#endif
