/* The life of a net's thread.
** SPDX-License-Identifier: MIT */
#include "net/life.h"

#include "net/thread.h"

void pc_life_end(struct pc_transfer *t, enum pc_err err) {
  struct pc_owned *o = &t->owned;
  if (o->ended) return;
  if (o->counted) t->net->running--;
  if (o->sent) t->net->live--;
  o->counted = false;
  o->ended = true;
  o->err = err;
}

/* The thread does not exist here, and what it shared is in a state that nobody
** knows: what it has not given back is left where it is. What was taken from it
** can still be read. */
static void start_anew(struct pc_net *net) {
  struct pc_transfer *t;
  size_t held = 0;
  net->forks = pc_process_forks();
  net->started = false;
  net->multi = NULL;
  for (t = net->all; t != NULL; t = t->owned.all_next) {
    if (!t->owned.sent) continue;
    t->owned.lost = !t->shared.over;
    pc_life_end(t, PC_FORKED);
    t->shared.up_queued = t->shared.down_queued = false;
    t->shared.unread = t->owned.pieces.bytes;
    if (!t->owned.lost) held += t->shared.unread;
  }
  net->broken = pc_mail_reopen(&net->mail) != PC_OK;
  net->mail.held = held;
}

void pc_life_check(struct pc_net *net) {
  if (net->forks != pc_process_forks()) start_anew(net);
}

void pc_life_lock(struct pc_net *net) {
  pc_life_check(net);
  pthread_mutex_lock(&net->mail.mutex);
}

void pc_life_unlock(struct pc_net *net) {
  pthread_mutex_unlock(&net->mail.mutex);
}

enum pc_err pc_life_start(struct pc_net *net) {
  enum pc_err err;
  if (net->started) return PC_OK;
  net->task.begin = pc_thread_begin;
  net->task.run = pc_thread_run;
  net->task.stop = pc_thread_stop;
  net->task.arg = net;
  err = pc_process_start(&net->task);
  net->started = err == PC_OK;
  if (err != PC_OK) pc_thread_abandon(net);
  return err;
}

bool pc_life_stop(struct pc_net *net) {
  if (!net->started) return true;
  net->started = false;
  return pc_process_end(&net->task);
}
