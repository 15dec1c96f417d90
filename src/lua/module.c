/* partnercenter.core: the functions and constants that Lua code requires.
** SPDX-License-Identifier: MIT */
#include "lua/compat.h"
#include "lua/csv.h"
#include "lua/decoder.h"
#include "lua/file.h"
#include "lua/output.h"
#include "lua/request.h"
#include "net/net.h"
#include "net/process.h"
#include "net/version.h"
#include "lua/session.h"
#include "lua/signals.h"
#include "lua/system.h"

int luaopen_partnercenter_core(lua_State *L);

/* What this build can do, as a set of names.  [-0, +0, m] */
static void set_features(lua_State *L) {
  const char *name;
  int i;
  lua_newtable(L);
  for (i = 0; (name = pc_net_feature(i)) != NULL; i++) {
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, name);
  }
  lua_setfield(L, -2, "features");
}

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
int luaopen_partnercenter_core(lua_State *L) {
  pc_checkversion(L);
  if (pc_process_watch(pc_version_prepare) != PC_OK)
    luaL_error(L, "%s", pc_err_text(PC_NOMEM));
  lua_newtable(L);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_pushliteral(L, PC_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushstring(L, pc_net_version());
  lua_setfield(L, -2, "curl_version");
  set_features(L);
  pc_system_register(L);
  pc_signals_register(L);
  pc_file_register(L);
  pc_output_register(L);
  pc_decoder_register(L);
  pc_csv_register(L);
  pc_request_register(L);
  pc_session_register(L);
  return 1;
}
