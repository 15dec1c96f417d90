/* Random ids, a steady clock.
** SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* getentropy; strerror_r as POSIX has it */
#include "system.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void pc_system_push_error(lua_State *L, int code) {
  char text[256] = "";
  (void)strerror_r(code, text, sizeof text); /* it knows unknown ones, too */
  lua_pushstring(L, text);
}

static void fill_random(lua_State *L, unsigned char *bytes, size_t n) {
  if (getentropy(bytes, n) != 0) {
    pc_system_push_error(L, errno);
    luaL_error(L, "the system's random source failed: %s",
               lua_tostring(L, -1));
  }
}

/***
A fresh version-4 GUID (RFC 9562 section 5.4) from the system's random source.
@function guid
@treturn string 36 characters, lower case
*/
static int system_guid(lua_State *L) {
  static const char digits[] = "0123456789abcdef";
  unsigned char bytes[16];
  char text[36];
  int i, at = 0;
  fill_random(L, bytes, sizeof bytes);
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
A number from the system's random source, the same for every seed of Lua's own
generator.
@function random
@treturn number at least 0, less than 1, 53 bits
*/
static int system_random(lua_State *L) {
  unsigned char bytes[8];
  uint64_t bits;
  fill_random(L, bytes, sizeof bytes);
  memcpy(&bits, bytes, sizeof bits);
  lua_pushnumber(L, (lua_Number)(bits >> 11) / 9007199254740992.0);
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
  lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec * 1e-9);
  return 1;
}

/* --- registration --- */

static const luaL_Reg functions[] = {
    {"guid", system_guid},
    {"random", system_random},
    {"now", system_now},
    {NULL, NULL},
};

void pc_system_register(lua_State *L) {
  pc_setfuncs(L, functions);
}
