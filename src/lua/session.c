/* Session: sends requests, takes what the I/O thread hands up.
** SPDX-License-Identifier: MIT */
#include "lua/session.h"

#include <limits.h>
#include <string.h>
#include "net/net.h"
#include "lua/failure.h"
#include "lua/options.h"
#include "lua/request.h"
#include "lua/self.h"
#include "lua/transfer.h"

#define SESSION_NAME "partnercenter.session"

/* Connections to one host: what a browser would call many, and what a server
** that speaks HTTP/1.1 only needs for as many calls at once. */
#define DEFAULT_CONNECTIONS 64
/* Unread bytes that pause a transfer: a page of 10,000 insights (3.1 MB) fits,
** so that a slow reader does not make the server wait. */
#define DEFAULT_WINDOW (4.0 * 1024 * 1024)
/* Unread bytes of all transfers that are no reason to run the collector. */
#define MIN_HELD ((size_t)16 * 1024 * 1024)
/* Bytes decoded before a call returns: about a millisecond of work. */
#define DEFAULT_SLICE (1024.0 * 1024)

struct session {
  struct pc_net *net; /* owned; NULL once closed */
  size_t slice;       /* bytes */
  size_t collect_at;  /* unread bytes at which the collector is run */
  int last_id;        /* of the transfers; its user value maps id to view */
};

static struct session *check_session(lua_State *L) {
  struct session *s = pc_check_self(L, SESSION_NAME);
  luaL_argcheck(L, s->net != NULL, 1, "session is closed");
  return s;
}

/* --- functions --- */

static const char *const option_names[] = {
    "ca_file",         "proxy",  "no_proxy", "unix_socket", "http1",
    "max_connections", "window", "slice",    NULL,
};

/***
A session: an I/O thread, its connections, and what is under way on them. The
thread starts with the first request.
@function session
@tparam[opt] table options
@tparam[opt] string options.ca_file PEM file of the trusted authorities
@tparam[opt] string options.proxy URL of a proxy; else the environment's
@tparam[opt] string options.no_proxy hosts reached directly, comma separated
@tparam[opt] string options.unix_socket path to connect to instead of a host
@tparam[opt=false] boolean options.http1 never offer HTTP/2
@tparam[opt=64] number options.max_connections to one host
@tparam[opt=4194304] number options.window unread bytes that pause a transfer
@tparam[opt=1048576] number options.slice bytes decoded per call at most
@treturn[1] Session
@treturn[2] nil
@treturn[2] string message
@treturn[2] string kind
@raise for an unknown option or a wrong type
*/
static int new_session(lua_State *L) {
  struct pc_net_config config = {0};
  struct session *s;
  enum pc_err err;
  pc_options_check(L, 1, option_names);
  lua_settop(L, 1);
  config.ca_file = pc_options_string(L, 1, "ca_file");
  config.proxy = pc_options_string(L, 1, "proxy");
  config.no_proxy = pc_options_string(L, 1, "no_proxy");
  config.unix_socket = pc_options_string(L, 1, "unix_socket");
  config.http1 = pc_options_boolean(L, 1, "http1");
  config.max_connections = (long)pc_options_number(
      L, 1, "max_connections", DEFAULT_CONNECTIONS, 1, 65536);
  config.window =
      (size_t)pc_options_number(L, 1, "window", DEFAULT_WINDOW, 1, INT_MAX);
  s = pc_newuserdata(L, sizeof *s);
  memset(s, 0, sizeof *s);
  luaL_getmetatable(L, SESSION_NAME);
  lua_setmetatable(L, -2);
  s->slice =
      (size_t)pc_options_number(L, 1, "slice", DEFAULT_SLICE, 1, INT_MAX);
  s->collect_at = MIN_HELD;
  lua_newtable(L); /* views by id; a view that is collected disappears */
  luaL_getmetatable(L, SESSION_NAME);
  lua_getfield(L, -1, "weak");
  lua_setmetatable(L, -3);
  lua_pop(L, 1);
  pc_setuv(L, -2);
  err = pc_net_open(&s->net, &config);
  return err == PC_OK ? 1 : pc_push_error(L, err);
}

/***
Session methods
@type Session
*/

/* The collector does not see what waits to be read: bodies of transfers that
** nobody refers to any more would grow without end beside a small heap. So it is
** run when they have grown as much as it lets the heap grow.  [-0, +0, e] */
static void collect_held(lua_State *L, struct session *s) {
  size_t held = pc_net_held(s->net), more = MIN_HELD, heap;
  if (held < s->collect_at) return;
  lua_gc(L, LUA_GCCOLLECT, 0);
  if (s->net == NULL) return; /* by a finalizer */
  held = pc_net_held(s->net);
  heap = (size_t)lua_gc(L, LUA_GCCOUNT, 0) * 1024;
  if (more < held) more = held;
  if (more < heap) more = heap;
  s->collect_at = held + more;
}

/***
Start a request; never waits.
@function Session:send
@tparam table|Template request; behind a template, as further arguments: the
url, more_headers, the body, and `before`
@tparam string request.url
@tparam[opt="GET"] string request.method
@tparam[opt] table request.headers array of `{name, value}`
@tparam[opt] table request.more_headers array of name, value, name, value, …
@tparam[opt] string request.body makes it a POST
@tparam[opt=180] number request.timeout seconds for the whole transfer, or
for the longest silence when `streamed`; the wait for a connection, where there
may be no more of them, is a part of it
@tparam[opt=10] number request.connect_timeout seconds for name, TCP and TLS,
without that wait
@tparam[opt=268435456] number request.max_body bytes after decompression
@tparam[opt=false] boolean request.streamed rows are read at the reader's pace
@tparam[opt=false] boolean request.nulls keep null members
@tparam[opt] table request.array_mt metatable for every array of the answer
@tparam[opt=128] number request.max_depth levels of nesting
@treturn[1] Transfer
@treturn[2] nil
@treturn[2] string message
@treturn[2] string kind
@raise for an unknown field, a wrong type, a control character in a header
*/
static int session_send(lua_State *L) {
  struct session *s = check_session(L);
  int id, n, views;
  if (lua_isuserdata(L, 2)) {
    lua_settop(L, 2 + PC_REQUEST_BEHIND);
  } else {
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
  }
  collect_held(L, s);
  id = s->last_id = s->last_id < INT_MAX ? s->last_id + 1 : 1;
  pc_getuv(L, 1); /* session request... views */
  views = lua_gettop(L);
  n = pc_transfer_push(L, 1, 2, &s->net, id, s->slice);
  if (n == 1) {
    lua_pushvalue(L, -1);
    lua_rawseti(L, views, id); /* session request... views view */
  }
  return n;
}

/* Take what came. What the collector may free, others wait for: it is run, and
** nothing else here would have it run while all wait.  [-0, +0, e] */
static void take(lua_State *L, struct session *s) {
  if (!pc_net_take(s->net)) return;
  lua_gc(L, LUA_GCCOLLECT, 0);
  (void)check_session(L); /* a finalizer may have closed it */
}

/***
Take over what the thread has handed up, waiting for something if need be.
@function Session:step
@tparam[opt=0] number seconds to wait at most; a signal ends the wait early
@treturn number transfers still running
*/
static int session_step(lua_State *L) {
  struct session *s = check_session(L);
  double seconds = (double)luaL_optnumber(L, 2, 0);
  luaL_argcheck(L, seconds >= 0, 2, "seconds are negative");
  take(L, s);
  if (seconds > 0 && !pc_net_has_ready(s->net)) {
    pc_net_wait(s->net, seconds);
    take(L, s);
  }
  lua_pushinteger(L, pc_net_running(s->net));
  return 1;
}

/***
The next transfer that the last steps brought news of: a status, a part of the
body, an ending.
@function Session:ready
@treturn[1] Transfer
@treturn[2] nil when there is none
*/
static int session_ready(lua_State *L) {
  struct session *s = check_session(L);
  struct pc_transfer *t;
  lua_settop(L, 1);
  pc_getuv(L, 1); /* session views */
  while ((t = pc_net_next_ready(s->net)) != NULL) {
    lua_rawgeti(L, 2, pc_transfer_id(t)); /* session views view */
    if (!lua_isnil(L, -1)) return 1;
    lua_pop(L, 1); /* dropped by the caller, about to be collected */
  }
  return 0;
}

/***
How many transfers are running: sent, not ended, and not yet handing out rows.
@function Session:running
@treturn number
*/
static int session_running(lua_State *L) {
  lua_pushinteger(L, pc_net_running(check_session(L)->net));
  return 1;
}

/***
How many of them only their readers can bring on: those are a window behind.
@function Session:paused
@treturn number
*/
static int session_paused(lua_State *L) {
  lua_pushinteger(L, pc_net_paused(check_session(L)->net));
  return 1;
}

/***
The descriptor that is readable while `step` has something to take. It belongs
to the session and changes in a forked child.
@function Session:pollfd
@treturn number
*/
static int session_pollfd(lua_State *L) {
  lua_pushinteger(L, pc_net_fd(check_session(L)->net));
  return 1;
}

/***
What to wait for on the descriptor: with pollfd and timeout it makes a session a
thing that `cqueues.poll` takes.
@function Session:events
@treturn string always "r"
*/
static int session_events(lua_State *L) {
  check_session(L);
  lua_pushliteral(L, "r");
  return 1;
}

/***
How long an event loop may wait before it must call `step`: there is no such
time, the thread keeps its own.
@function Session:timeout
@treturn nil
*/
static int session_timeout(lua_State *L) {
  check_session(L);
  lua_pushnil(L);
  return 1;
}

/***
For loops that cannot watch a foreign descriptor, as nginx: where to connect to
with a unix socket, to be woken over that. Connect from this very process, call
`accept`, then `watch`.
@function Session:listen
@tparam string directory where this process may create files; one lies there
until the connection is accepted, or not even that long where /proc works
@treturn[1] string path
@treturn[1] boolean whether an earlier connection is still good, so that there
is nothing to connect to
@treturn[2] nil
@treturn[2] string message
@treturn[2] string kind
*/
static int session_listen(lua_State *L) {
  const char *directory = luaL_checkstring(L, 2); /* which may run Lua code */
  struct session *s = check_session(L);
  char path[PC_BELL_PATH];
  bool connected;
  enum pc_err err = pc_net_listen(s->net, directory, path, &connected);
  if (err != PC_OK) return pc_push_error(L, err);
  lua_pushstring(L, path);
  lua_pushboolean(L, connected);
  return 2;
}

/***
Accept the connection that was made to `listen`'s path.
@function Session:accept
@treturn[1] boolean true
@treturn[2] nil
@treturn[2] string message
@treturn[2] string kind
*/
static int session_accept(lua_State *L) {
  enum pc_err err = pc_net_accept(check_session(L)->net);
  if (err != PC_OK) return pc_push_error(L, err);
  lua_pushboolean(L, 1);
  return 1;
}

/***
Send a byte over the accepted connection whenever `step` has something to take,
from now on, in place of making the descriptor readable.
@function Session:watch
*/
static int session_watch(lua_State *L) {
  pc_net_watch(check_session(L)->net);
  return 0;
}

/***
Send a byte oneself, to be woken in the event loop's next round.
@function Session:ring
@treturn boolean false when nobody watches
*/
static int session_ring(lua_State *L) {
  lua_pushboolean(L, pc_net_ring(check_session(L)->net));
  return 1;
}

/***
Stop sending bytes, so that the connection can be put aside.
@function Session:unwatch
@tparam number heard bytes read from the connection since it was accepted
@treturn boolean false, and nothing is changed, while bytes or transfers are
under way; the last of them to end sends a byte
*/
static int session_unwatch(lua_State *L) {
  struct session *s = check_session(L);
  double heard = (double)luaL_checknumber(L, 2);
  lua_pushboolean(L, pc_net_unwatch(s->net, heard));
  return 1;
}

/***
End every transfer as cancelled, stop the thread, give everything back. Again is
fine; every other method raises an error from now on.
@function Session:close
*/
static int session_close(lua_State *L) {
  struct session *s = pc_check_self(L, SESSION_NAME);
  struct pc_net *net = s->net;
  s->net = NULL;
  if (net != NULL) pc_net_close(net);
  return 0;
}

static int session__tostring(lua_State *L) {
  struct session *s = pc_check_self(L, SESSION_NAME);
  if (s->net == NULL)
    lua_pushliteral(L, SESSION_NAME " (closed)");
  else
    lua_pushfstring(L, SESSION_NAME " (%d running)", pc_net_running(s->net));
  return 1;
}

/* --- registration --- */

static const luaL_Reg functions[] = {
    {"session", new_session},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"send", session_send},
    {"step", session_step},
    {"ready", session_ready},
    {"running", session_running},
    {"paused", session_paused},
    {"pollfd", session_pollfd},
    {"events", session_events},
    {"timeout", session_timeout},
    {"listen", session_listen},
    {"accept", session_accept},
    {"watch", session_watch},
    {"ring", session_ring},
    {"unwatch", session_unwatch},
    {"close", session_close},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", session_close},
    {"__close", session_close},
    {"__tostring", session__tostring},
    {NULL, NULL},
};

void pc_session_register(lua_State *L) {
  pc_setfuncs(L, functions);
  pc_failure_register(L);
  pc_transfer_register(L);
  luaL_newmetatable(L, SESSION_NAME);
  pc_set_methods(L, -1, metamethods);
  lua_pushliteral(L, SESSION_NAME);
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, SESSION_NAME);
  lua_setfield(L, -2, "__metatable");
  lua_newtable(L);
  pc_set_methods(L, -2, methods);
  lua_setfield(L, -2, "__index");
  lua_newtable(L);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setfield(L, -2, "weak");
  lua_pop(L, 1);
}
