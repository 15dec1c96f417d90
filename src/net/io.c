/* How the I/O thread hands up what came.
**
** libcurl's callbacks only fill what belongs to the thread; one look under the
** mutex per round hands it all up with one wake-up.
** SPDX-License-Identifier: MIT */
#include "net/io.h"

#include <stdlib.h>

void pc_io_touch(struct pc_transfer *t) {
  struct pc_work *w = &t->work;
  if (w->touched) return;
  w->touched = true;
  w->touched_next = w->io->touched;
  w->io->touched = t;
}

bool pc_io_hand_up(struct pc_transfer *t) {
  struct pc_net *net = t->work.io->net;
  bool behind;
  pthread_mutex_lock(&net->mail.mutex);
  pc_mail_hand_up(&net->mail, t);
  behind = t->shared.unread > net->config.window;
  if (behind) t->shared.paused = true;
  pthread_mutex_unlock(&net->mail.mutex);
  return behind;
}

void pc_io_free_unused(struct pc_transfer *list) {
  while (list != NULL) {
    struct pc_transfer *next = list->work.todo_next;
    pc_transfer_free(list);
    list = next;
  }
}

/* What nobody wants any more is freed after the mutex is given back; nothing
** else is touched from then on: the owner may free it. */
void pc_io_hand_up_all(struct pc_io *io) {
  struct pc_mail *m = &io->net->mail;
  struct pc_transfer *t, *unused = NULL;
  if (io->touched == NULL) return;
  pthread_mutex_lock(&m->mutex);
  for (t = io->touched; t != NULL; t = t->work.touched_next) {
    t->work.touched = false;
    pc_mail_hand_up(m, t);
    if (pc_transfer_unused(t)) {
      t->work.todo_next = unused;
      unused = t;
    }
  }
  io->touched = NULL;
  pthread_mutex_unlock(&m->mutex);
  pc_io_free_unused(unused);
}

struct pc_piece *pc_io_piece(struct pc_io *io) {
  struct pc_mail *m = &io->net->mail;
  struct pc_piece *piece;
  if (io->spare == NULL) {
    pthread_mutex_lock(&m->mutex);
    io->spare = m->spare;
    m->spare = NULL;
    m->spare_count = 0;
    pthread_mutex_unlock(&m->mutex);
  }
  piece = io->spare;
  if (piece != NULL)
    io->spare = piece->next;
  else
    piece = malloc(sizeof *piece);
  if (piece != NULL) {
    piece->next = NULL;
    piece->len = 0;
  }
  return piece;
}
