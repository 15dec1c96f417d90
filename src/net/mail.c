/* What the two sides of a net share.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "net/mail.h"

#include <stdlib.h>
#include <string.h>

#define MAX_URL     (64 * 1024)   /* far above what any server accepts */
#define MAX_HEADERS (128 * 1024)  /* a token takes 2 to 8 KiB */
#define MAX_BODY    (1024 * 1024) /* only token requests have one */
#define MAX_METHOD  16
#define MAX_HEAD    (64 * 1024) /* nginx and IIS send at most 16 KiB */
/* Pieces kept for reuse: a window full, 4 MiB. Without them a page of 3.1 MB
** costs 13 ms of CPU more, a quarter: the allocator gives such memory back to the
** system, which clears it each time. */
#define MAX_SPARE 256

/* --- the mail --- */

void pc_mail_init(struct pc_mail *m) {
  memset(m, 0, sizeof *m);
  m->down_wake.read_fd = m->down_wake.write_fd = -1;
  m->up_wake = m->down_wake;
  pc_bell_init(&m->bell);
}

enum pc_err pc_mail_open(struct pc_mail *m) {
  enum pc_err err = PC_OK;
  if (pthread_mutex_init(&m->mutex, NULL) != 0) err = PC_NOMEM;
  if (err == PC_OK) err = pc_wake_open(&m->down_wake);
  if (err == PC_OK) err = pc_wake_open(&m->up_wake);
  return err;
}

static void close_descriptors(struct pc_mail *m) {
  pc_wake_close(&m->down_wake);
  pc_wake_close(&m->up_wake);
  pc_bell_close(&m->bell);
}

void pc_mail_close(struct pc_mail *m) {
  struct pc_pieces spare = {0};
  spare.first = m->spare;
  pc_pieces_free(&spare);
  close_descriptors(m);
  pthread_mutex_destroy(&m->mutex);
}

enum pc_err pc_mail_reopen(struct pc_mail *m) {
  pc_bell_forget(&m->bell);
  close_descriptors(m);
  pc_mail_init(m);
  return pc_mail_open(m);
}

/* Tell the owner that there is news. */
static void tell(struct pc_mail *m) {
  if (pc_bell_ring(&m->bell)) return;
  m->raised = true;
  pc_wake_raise(&m->up_wake);
}

struct pc_transfer *pc_mail_collect(struct pc_mail *m) {
  struct pc_transfer *t, *next, *up = NULL;
  for (t = m->up; t != NULL; t = next) { /* newest first: turn it round */
    next = t->shared.up_next;
    t->shared.up_next = up;
    t->shared.up_queued = false;
    up = t;
  }
  m->up = NULL;
  if (m->raised) pc_wake_clear(&m->up_wake);
  m->raised = false;
  return up;
}

void pc_mail_order(struct pc_mail *m, struct pc_transfer *t, unsigned order) {
  struct pc_shared *s = &t->shared;
  s->orders |= order;
  if (s->down_queued) return;
  s->down_next = m->down;
  s->down_queued = true;
  m->down = t;
  if (m->asleep) pc_wake_raise(&m->down_wake);
  m->asleep = false;
}

struct pc_piece *pc_mail_drop(struct pc_mail *m, struct pc_transfer *t,
                              struct pc_piece *piece, size_t window) {
  struct pc_shared *s = &t->shared;
  s->unread -= piece->len;
  m->held -= piece->len;
  if (s->paused && s->unread <= window / 2) {
    s->paused = false;
    pc_mail_order(m, t, PC_ORDER_RESUME);
  }
  if (m->spare_count >= MAX_SPARE) return piece;
  piece->next = m->spare;
  m->spare = piece;
  m->spare_count++;
  return NULL;
}

void pc_mail_hand_up(struct pc_mail *m, struct pc_transfer *t) {
  struct pc_shared *s = &t->shared;
  struct pc_work *w = &t->work;
  bool silent = s->released || s->up_queued; /* nobody, or told already */
  if (!s->released) {
    s->unread += w->received.bytes;
    m->held += w->received.bytes;
    pc_pieces_append(&s->arrived, &w->received);
  }
  w->unread = s->unread;
  s->status = w->status;
  s->over = w->finished;
  if (silent) return;
  if (m->up == NULL) tell(m);
  s->up_next = m->up;
  s->up_queued = true;
  m->up = t;
}

void pc_mail_starve(struct pc_mail *m) {
  m->starved = true;
  tell(m);
}

/* --- pieces --- */

void pc_pieces_append(struct pc_pieces *to, struct pc_pieces *from) {
  if (from->first == NULL) return;
  if (to->last != NULL)
    to->last->next = from->first;
  else
    to->first = from->first;
  to->last = from->last;
  to->bytes += from->bytes;
  memset(from, 0, sizeof *from);
}

void pc_pieces_free(struct pc_pieces *list) {
  struct pc_piece *piece = list->first;
  while (piece != NULL) {
    struct pc_piece *next = piece->next;
    free(piece);
    piece = next;
  }
  memset(list, 0, sizeof *list);
}

/* --- transfers --- */

bool pc_transfer_unused(const struct pc_transfer *t) {
  const struct pc_shared *s = &t->shared;
  return s->released && s->over && !s->up_queued && !s->down_queued;
}

void pc_transfer_free(struct pc_transfer *t) {
  int i;
  pc_pieces_free(&t->owned.pieces);
  pc_pieces_free(&t->shared.arrived);
  pc_pieces_free(&t->work.received);
  for (i = 0; i < PC_PART_COUNT; i++) pc_buffer_wipe(&t->request.parts[i]);
  pc_buffer_free(&t->outcome.head);
  free(t->work.lines);
  free(t);
}

struct pc_transfer *pc_transfer_make(void) {
  static const size_t max[PC_PART_COUNT] = {MAX_URL, MAX_METHOD, MAX_HEADERS,
                                            MAX_BODY};
  struct pc_transfer *t = calloc(1, sizeof *t);
  int i;
  if (t == NULL) return NULL;
  for (i = 0; i < PC_PART_COUNT; i++)
    pc_buffer_init(&t->request.parts[i], max[i]);
  pc_buffer_init(&t->outcome.head, MAX_HEAD);
  return t;
}

void pc_ready_link(struct pc_net *net, struct pc_transfer *t) {
  struct pc_owned *o = &t->owned;
  if (o->ready) return;
  o->ready_prev = net->ready_last;
  if (net->ready_last != NULL)
    net->ready_last->owned.ready_next = t;
  else
    net->ready_first = t;
  net->ready_last = t;
  o->ready = true;
}

void pc_ready_unlink(struct pc_net *net, struct pc_transfer *t) {
  struct pc_owned *o = &t->owned;
  if (!o->ready) return;
  if (o->ready_prev != NULL)
    o->ready_prev->owned.ready_next = o->ready_next;
  else
    net->ready_first = o->ready_next;
  if (o->ready_next != NULL)
    o->ready_next->owned.ready_prev = o->ready_prev;
  else
    net->ready_last = o->ready_prev;
  o->ready_prev = o->ready_next = NULL;
  o->ready = false;
}

void pc_transfer_link(struct pc_net *net, struct pc_transfer *t) {
  t->owned.all_next = net->all;
  if (net->all != NULL) net->all->owned.all_prev = t;
  net->all = t;
}

void pc_transfer_unlink(struct pc_net *net, struct pc_transfer *t) {
  struct pc_owned *o = &t->owned;
  pc_ready_unlink(net, t);
  if (o->all_prev != NULL)
    o->all_prev->owned.all_next = o->all_next;
  else if (net->all == t)
    net->all = o->all_next;
  if (o->all_next != NULL) o->all_next->owned.all_prev = o->all_prev;
  o->all_prev = o->all_next = NULL;
}
