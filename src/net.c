/* The owner's side of a net: orders down, news up, life and death.
** SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* dladdr */
#include "net_internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/* How long closing waits for the thread. libcurl never blocks it, but freeing
** a large certificate store can take a while on a busy machine. */
#define JOIN_SECONDS 2.0
#define MAX_URL      (64 * 1024)   /* far above what any server accepts */
#define MAX_HEADERS  (128 * 1024)  /* a token takes 2 to 8 KiB */
#define MAX_BODY     (1024 * 1024) /* only token requests have one */
#define MAX_METHOD   16
#define MAX_SPARE    64 /* pieces kept for reuse: 1 MiB */

/* The nets whose threads must end before the process does. */
static pthread_mutex_t live_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct pc_net *live_nets;
static bool prepared; /* under live_mutex */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* --- pieces and transfers --- */

void pc_pieces_free(struct pc_pieces *list) {
  struct pc_piece *piece = list->first;
  while (piece != NULL) {
    struct pc_piece *next = piece->next;
    free(piece);
    piece = next;
  }
  memset(list, 0, sizeof *list);
}

bool pc_transfer_unused(const struct pc_transfer *t) {
  return t->released && t->over && !t->up_queued && !t->down_queued;
}

void pc_transfer_free(struct pc_transfer *t) {
  int i;
  pc_pieces_free(&t->pieces);
  pc_pieces_free(&t->arrived);
  pc_pieces_free(&t->received);
  for (i = 0; i < PC_PART_COUNT; i++) pc_buffer_wipe(&t->parts[i]);
  pc_buffer_free(&t->head);
  free(t);
}

static void unlink_ready(struct pc_transfer *t) {
  struct pc_net *net = t->net;
  if (!t->ready) return;
  if (t->ready_prev != NULL)
    t->ready_prev->ready_next = t->ready_next;
  else
    net->ready_first = t->ready_next;
  if (t->ready_next != NULL)
    t->ready_next->ready_prev = t->ready_prev;
  else
    net->ready_last = t->ready_prev;
  t->ready_prev = t->ready_next = NULL;
  t->ready = false;
}

static void link_ready(struct pc_transfer *t) {
  struct pc_net *net = t->net;
  if (t->ready) return;
  t->ready_prev = net->ready_last;
  if (net->ready_last != NULL)
    net->ready_last->ready_next = t;
  else
    net->ready_first = t;
  net->ready_last = t;
  t->ready = true;
}

static void unlink_transfer(struct pc_transfer *t) {
  unlink_ready(t);
  if (t->all_prev != NULL)
    t->all_prev->all_next = t->all_next;
  else if (t->net->all == t)
    t->net->all = t->all_next;
  if (t->all_next != NULL) t->all_next->all_prev = t->all_prev;
  t->all_prev = t->all_next = NULL;
}

void pc_transfer_uncount(struct pc_transfer *t) {
  if (t->counted) t->net->running--;
  t->counted = false;
}

/* End it on the owner's side, whatever the thread says later. */
static void end_transfer(struct pc_transfer *t, enum pc_err err) {
  if (t->ended) return;
  pc_transfer_uncount(t);
  if (t->sent) t->net->live--;
  t->ended = true;
  t->err = err;
}

/* --- the process: exit, unload, fork --- */

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
    if (net->started && net->pid == getpid()) stop_thread(net);
  for (net = live_nets; net != NULL; net = net->live_next)
    if (net->started && net->pid == getpid())
      net->started = !await_thread(net, deadline);
  pthread_mutex_unlock(&live_mutex);
}

static void lock_live(void) {
  pthread_mutex_lock(&live_mutex);
}

static void unlock_live(void) {
  pthread_mutex_unlock(&live_mutex);
}

/* Once in a process, when the first thread starts. */
static enum pc_err prepare_process(void) {
  Dl_info self;
  if (prepared) return PC_OK;
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return PC_NOMEM;
  /* A thread that outlives its bounded join must not lose its code when Lua
  ** unloads the module. */
  if (dladdr((void *)&live_mutex, &self) != 0)
    (void)dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  /* After libcurl's own: what is registered later runs earlier. */
  if (atexit(stop_all_threads) != 0) return PC_NOMEM;
  if (pthread_atfork(lock_live, unlock_live, unlock_live) != 0)
    return PC_NOMEM;
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

static enum pc_err start_thread(struct pc_net *net) {
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
  net->pid = getpid();
  for (t = net->all; t != NULL; t = t->all_next)
    if (t->sent) {
      t->lost = !t->over;
      t->up_queued = t->down_queued = false;
      end_transfer(t, PC_FORKED);
    }
  if (net->started) unlink_live(net);
  net->started = false;
  net->down = net->up = NULL;
  net->spare = NULL;
  net->spare_count = 0;
  net->stop = net->stopped = false;
  pc_wake_close(&net->down_wake);
  pc_wake_close(&net->up_wake);
  net->up_raised = false;
  pc_bell_forget(&net->bell);
  net->broken = pthread_mutex_init(&net->mutex, NULL) != 0 ||
                pc_wake_open(&net->down_wake) != PC_OK ||
                pc_wake_open(&net->up_wake) != PC_OK;
}

void pc_net_check_fork(struct pc_net *net) {
  if (net->pid != getpid()) start_anew(net);
}

/* --- the net --- */

static void free_net(struct pc_net *net) {
  struct pc_pieces spare = {0};
  spare.first = net->spare;
  pc_pieces_free(&spare);
  pc_wake_close(&net->down_wake);
  pc_wake_close(&net->up_wake);
  pc_bell_close(&net->bell);
  pthread_mutex_destroy(&net->mutex);
  free((char *)net->config.ca_file);
  if (net->config.proxy != NULL)
    pc_wipe((char *)net->config.proxy, strlen(net->config.proxy));
  free((char *)net->config.proxy);
  free((char *)net->config.no_proxy);
  free((char *)net->config.unix_socket);
  free(net);
}

static bool copy_text(const char **to, const char *from) {
  *to = from != NULL ? strdup(from) : NULL;
  return from == NULL || *to != NULL;
}

enum pc_err pc_net_open(struct pc_net **result,
                        const struct pc_net_config *config) {
  struct pc_net *net = calloc(1, sizeof *net);
  struct pc_net_config *own;
  enum pc_err err = PC_OK;
  if (net == NULL) return PC_NOMEM;
  own = &net->config;
  *own = *config;
  net->pid = getpid();
  net->down_wake.read_fd = net->down_wake.write_fd = -1;
  net->up_wake = net->down_wake;
  pc_bell_init(&net->bell);
  if (!copy_text(&own->ca_file, config->ca_file) |
      !copy_text(&own->proxy, config->proxy) |
      !copy_text(&own->no_proxy, config->no_proxy) |
      !copy_text(&own->unix_socket, config->unix_socket))
    err = PC_NOMEM;
  if (pthread_mutex_init(&net->mutex, NULL) != 0) err = PC_NOMEM;
  if (err == PC_OK) err = pc_wake_open(&net->down_wake);
  if (err == PC_OK) err = pc_wake_open(&net->up_wake);
  if (err != PC_OK)
    free_net(net);
  else
    *result = net;
  return err;
}

/* What the thread left queued for taking and nobody wants. */
static void free_released(struct pc_net *net) {
  while (net->up != NULL) {
    struct pc_transfer *t = net->up;
    net->up = t->up_next;
    t->up_queued = false;
    if (pc_transfer_unused(t)) pc_transfer_free(t);
  }
}

void pc_net_close(struct pc_net *net) {
  struct pc_transfer *t;
  bool joined = true;
  pc_net_check_fork(net);
  if (net->started) {
    stop_thread(net);
    joined = await_thread(net, now() + JOIN_SECONDS);
    unlink_live(net);
  }
  pthread_mutex_lock(&net->mutex);
  for (t = net->all; t != NULL; t = t->all_next)
    t->lost = !joined && t->sent && !t->over;
  pthread_mutex_unlock(&net->mutex);
  while ((t = net->all) != NULL) {
    unlink_transfer(t);
    end_transfer(t, PC_CLOSED);
    t->net = NULL;
  }
  if (!joined) { /* the thread still uses it */
    pthread_detach(net->thread);
    return;
  }
  free_released(net);
  free_net(net);
}

int pc_net_fd(const struct pc_net *net) {
  return net->up_wake.read_fd;
}

int pc_net_running(const struct pc_net *net) {
  return net->running;
}

void pc_net_wait(struct pc_net *net, double seconds) {
  struct pollfd pfd = {0};
  int ms = -1;
  if (seconds >= 0) ms = seconds > 1e6 ? 1000000000 : (int)(seconds * 1e3);
  if (seconds > 0 && ms == 0) ms = 1; /* a wait too short to count is a spin */
  pfd.fd = net->up_wake.read_fd;
  pfd.events = POLLIN;
  /* A signal ends the wait early: its handler may want to run Lua code. */
  (void)poll(&pfd, 1, ms);
}

void pc_net_tell(struct pc_net *net) {
  if (pc_bell_ring(&net->bell)) return;
  net->up_raised = true;
  pc_wake_raise(&net->up_wake);
}

/* Under the mutex: who watches for the end of all transfers that are under way
** learns that it came from this side. */
static void tell_if_idle(struct pc_net *net) {
  if (net->live == 0) (void)pc_bell_ring(&net->bell);
}

static void queue_down(struct pc_net *net, struct pc_transfer *t,
                       unsigned order) {
  t->orders |= order;
  if (t->down_queued) return;
  if (net->down == NULL) pc_wake_raise(&net->down_wake);
  t->down_next = net->down;
  t->down_queued = true;
  net->down = t;
}

/* Under the mutex: move one transfer's news to the owner's side. */
static void take_news(struct pc_transfer *t) {
  if (t->arrived.first != NULL) {
    if (t->pieces.last != NULL)
      t->pieces.last->next = t->arrived.first;
    else
      t->pieces.first = t->arrived.first;
    t->pieces.last = t->arrived.last;
    t->pieces.bytes += t->arrived.bytes;
    memset(&t->arrived, 0, sizeof t->arrived);
  }
  t->status = t->arrived_status;
  if (t->over) end_transfer(t, t->result);
}

void pc_net_take(struct pc_net *net) {
  struct pc_transfer *t, *next, *up = NULL, *unused = NULL;
  pc_net_check_fork(net);
  pthread_mutex_lock(&net->mutex);
  for (t = net->up; t != NULL; t = next) { /* newest first: turn it round */
    next = t->up_next;
    t->up_next = up;
    up = t;
  }
  for (t = up; t != NULL; t = next) {
    next = t->up_next;
    t->up_queued = false;
    if (!t->released) {
      take_news(t);
      link_ready(t);
    } else if (pc_transfer_unused(t)) {
      t->up_next = unused;
      unused = t;
    }
  }
  net->up = NULL;
  if (net->up_raised) pc_wake_clear(&net->up_wake);
  net->up_raised = false;
  pthread_mutex_unlock(&net->mutex);
  for (t = unused; t != NULL; t = next) {
    next = t->up_next;
    pc_transfer_free(t);
  }
}

struct pc_transfer *pc_net_next_ready(struct pc_net *net) {
  struct pc_transfer *t = net->ready_first;
  if (t != NULL) unlink_ready(t);
  return t;
}

bool pc_net_has_ready(const struct pc_net *net) {
  return net->ready_first != NULL;
}

/* --- transfers --- */

enum pc_err pc_transfer_new(struct pc_transfer **result, struct pc_net *net,
                            int id) {
  static const size_t max[PC_PART_COUNT] = {MAX_URL, MAX_METHOD, MAX_HEADERS,
                                            MAX_BODY};
  struct pc_transfer *t;
  int i;
  pc_net_check_fork(net);
  if (net->broken) return PC_RESOURCES;
  t = calloc(1, sizeof *t);
  if (t == NULL) return PC_NOMEM;
  for (i = 0; i < PC_PART_COUNT; i++) pc_buffer_init(&t->parts[i], max[i]);
  t->id = id;
  t->net = net;
  t->all_next = net->all;
  if (net->all != NULL) net->all->all_prev = t;
  net->all = t;
  *result = t;
  return PC_OK;
}

enum pc_err pc_transfer_set(struct pc_transfer *t, enum pc_part part,
                            const char *bytes, size_t len) {
  struct pc_buffer *b = &t->parts[part];
  enum pc_err err;
  if (part != PC_HEADER) pc_buffer_clear(b);
  err = pc_buffer_add(b, bytes, len);
  if (err == PC_OK) err = pc_buffer_add(b, "", 1);
  return err == PC_TOO_LARGE ? PC_REQUEST_TOO_LARGE : err;
}

enum pc_err pc_transfer_send(struct pc_transfer *t,
                             const struct pc_limits *limits) {
  struct pc_net *net = t->net;
  if (!net->started) {
    enum pc_err err = start_thread(net);
    if (err != PC_OK) return err;
  }
  t->limits = *limits;
  t->sent = t->counted = true;
  net->running++;
  net->live++;
  pthread_mutex_lock(&net->mutex);
  queue_down(net, t, PC_ORDER_START);
  pthread_mutex_unlock(&net->mutex);
  return PC_OK;
}

void pc_transfer_release(struct pc_transfer *t) {
  struct pc_net *net = t->net;
  bool unused = true;
  if (net != NULL) {
    pc_net_check_fork(net);
    pc_transfer_uncount(t);
    unlink_transfer(t);
  }
  if (t->lost) return;
  if (net != NULL && t->sent) {
    pthread_mutex_lock(&net->mutex);
    t->released = true;
    if (!t->ended) {
      net->live--;
      tell_if_idle(net);
    }
    if (!t->over) queue_down(net, t, PC_ORDER_CANCEL);
    unused = pc_transfer_unused(t);
    pthread_mutex_unlock(&net->mutex);
  }
  if (unused) pc_transfer_free(t);
}

void pc_transfer_cancel(struct pc_transfer *t) {
  struct pc_net *net = t->net;
  if (net != NULL) pc_net_check_fork(net);
  if (t->ended) return;
  end_transfer(t, PC_CANCELLED);
  pthread_mutex_lock(&net->mutex);
  tell_if_idle(net);
  if (!t->over) queue_down(net, t, PC_ORDER_CANCEL);
  pthread_mutex_unlock(&net->mutex);
}

bool pc_transfer_ended(const struct pc_transfer *t) {
  return t->ended;
}

enum pc_err pc_transfer_error(const struct pc_transfer *t) {
  return t->err;
}

/* The thread may still write to them when the owner ended it alone. */
static bool has_result(const struct pc_transfer *t) {
  return t->ended && t->err != PC_CANCELLED && t->err != PC_CLOSED &&
         t->err != PC_FORKED;
}

const char *pc_transfer_detail(const struct pc_transfer *t) {
  return has_result(t) ? t->detail : "";
}

const struct pc_timings *pc_transfer_timings(const struct pc_transfer *t) {
  return has_result(t) ? &t->timings : NULL;
}

int pc_transfer_status(const struct pc_transfer *t) {
  return t->status;
}

int pc_transfer_id(const struct pc_transfer *t) {
  return t->id;
}

const char *pc_transfer_header(const struct pc_transfer *t, const char *name,
                               size_t *len) {
  const char *line = t->head.bytes;
  const char *end = line + t->head.len;
  size_t name_len = strlen(name);
  if (t->status == 0) return NULL;
  while (line < end) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    const char *value = line + name_len + 1;
    if (stop == NULL) stop = end;
    if (value <= stop && value[-1] == ':' &&
        strncasecmp(line, name, name_len) == 0) {
      while (value < stop && (*value == ' ' || *value == '\t')) value++;
      while (stop > value && (unsigned char)stop[-1] <= ' ') stop--;
      *len = (size_t)(stop - value);
      return value;
    }
    line = stop + 1;
  }
  return NULL;
}

const char *pc_transfer_piece(const struct pc_transfer *t, size_t *len) {
  const struct pc_piece *piece = t->pieces.first;
  if (piece == NULL) return NULL;
  *len = piece->len;
  return piece->bytes;
}

void pc_transfer_drop_piece(struct pc_transfer *t) {
  struct pc_net *net = t->net;
  struct pc_piece *piece = t->pieces.first;
  t->pieces.first = piece->next;
  if (piece->next == NULL) t->pieces.last = NULL;
  t->pieces.bytes -= piece->len;
  if (net == NULL || t->lost) {
    free(piece);
    return;
  }
  pthread_mutex_lock(&net->mutex);
  t->unread -= piece->len;
  if (t->paused && t->unread <= net->config.window / 2) {
    t->paused = false;
    queue_down(net, t, PC_ORDER_RESUME);
  }
  if (net->spare_count < MAX_SPARE) {
    piece->next = net->spare;
    net->spare = piece;
    net->spare_count++;
    piece = NULL;
  }
  pthread_mutex_unlock(&net->mutex);
  free(piece);
}

/* libcurl writes its version into one buffer anew each time it is asked, and
** several threads may load this module at once. */
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
