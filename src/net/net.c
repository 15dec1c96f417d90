/* The owner's side of a net: its life, and the news that come up.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "net/internal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

static void free_net(struct pc_net *net) {
  struct pc_pieces spare = {0};
  spare.first = net->spare;
  pc_pieces_free(&spare);
  pc_transfers_free_spare(net);
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
  own->ca_file = own->proxy = own->no_proxy = own->unix_socket = NULL;
  net->forks = pc_net_forks();
  net->down_wake.read_fd = net->down_wake.write_fd = -1;
  net->up_wake = net->down_wake;
  pc_bell_init(&net->bell);
  if (!copy_text(&own->ca_file, config->ca_file) ||
      !copy_text(&own->proxy, config->proxy) ||
      !copy_text(&own->no_proxy, config->no_proxy) ||
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
  bool joined;
  pc_net_check_fork(net);
  joined = pc_net_stop(net);
  pthread_mutex_lock(&net->mutex);
  for (t = net->all; t != NULL; t = t->all_next)
    if (!joined && t->sent && !t->over) t->lost = true;
  pthread_mutex_unlock(&net->mutex);
  while ((t = net->all) != NULL) {
    pc_transfer_unlink(t);
    pc_transfer_end(t, PC_CLOSED);
    t->net = NULL;
  }
  if (!joined) return; /* the thread still uses it */
  free_released(net);
  free_net(net);
}

int pc_net_fd(const struct pc_net *net) {
  return net->up_wake.read_fd;
}

size_t pc_net_held(struct pc_net *net) {
  size_t held;
  pthread_mutex_lock(&net->mutex);
  held = net->held;
  pthread_mutex_unlock(&net->mutex);
  return held;
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
void pc_net_tell_if_idle(struct pc_net *net) {
  if (net->live == 0) (void)pc_bell_ring(&net->bell);
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
      pc_transfer_take_news(t);
      pc_transfer_link_ready(t);
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
  if (t != NULL) pc_transfer_unlink_ready(t);
  return t;
}
