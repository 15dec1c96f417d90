/* The threads of a process: started with signals masked, joined in bounded
** time, ended before the process is, left behind by a fork. And what is asked
** of libcurl as a whole.
** SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* dladdr */
#include "net/internal.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* How long closing waits for the thread. libcurl never blocks it, but a step of
** a handshake, or freeing a large certificate store, can take a while on a busy
** machine. A thread that is left behind at the end of the process meets a TLS
** library which has torn itself down: rather wait than crash. */
#define JOIN_SECONDS 5.0

/* The nets whose threads must end before the process does. */
static pthread_mutex_t live_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct pc_net *live_nets;
static bool prepared;  /* under live_mutex */
static bool watching;  /* under live_mutex */
static unsigned forks; /* written only in a new process, by its one thread */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void stop_thread(struct pc_net *net) {
  pthread_mutex_lock(&net->mutex);
  net->stop = true;
  pthread_mutex_unlock(&net->mutex);
  pc_wake_raise(&net->down_wake);
}

/* False when the thread did not end in time. */
static bool await_thread(struct pc_net *net, double deadline) {
  for (;;) {
    double left = deadline - now();
    bool stopped;
    pthread_mutex_lock(&net->mutex);
    stopped = net->stopped;
    if (!stopped) pc_wake_clear(&net->up_wake);
    pthread_mutex_unlock(&net->mutex);
    if (stopped) {
      pthread_join(net->thread, NULL);
      return true;
    }
    if (left <= 0) return false;
    pc_net_wait(net, left);
  }
}

/* TLS libraries tear themselves down at exit; no thread may use them then. */
static void stop_all_threads(void) {
  double deadline = now() + JOIN_SECONDS; /* for all of them together */
  struct pc_net *net;
  pthread_mutex_lock(&live_mutex);
  for (net = live_nets; net != NULL; net = net->live_next)
    if (net->started && net->forks == forks) stop_thread(net);
  for (net = live_nets; net != NULL; net = net->live_next)
    if (net->started && net->forks == forks)
      net->started = !await_thread(net, deadline);
  pthread_mutex_unlock(&live_mutex);
}

/* --- forks --- */

static void lock_live(void) {
  pthread_mutex_lock(&live_mutex);
}

static void unlock_live(void) {
  pthread_mutex_unlock(&live_mutex);
}

static void begin_child(void) {
  forks++;
  pthread_mutex_unlock(&live_mutex);
}

enum pc_err pc_net_watch_forks(void) {
  Dl_info self;
  enum pc_err err = PC_OK;
  pthread_mutex_lock(&live_mutex);
  if (!watching) {
    /* Neither these functions nor a thread that outlives its bounded join may
    ** lose their code when Lua unloads the module. */
    if (dladdr((void *)&live_mutex, &self) != 0)
      (void)dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    if (pthread_atfork(lock_live, unlock_live, begin_child) != 0)
      err = PC_NOMEM;
    watching = err == PC_OK;
  }
  pthread_mutex_unlock(&live_mutex);
  return err;
}

unsigned pc_net_forks(void) {
  return forks;
}

/* --- threads --- */

/* Once in a process, when the first thread starts. */
static enum pc_err prepare_process(void) {
  if (prepared) return PC_OK;
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return PC_NOMEM;
  /* After libcurl's own: what is registered later runs earlier. */
  if (atexit(stop_all_threads) != 0) return PC_NOMEM;
  prepared = true;
  return PC_OK;
}

static void link_live(struct pc_net *net) {
  net->live_next = live_nets;
  if (live_nets != NULL) live_nets->live_prev = net;
  live_nets = net;
}

static void unlink_live(struct pc_net *net) {
  pthread_mutex_lock(&live_mutex);
  if (net->live_prev != NULL)
    net->live_prev->live_next = net->live_next;
  else if (live_nets == net)
    live_nets = net->live_next;
  if (net->live_next != NULL) net->live_next->live_prev = net->live_prev;
  net->live_prev = net->live_next = NULL;
  pthread_mutex_unlock(&live_mutex);
}

/* All signals stay with the program's own threads. */
static int create_thread(struct pc_net *net) {
  sigset_t all, old;
  int rc;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0) return -1;
  rc = pthread_create(&net->thread, NULL, pc_thread_main, net);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return rc;
}

enum pc_err pc_net_start(struct pc_net *net) {
  enum pc_err err;
  pthread_mutex_lock(&live_mutex);
  err = prepare_process();
  if (err == PC_OK && create_thread(net) != 0) err = PC_RESOURCES;
  if (err == PC_OK) {
    net->started = true;
    link_live(net);
  }
  pthread_mutex_unlock(&live_mutex);
  return err;
}

/* In a forked child the thread does not exist, and what it shared is in a
** state that nobody knows: it is left where it is, and the net starts anew
** with descriptors of its own (the parent still uses the old ones). */
static void start_anew(struct pc_net *net) {
  struct pc_transfer *t;
  net->forks = forks;
  net->held = 0;
  for (t = net->all; t != NULL; t = t->all_next)
    if (t->sent) {
      t->lost = !t->over;
      t->unread = t->pieces.bytes;
      if (!t->lost) net->held += t->unread;
      t->up_queued = t->down_queued = false;
      pc_transfer_end(t, PC_FORKED);
    }
  if (net->started) unlink_live(net);
  net->started = false;
  net->down = net->up = NULL;
  net->spare = NULL;
  net->spare_count = 0;
  net->asleep = net->stop = net->stopped = false;
  pc_wake_close(&net->down_wake);
  pc_wake_close(&net->up_wake);
  net->up_raised = false;
  pc_bell_forget(&net->bell);
  net->broken = pthread_mutex_init(&net->mutex, NULL) != 0 ||
                pc_wake_open(&net->down_wake) != PC_OK ||
                pc_wake_open(&net->up_wake) != PC_OK;
}

void pc_net_check_fork(struct pc_net *net) {
  if (net->forks != forks) start_anew(net);
}

bool pc_net_stop(struct pc_net *net) {
  bool joined;
  if (!net->started) return true;
  stop_thread(net);
  joined = await_thread(net, now() + JOIN_SECONDS);
  unlink_live(net);
  if (!joined) pthread_detach(net->thread);
  return joined;
}

/* --- what libcurl can do --- */

bool pc_net_has_ready(const struct pc_net *net) {
  return net->ready_first != NULL;
}

const char *pc_net_version(void) {
  static char version[256];
  pthread_mutex_lock(&live_mutex);
  if (version[0] == '\0')
    (void)snprintf(version, sizeof version, "%s", curl_version());
  pthread_mutex_unlock(&live_mutex);
  return version;
}

const char *pc_net_feature(int i) {
  static const struct {
    const char *name;
    int bit;
  } features[] = {
      {"http2", CURL_VERSION_HTTP2},
      {"gzip", CURL_VERSION_LIBZ},
      {"brotli", CURL_VERSION_BROTLI},
      {"zstd", CURL_VERSION_ZSTD},
      {"ipv6", CURL_VERSION_IPV6},
      {"async_dns", CURL_VERSION_ASYNCHDNS},
      {"unix_sockets", CURL_VERSION_UNIX_SOCKETS},
  };
  int mask;
  size_t j;
  pthread_mutex_lock(&live_mutex);
  mask = curl_version_info(CURLVERSION_NOW)->features;
  pthread_mutex_unlock(&live_mutex);
  for (j = 0; j < sizeof features / sizeof features[0]; j++)
    if ((mask & features[j].bit) != 0 && i-- == 0) return features[j].name;
  return NULL;
}
