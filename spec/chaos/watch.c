/* What the chaos needs beside Lua: somebody who notices that a reader hangs,
** events that outlive a crash, memory that runs out, Lua states in threads.
**
** Nothing here takes a lock: it must go on in a child that was forked while
** another thread was in here.
** SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int luaopen_chaos_watch(lua_State *L);

#define SLOTS   128 /* lanes, those of all threads */
#define EVENTS  256 /* the last ones, which are shown */
#define LENGTH  160 /* bytes of a text, cut off there */
#define THREADS 16
#define HUNG    97 /* the exit code of a process in which one hangs */
#define LONGEST 4  /* limits that one may wait while others go on */

struct slot {
  volatile time_t since; /* 0: it waits for nothing */
  char text[LENGTH];
};

static struct slot slots[SLOTS];
static struct event {
  time_t at;
  char text[LENGTH];
} events[EVENTS];
static unsigned event_count;
static time_t limit;          /* seconds after which one that waits hangs */
static volatile time_t moved; /* when anybody has gone on, last */
static int report = STDERR_FILENO;

static time_t now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1; /* never 0 */
}

static void say(const char *text) {
  ssize_t n = write(report, text, strlen(text));
  (void)n;
}

/* A line about what was or began so many seconds ago. Here and below only what
** a signal handler may do. */
static void tell(time_t at, const char *text) {
  char age[24], *end = age + sizeof age - 1;
  unsigned long seconds = (unsigned long)(now() - at);
  *end = '\0';
  do {
    *--end = (char)('0' + seconds % 10);
    seconds /= 10;
  } while (seconds > 0);
  say("  ");
  say(end);
  say(" s: ");
  say(text);
  say("\n");
}

static void dump(void) {
  unsigned i, n = event_count, first = n > EVENTS ? n - EVENTS : 0;
  say("last events, so long ago:\n");
  for (i = first; i < n; i++)
    tell(events[i % EVENTS].at, events[i % EVENTS].text);
  say("what is waited for, since so long:\n");
  for (i = 0; i < SLOTS; i++)
    if (slots[i].since != 0) tell(slots[i].since, slots[i].text);
}

/* One that waits hangs when all stand still, and when it alone does: the others
** end before that. As long as they go on it may be its turn yet. */
static bool hangs(const struct slot *s) {
  time_t since = s->since, t = now();
  if (since == 0 || t - since <= limit) return false;
  return t - moved > limit || t - since > LONGEST * limit;
}

static void *watch(void *arg) {
  (void)arg;
  for (;;) {
    int i;
    (void)usleep(200 * 1000);
    for (i = 0; i < SLOTS; i++) {
      if (!hangs(&slots[i])) continue;
      say("PROBLEM: hangs: ");
      say(slots[i].text);
      say("\n");
      dump();
      _exit(HUNG);
    }
  }
  return NULL;
}

static void start_watching(void) {
  pthread_t thread;
  sigset_t all, before;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  if (pthread_create(&thread, NULL, watch, NULL) == 0)
    (void)pthread_detach(thread);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void on_crash(int number) {
  say("PROBLEM: crashes\n");
  dump();
  (void)signal(number, SIG_DFL);
  (void)raise(number);
}

/* start(seconds, catch): from now on one that waits longer is told of and ends
** the process; with `catch` a crash is told of, too. */
static int watch_start(lua_State *L) {
  limit = (time_t)luaL_checkinteger(L, 1);
  if (lua_toboolean(L, 2)) {
    (void)signal(SIGSEGV, on_crash);
    (void)signal(SIGBUS, on_crash);
    (void)signal(SIGABRT, on_crash);
  }
  start_watching();
  return 0;
}

/* forked(): in a child, where only the caller goes on. */
static int watch_forked(lua_State *L) {
  int i;
  (void)L;
  for (i = 0; i < SLOTS; i++) slots[i].since = 0;
  start_watching();
  return 0;
}

/* note(slot, text): it waits for that from now on; without a text, no more. */
static int watch_note(lua_State *L) {
  struct slot *s = &slots[luaL_checkinteger(L, 1) % SLOTS];
  const char *text = luaL_optstring(L, 2, NULL);
  s->since = 0;
  moved = now();
  if (text == NULL) return 0;
  (void)snprintf(s->text, sizeof s->text, "%s", text);
  s->since = now();
  return 0;
}

/* move(): somebody goes on in the midst of what was noted. */
static int watch_move(lua_State *L) {
  (void)L;
  moved = now();
  return 0;
}

static int watch_event(lua_State *L) {
  unsigned i = __atomic_fetch_add(&event_count, 1, __ATOMIC_RELAXED);
  struct event *e = &events[i % EVENTS];
  (void)snprintf(e->text, LENGTH, "%s", luaL_checkstring(L, 1));
  e->at = now();
  return 0;
}

static int watch_dump(lua_State *L) {
  (void)L;
  dump();
  return 0;
}

/* say(text): at once, past all buffers. */
static int watch_say(lua_State *L) {
  say(luaL_checkstring(L, 1));
  return 0;
}

static int watch_sleep(lua_State *L) {
  double seconds = (double)luaL_checknumber(L, 1);
  struct timespec left;
  left.tv_sec = (time_t)seconds;
  left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
  while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
  return 0;
}

/* exit(code): without what the C library or Lua do at an end. */
static int watch_exit(lua_State *L) {
  _exit((int)luaL_checkinteger(L, 1));
  return 0;
}

/* reap(pid): the exit code of a child, or nil while it runs. */
static int watch_reap(lua_State *L) {
  int status = 0;
  if (waitpid((pid_t)luaL_checkinteger(L, 1), &status, WNOHANG) <= 0) return 0;
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status)
                                       : 128 + WTERMSIG(status));
  return 1;
}

/* --- memory that runs out --- */

struct memory { /* of one Lua state */
  lua_Alloc allocate;
  void *ud;
  long left;   /* allocations until none succeeds */
  long failed; /* how many did not */
  bool armed;
};

static void *allocate(void *ud, void *old, size_t old_size, size_t size) {
  struct memory *m = ud;
  /* Lua takes for granted that a block can shrink. */
  if (m->armed && size > 0 && (old == NULL || size > old_size) &&
      --m->left < 0) {
    m->failed++;
    return NULL;
  }
  return m->allocate(m->ud, old, old_size, size);
}

/* starve(n): the state gets n more blocks of memory, and then none. */
static int watch_starve(lua_State *L) {
  long n = (long)luaL_checkinteger(L, 1);
  void *ud;
  struct memory *m;
  lua_Alloc f = lua_getallocf(L, &ud);
  if (f == allocate) {
    m = ud;
  } else {
    m = calloc(1, sizeof *m); /* until it is fed, or ends */
    if (m == NULL) return luaL_error(L, "not enough memory to begin with");
    m->allocate = f;
    m->ud = ud;
    lua_setallocf(L, allocate, m);
  }
  m->left = n;
  m->failed = 0;
  m->armed = true;
  return 0;
}

/* feed(): there is memory again; how often there was none. */
static int watch_feed(lua_State *L) {
  void *ud;
  struct memory *m;
  long failed;
  if (lua_getallocf(L, &ud) != allocate) return 0;
  m = ud;
  failed = m->failed;
  lua_setallocf(L, m->allocate, m->ud);
  free(m);
  lua_pushinteger(L, (lua_Integer)failed);
  return 1;
}

/* --- threads --- */

struct state {
  pthread_t thread;
  lua_State *L;
  bool fine;
};

static struct state states[THREADS];
static int state_count;

static void *run_state(void *arg) {
  struct state *s = arg;
  void *ud;
  lua_Alloc f;
  s->fine = lua_pcall(s->L, lua_gettop(s->L) - 1, 1, 0) == 0;
  if (!s->fine) {
    say("PROBLEM: a thread ended with: ");
    say(lua_tostring(s->L, -1) != NULL ? lua_tostring(s->L, -1) : "?");
    say("\n");
  }
  f = lua_getallocf(s->L, &ud);
  lua_close(s->L);
  if (f == allocate) free(ud);
  return NULL;
}

static void set_path(lua_State *from, lua_State *to, const char *name) {
  lua_getglobal(from, "package");
  lua_getfield(from, -1, name);
  lua_getglobal(to, "package");
  lua_pushstring(to, lua_tostring(from, -1));
  lua_setfield(to, -2, name);
  lua_pop(to, 1);
  lua_pop(from, 2);
}

/* thread(file, ...): run a Lua file with these texts in a state and thread of
** its own. */
static int watch_thread(lua_State *L) {
  struct state *s = &states[state_count];
  int i, n = lua_gettop(L);
  if (state_count == THREADS) return luaL_error(L, "too many threads");
  s->L = luaL_newstate();
  if (s->L == NULL) return luaL_error(L, "no memory for a state");
  luaL_openlibs(s->L);
  set_path(L, s->L, "path");
  set_path(L, s->L, "cpath");
  if (luaL_loadfile(s->L, luaL_checkstring(L, 1)) != 0)
    return luaL_error(L, "%s", lua_tostring(s->L, -1));
  for (i = 2; i <= n; i++) lua_pushstring(s->L, luaL_checkstring(L, i));
  if (pthread_create(&s->thread, NULL, run_state, s) != 0)
    return luaL_error(L, "no thread");
  state_count++;
  return 0;
}

/* join(): wait for all threads; whether all have ended well. */
static int watch_join(lua_State *L) {
  bool fine = true;
  while (state_count > 0) {
    struct state *s = &states[--state_count];
    (void)pthread_join(s->thread, NULL);
    fine = fine && s->fine;
  }
  lua_pushboolean(L, fine);
  return 1;
}

int luaopen_chaos_watch(lua_State *L) {
  static const struct {
    const char *name;
    lua_CFunction f;
  } functions[] = {
      {"start", watch_start},   {"forked", watch_forked}, {"note", watch_note},
      {"move", watch_move},     {"event", watch_event},   {"dump", watch_dump},
      {"say", watch_say},       {"sleep", watch_sleep},   {"exit", watch_exit},
      {"reap", watch_reap},     {"starve", watch_starve}, {"feed", watch_feed},
      {"thread", watch_thread}, {"join", watch_join},
  };
  size_t i;
  lua_newtable(L);
  for (i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    lua_pushcfunction(L, functions[i].f);
    lua_setfield(L, -2, functions[i].name);
  }
  return 1;
}
