/* Those that wait for a connection, of which there may be no more.
**
** libcurl has them wait, and each version in its own way. With 7.88 the time to
** connect begins when it is their turn, with 8.14 and 8.23 when they begin to
** wait; that it is over, and that all of their time is, 7.88 and 8.14 see when it
** is their turn. Here it is the same with all: who waits has the time of the
** transfer, and that to connect comes after it.
** SPDX-License-Identifier: MIT */
#include "net/queue.h"

#include "net/easy.h"
#include "net/poll.h"

/* Between two looks, ms: what they are late by at most. */
#define LOOK_MS 1000
/* Between two times that the owner is told, at most. */
#define MOST_TELL_MS 60000

/* May nobody connect any more? */
static bool is_full(const struct pc_io *io) {
  return io->active != NULL &&
         io->sockets >= (size_t)io->net->config.max_connections;
}

/* Nothing of it was sent, and it has not tried to connect. */
static bool is_waiting(const struct pc_transfer *t) {
  long sent = 0;
  if (t->work.opened) return false;
  (void)curl_easy_getinfo(t->work.easy, CURLINFO_REQUEST_SIZE, &sent);
  return sent == 0;
}

static int64_t time_left(const struct pc_transfer *t, int64_t now) {
  return t->request.limits.timeout_ms - (now - t->work.started_at);
}

int pc_queue_patience(const struct pc_io *io) {
  return is_full(io) ? LOOK_MS : -1;
}

/* Those that are paused hold all the connections. If their readers are gone
** without a word, they are the collector's, which does not run while the owner
** waits. It may be in vain: ever more seldom. */
static void tell_owner(struct pc_io *io, int64_t now) {
  struct pc_mail *m = &io->net->mail;
  if (now < io->tell_at) return;
  io->tell_ms = io->tell_ms == 0 ? LOOK_MS : 2 * io->tell_ms;
  if (io->tell_ms > MOST_TELL_MS) io->tell_ms = MOST_TELL_MS;
  io->tell_at = now + io->tell_ms;
  pthread_mutex_lock(&m->mutex);
  pc_mail_starve(m);
  pthread_mutex_unlock(&m->mutex);
}

void pc_queue_look(struct pc_io *io,
                   void (*end)(struct pc_io *io, struct pc_transfer *t)) {
  int64_t now;
  long paused = 0;
  bool waiting = false;
  struct pc_transfer *t, *next;
  if (!is_full(io)) return;
  now = pc_poll_now();
  if (now < io->look_at) return;
  io->look_at = now + LOOK_MS;
  for (t = io->active; t != NULL; t = next) {
    next = t->work.active_next;
    if (t->work.waits) paused++;
    if (!is_waiting(t)) continue;
    waiting = t->work.queued = true;
    if (time_left(t, now) > 0) continue;
    t->outcome.result = PC_TIMEOUT;
    end(io, t);
  }
  if (waiting && paused >= io->net->config.max_connections)
    tell_owner(io, now);
  else
    io->tell_ms = 0;
}

bool pc_queue_again(struct pc_io *io, struct pc_transfer *t) {
  int64_t left = time_left(t, pc_poll_now());
  if (!t->work.queued && !is_full(io)) return false;
  if (!is_waiting(t) || left <= 0) return false;
  t->outcome.detail[0] = '\0';
  (void)curl_multi_remove_handle(io->multi, t->work.easy);
  return pc_easy_shorten(t, left) == CURLE_OK &&
         curl_multi_add_handle(io->multi, t->work.easy) == CURLM_OK;
}
