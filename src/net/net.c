/* The owner's side of a net: its life, the news that come up, the bell.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "net/life.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

static void free_net(struct pc_net *net) {
  pc_mail_close(&net->mail);
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
  enum pc_err err;
  if (net == NULL) return PC_NOMEM;
  own = &net->config;
  *own = *config;
  own->ca_file = own->proxy = own->no_proxy = own->unix_socket = NULL;
  net->forks = pc_process_forks();
  pc_mail_init(&net->mail);
  err = pc_mail_open(&net->mail);
  if (err == PC_OK && (!copy_text(&own->ca_file, config->ca_file) ||
                       !copy_text(&own->proxy, config->proxy) ||
                       !copy_text(&own->no_proxy, config->no_proxy) ||
                       !copy_text(&own->unix_socket, config->unix_socket)))
    err = PC_NOMEM;
  if (err != PC_OK)
    free_net(net);
  else
    *result = net;
  return err;
}

/* What the thread left queued for taking and nobody wants. */
static void free_released(struct pc_net *net) {
  struct pc_transfer *t = pc_mail_collect(&net->mail), *next;
  for (; t != NULL; t = next) {
    next = t->shared.up_next;
    if (pc_transfer_unused(t)) pc_transfer_free(t);
  }
}

void pc_net_close(struct pc_net *net) {
  struct pc_transfer *t;
  bool joined;
  pc_life_check(net);
  joined = pc_life_stop(net);
  pc_life_lock(net);
  for (t = net->all; t != NULL; t = t->owned.all_next)
    if (!joined && t->owned.sent && !t->shared.over) t->owned.lost = true;
  pc_life_unlock(net);
  while ((t = net->all) != NULL) {
    pc_transfer_unlink(net, t);
    pc_life_end(t, PC_CLOSED);
    t->net = NULL;
  }
  if (!joined) return; /* the thread still uses it */
  free_released(net);
  free_net(net);
}

/* --- news --- */

int pc_net_fd(struct pc_net *net) {
  pc_life_check(net);
  return net->mail.up_wake.read_fd;
}

size_t pc_net_held(struct pc_net *net) {
  size_t held;
  pc_life_lock(net);
  held = net->mail.held;
  pc_life_unlock(net);
  return held;
}

int pc_net_running(struct pc_net *net) {
  pc_life_check(net);
  return net->running;
}

int pc_net_paused(struct pc_net *net) {
  const struct pc_transfer *t;
  int count = 0;
  pc_life_lock(net);
  for (t = net->all; t != NULL; t = t->owned.all_next)
    if (t->owned.counted && t->shared.paused) count++;
  pc_life_unlock(net);
  return count;
}

void pc_net_wait(struct pc_net *net, double seconds) {
  struct pollfd pfd = {0};
  int ms = -1;
  if (seconds >= 0) ms = seconds > 1e6 ? 1000000000 : (int)(seconds * 1e3);
  if (seconds > 0 && ms == 0) ms = 1; /* a wait too short to count is a spin */
  pfd.fd = pc_net_fd(net);
  pfd.events = POLLIN;
  /* A signal ends the wait early: its handler may want to run Lua code. */
  (void)poll(&pfd, 1, ms);
}

bool pc_net_take(struct pc_net *net) {
  struct pc_transfer *t, *next, *unused = NULL;
  bool starved;
  pc_life_lock(net);
  starved = net->mail.starved;
  net->mail.starved = false;
  for (t = pc_mail_collect(&net->mail); t != NULL; t = next) {
    next = t->shared.up_next;
    if (!t->shared.released) {
      pc_pieces_append(&t->owned.pieces, &t->shared.arrived);
      t->owned.status = t->shared.status;
      if (t->shared.over) pc_life_end(t, t->outcome.result);
      pc_ready_link(net, t);
    } else if (pc_transfer_unused(t)) {
      t->shared.up_next = unused;
      unused = t;
    }
  }
  pc_life_unlock(net);
  for (t = unused; t != NULL; t = next) {
    next = t->shared.up_next;
    pc_transfer_free(t);
  }
  return starved;
}

bool pc_net_has_ready(const struct pc_net *net) {
  return net->ready_first != NULL;
}

struct pc_transfer *pc_net_next_ready(struct pc_net *net) {
  struct pc_transfer *t;
  pc_life_check(net);
  t = net->ready_first;
  if (t != NULL) pc_ready_unlink(net, t);
  return t;
}

/* --- the bell --- */

enum pc_err pc_net_listen(struct pc_net *net, const char *directory,
                          char *path, bool *connected) {
  struct pc_bell *b = &net->mail.bell;
  enum pc_err err = PC_OK;
  pc_life_check(net);
  *connected = pc_bell_connected(b);
  if (!*connected) {
    pc_life_lock(net);
    pc_bell_close(b);
    pc_life_unlock(net);
    err = pc_bell_listen(b, directory);
  }
  memcpy(path, b->path, sizeof b->path);
  return err;
}

enum pc_err pc_net_accept(struct pc_net *net) {
  int fd;
  pc_life_check(net);
  fd = pc_bell_accept(&net->mail.bell);
  if (fd < 0) return PC_NETWORK;
  pc_life_lock(net);
  net->mail.bell.fd = fd;
  pc_life_unlock(net);
  return PC_OK;
}

void pc_net_watch(struct pc_net *net) {
  struct pc_bell *b = &net->mail.bell;
  pc_life_lock(net);
  b->on = b->fd >= 0;
  if (net->mail.up != NULL) (void)pc_bell_ring(b);
  pc_life_unlock(net);
}

bool pc_net_ring(struct pc_net *net) {
  bool rung;
  pc_life_lock(net);
  rung = pc_bell_ring(&net->mail.bell);
  pc_life_unlock(net);
  return rung;
}

bool pc_net_unwatch(struct pc_net *net, double heard) {
  struct pc_bell *b = &net->mail.bell;
  bool still;
  pc_life_lock(net);
  still = net->live == 0 && (double)b->rung == heard;
  if (still) b->on = false;
  pc_life_unlock(net);
  return still;
}
