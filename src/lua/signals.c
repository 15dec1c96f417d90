/* Signals that ask a program to end. The standalone Lua raises an error on one
** of them, SIGINT; here the others do the same, so that the program ends in
** order. One that comes a while later ends it at once.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* sigaction, clock_gettime */
#include "lua/signals.h"
#include "lua/output.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

/* A shell, timeout or a terminal that goes away sends a signal more than once;
** somebody who sees that nothing ends takes longer. */
#define SAME_SECONDS 1

/* What Lua does on SIGINT: it sets a hook, which raises the error. */
static void (*interrupt_lua)(int) = NULL;

static volatile sig_atomic_t caught = 0;
static struct timespec caught_at; /* written before `caught` */

static void on_signal(int number);

/* Nothing restarts what a signal interrupts: whoever waits at a prompt is to
** get on. */
static void catch_signal(int number) {
  struct sigaction action = {0};
  action.sa_handler = on_signal;
  (void)sigemptyset(&action.sa_mask);
  (void)sigaddset(&action.sa_mask, SIGINT);
  (void)sigaddset(&action.sa_mask, SIGTERM);
  (void)sigaddset(&action.sa_mask, SIGHUP);
  (void)sigaction(number, &action, NULL);
}

/* Only what a handler may call. */
static void on_signal(int number) {
  int saved = errno;
  struct timespec now;
  if (caught == 0) {
    (void)clock_gettime(CLOCK_MONOTONIC, &caught_at);
    caught = number;
    pc_output_wait_no_more();
    interrupt_lua(SIGINT);
    catch_signal(SIGINT); /* Lua has given it up */
  } else {
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - caught_at.tv_sec > SAME_SECONDS) {
      pc_output_unlink_all();
      (void)signal(number, SIG_DFL);
      (void)raise(number); /* when this has returned */
    }
  }
  errno = saved;
}

static int is_ignored(int number) {
  struct sigaction action;
  return sigaction(number, NULL, &action) != 0 || action.sa_handler == SIG_IGN;
}

/***
From now on SIGTERM and SIGHUP raise the error that SIGINT raises in the
standalone Lua; one that is ignored stays so, as under nohup. SIGPIPE is ignored:
who writes is told instead. Another signal that comes more than a second later
ends the program at once, without its unfinished outputs. In a Lua that does
nothing on SIGINT nothing is changed.
@function signals_catch
*/
static int signals_catch(lua_State *L) {
  struct sigaction action;
  (void)L;
  if (interrupt_lua != NULL || sigaction(SIGINT, NULL, &action) != 0) return 0;
  if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) return 0;
  interrupt_lua = action.sa_handler;
  (void)signal(SIGPIPE, SIG_IGN);
  catch_signal(SIGINT);
  if (!is_ignored(SIGTERM)) catch_signal(SIGTERM);
  if (!is_ignored(SIGHUP)) catch_signal(SIGHUP);
  return 0;
}

/***
The signal that has come.
@function signals_caught
@treturn ?number the first one, such as 15; nil: none since `signals_catch`
*/
static int signals_caught(lua_State *L) {
  if (caught == 0) return 0;
  lua_pushinteger(L, caught);
  return 1;
}

/* --- registration --- */

static const luaL_Reg functions[] = {
    {"signals_catch", signals_catch},
    {"signals_caught", signals_caught},
    {NULL, NULL},
};

void pc_signals_register(lua_State *L) {
  pc_setfuncs(L, functions);
}
