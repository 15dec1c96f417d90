/* Random ids, a steady clock.
** SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* getentropy; strerror_r as POSIX has it */
#include "lua/system.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "net/process.h"

#define GUID_LENGTH 36

void pc_system_push_error(lua_State *L, int code) {
  char text[256] = "";
  (void)strerror_r(code, text, sizeof text); /* it knows unknown ones, too */
  lua_pushstring(L, text);
}

/* Random bytes that nobody has had: asking for them one by one would be a
** system call for each id. */
struct pool {
  unsigned char bytes[256]; /* as many as getentropy gives at once */
  size_t left;              /* the first ones are left */
  unsigned forks;           /* pc_process_forks when they came: a child has the
                            ** same bytes as its parent, and needs others */
};

/* Take n bytes from the pool of the running function; they stay until the next
** call.  [-0, +0, e] */
static const unsigned char *take_random(lua_State *L, size_t n) {
  struct pool *pool = lua_touserdata(L, lua_upvalueindex(1));
  if (pool->left < n || pool->forks != pc_process_forks()) {
    pool->left = 0;
    if (getentropy(pool->bytes, sizeof pool->bytes) != 0) {
      pc_system_push_error(L, errno);
      luaL_error(L, "the system's random source failed: %s",
                 lua_tostring(L, -1));
    }
    pool->left = sizeof pool->bytes;
    pool->forks = pc_process_forks();
  }
  pool->left -= n;
  return pool->bytes + pool->left;
}

/***
A fresh version-4 GUID (RFC 9562 section 5.4) from the system's random source.
@function guid
@treturn string 36 characters, lower case
*/
static int system_guid(lua_State *L) {
  static const char digits[] = "0123456789abcdef";
  unsigned char bytes[16];
  char text[GUID_LENGTH];
  int i, at = 0;
  memcpy(bytes, take_random(L, sizeof bytes), sizeof bytes);
  bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
  bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* variant 10 */
  for (i = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[at++] = '-';
    text[at++] = digits[bytes[i] >> 4];
    text[at++] = digits[bytes[i] & 15];
  }
  lua_pushlstring(L, text, sizeof text);
  return 1;
}

/***
Is it a GUID in the form 8-4-4-4-12, in either letter case?
@function is_guid
@param text any value
@treturn boolean
*/
static int system_is_guid(lua_State *L) {
  size_t i, len = 0;
  const char *text =
      lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &len) : NULL;
  bool ok = len == GUID_LENGTH;
  for (i = 0; i < len && ok; i++) {
    char c = text[i];
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    ok = dash ? c == '-'
              : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                    (c >= 'A' && c <= 'F');
  }
  lua_pushboolean(L, ok);
  return 1;
}

/***
A number from the system's random source, the same for every seed of Lua's own
generator.
@function random
@treturn number at least 0, less than 1, with all the bits of a number
*/
static int system_random(lua_State *L) {
  uint64_t bits;
  memcpy(&bits, take_random(L, sizeof bits), sizeof bits);
  /* No more bits than a number holds: rounding must not make it 1. */
  lua_pushnumber(L, (lua_Number)(bits >> (64 - PC_DIGITS)) /
                        (lua_Number)((uint64_t)1 << PC_DIGITS));
  return 1;
}

/***
The time on a clock that never jumps.
@function now
@treturn number seconds since a point in the past that stays the same while
the machine runs
*/
static int system_now(lua_State *L) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  lua_pushnumber(L, (lua_Number)((double)t.tv_sec + (double)t.tv_nsec * 1e-9));
  return 1;
}

/* --- registration --- */

static const luaL_Reg functions[] = {
    {"guid", system_guid},
    {"is_guid", system_is_guid},
    {"random", system_random},
    {"now", system_now},
    {NULL, NULL},
};

void pc_system_register(lua_State *L) {
  const luaL_Reg *f;
  struct pool *pool = lua_newuserdata(L, sizeof *pool); /* core pool */
  pool->left = 0;
  for (f = functions; f->name != NULL; f++) {
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, f->func, 1); /* core pool function */
    lua_setfield(L, -3, f->name);
  }
  lua_pop(L, 1);
}
