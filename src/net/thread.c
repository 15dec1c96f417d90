/* The I/O thread: takes orders, lets libcurl work, hands up what came.
**
** libcurl's callbacks only fill what belongs to the thread; one look under the
** mutex per round hands it all up with one wake-up.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "net/internal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "net/poll.h"
#include "net/seal.h"

static void append_pieces(struct pc_pieces *to, struct pc_pieces *from) {
  if (from->first == NULL) return;
  if (to->last != NULL)
    to->last->next = from->first;
  else
    to->first = from->first;
  to->last = from->last;
  to->bytes += from->bytes;
  memset(from, 0, sizeof *from);
}

void pc_thread_touch(struct pc_transfer *t) {
  if (t->touched) return;
  t->touched = true;
  t->touched_next = t->io->touched;
  t->io->touched = t;
}

/* Under the mutex: move what the thread has to where the owner takes it. */
static void hand_up_locked(struct pc_transfer *t) {
  struct pc_net *net = t->net;
  if (!t->released) {
    t->unread += t->received.bytes;
    net->held += t->received.bytes;
    append_pieces(&t->arrived, &t->received);
  }
  t->unread_seen = t->unread;
  t->arrived_status = t->seen_status;
  t->over = t->finished;
  if (t->released || t->up_queued) return;
  if (net->up == NULL) pc_net_tell(net);
  t->up_next = net->up;
  t->up_queued = true;
  net->up = t;
}

bool pc_thread_hand_up(struct pc_transfer *t) {
  pthread_mutex_t *mutex = &t->net->mutex;
  bool behind;
  pthread_mutex_lock(mutex);
  hand_up_locked(t);
  behind = t->unread > t->net->config.window;
  if (behind) t->paused = true;
  pthread_mutex_unlock(mutex);
  return behind;
}

static void free_unused(struct pc_transfer *list) {
  while (list != NULL) {
    struct pc_transfer *next = list->todo_next;
    pc_transfer_free(list);
    list = next;
  }
}

/* Hand up everything of this round. What nobody wants any more is freed after
** the mutex is given back. */
static void hand_up_all(struct pc_io *io) {
  struct pc_transfer *t, *unused = NULL;
  if (io->touched == NULL) return;
  pthread_mutex_lock(&io->net->mutex);
  for (t = io->touched; t != NULL; t = t->touched_next) {
    t->touched = false;
    hand_up_locked(t);
    if (pc_transfer_unused(t)) {
      t->todo_next = unused;
      unused = t;
    }
  }
  io->touched = NULL;
  pthread_mutex_unlock(&io->net->mutex);
  free_unused(unused);
}

struct pc_piece *pc_thread_piece(struct pc_io *io) {
  struct pc_piece *piece;
  if (io->spare == NULL) {
    pthread_mutex_lock(&io->net->mutex);
    io->spare = io->net->spare;
    io->net->spare = NULL;
    io->net->spare_count = 0;
    pthread_mutex_unlock(&io->net->mutex);
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

static void unlink_active(struct pc_io *io, struct pc_transfer *t) {
  if (t->active_prev != NULL)
    t->active_prev->active_next = t->active_next;
  else if (io->active == t)
    io->active = t->active_next;
  if (t->active_next != NULL) t->active_next->active_prev = t->active_prev;
  t->active_prev = t->active_next = NULL;
}

static void finish(struct pc_io *io, struct pc_transfer *t) {
  t->io = io;
  if (t->easy != NULL) {
    pc_easy_end(io, t);
    unlink_active(io, t);
  }
  t->finished = true;
  pc_thread_touch(t);
}

static void start(struct pc_io *io, struct pc_transfer *t) {
  t->io = io;
  t->result = io->err != PC_OK ? io->err : pc_easy_start(io, t);
  if (t->easy != NULL) {
    t->active_next = io->active;
    if (io->active != NULL) io->active->active_prev = t;
    io->active = t;
  }
  if (t->result != PC_OK) finish(io, t);
}

static void obey(struct pc_io *io, struct pc_transfer *t) {
  if (t->todo & PC_ORDER_CANCEL) {
    t->result = PC_CANCELLED;
    finish(io, t);
  } else if (t->todo & PC_ORDER_START) {
    start(io, t);
  } else if (t->todo & PC_ORDER_RESUME) {
    if (pc_easy_resume(t) != PC_OK) finish(io, t);
  }
}

/* Returns false when the thread has to end. An order can reach a transfer
** that finished meanwhile: it has nothing left to do, and may be unused now.
** One that has not finished cannot be freed by the owner, so the others are
** safe to look at after the mutex is given back. */
static bool take_orders(struct pc_io *io) {
  struct pc_net *net = io->net;
  struct pc_transfer *t, *next, *todo = NULL, *unused = NULL;
  bool stop;
  pthread_mutex_lock(&net->mutex);
  if (io->asleep && !net->asleep) pc_wake_clear(&net->down_wake);
  for (t = net->down; t != NULL; t = next) {
    struct pc_transfer **list = t->finished ? &unused : &todo;
    next = t->down_next;
    t->down_queued = false;
    t->todo = t->orders;
    t->orders = 0;
    if (t->finished && !pc_transfer_unused(t)) continue;
    t->todo_next = *list; /* which also puts the oldest first */
    *list = t;
  }
  /* Whoever gives an order from now on need not wake a thread that is about to
  ** look again anyway. */
  io->asleep = net->asleep = net->down == NULL;
  net->down = NULL;
  stop = net->stop;
  pthread_mutex_unlock(&net->mutex);
  for (t = todo; t != NULL; t = next) {
    next = t->todo_next;
    obey(io, t);
  }
  free_unused(unused);
  return !stop;
}

static void collect_ended(struct pc_io *io) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(io->multi, &left)) != NULL) {
    char *private = NULL;
    if (message->msg != CURLMSG_DONE) continue;
    (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    pc_easy_result((struct pc_transfer *)private, message->data.result);
    finish(io, (struct pc_transfer *)private);
  }
}

static enum pc_err open_io(struct pc_io *io) {
  const struct pc_net_config *config = &io->net->config;
  io->multi = pc_seal_multi(io->net->down_wake.read_fd);
  io->share = curl_share_init();
  if (io->multi == NULL || io->share == NULL) return PC_NOMEM;
  /* Each handle of libcurl before 8.12 keeps its TLS sessions to itself, so
  ** that a handle's first connection is never resumed: with TLS 1.2 a round
  ** trip more. libcurl gives a session to the same host and port under the same
  ** settings of TLS only. TLS 1.3 has a session used once: of connections that
  ** begin together, those after the first often begin anew, which costs little.
  ** No locks: all handles are of this thread. */
  if (curl_share_setopt(io->share, CURLSHOPT_SHARE,
                        CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK)
    return PC_NOMEM;
  /* Without a cap libcurl opens one connection for each transfer above the
  ** server's limit of streams; the larger stream limit lets the server's own
  ** decide. Idle connections are kept through bursts. */
  if (curl_multi_setopt(io->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) ||
      curl_multi_setopt(io->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 1000L) ||
      curl_multi_setopt(io->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                        config->max_connections) ||
      curl_multi_setopt(io->multi, CURLMOPT_MAXCONNECTS, 256L))
    return PC_NOMEM;
  return pc_poll_open(&io->poll, io->multi, io->net->down_wake.read_fd);
}

static void close_io(struct pc_io *io) {
  struct pc_pieces spare = {0};
  while (io->idle_count > 0) curl_easy_cleanup(io->idle[--io->idle_count]);
  pc_poll_close(io->poll);
  if (io->multi != NULL) (void)curl_multi_cleanup(io->multi);
  if (io->share != NULL) (void)curl_share_cleanup(io->share);
  spare.first = io->spare;
  pc_pieces_free(&spare);
  io->poll = NULL;
  io->multi = NULL;
  io->share = NULL;
  io->spare = NULL;
}

static void end_active(struct pc_io *io, enum pc_err err) {
  while (io->active != NULL) {
    io->active->result = err;
    finish(io, io->active);
  }
}

/* A wake-up may be left over from an order that is carried out already. To act
** on it would have a failure of now meet an order that comes later. */
static void await_order(struct pc_net *net) {
  struct pollfd pfd = {0};
  pfd.fd = net->down_wake.read_fd;
  pfd.events = POLLIN;
  for (;;) {
    bool idle;
    pthread_mutex_lock(&net->mutex);
    idle = net->asleep = net->down == NULL && !net->stop;
    pthread_mutex_unlock(&net->mutex);
    if (!idle) return;
    (void)poll(&pfd, 1, -1);
    pc_wake_clear(&net->down_wake);
  }
}

/* Memory or descriptors were refused where libcurl or the poll cannot go on
** without: every transfer fails with the reason, and all is made anew for the
** orders to come. */
static void start_over(struct pc_io *io) {
  if (io->multi != NULL) collect_ended(io);
  end_active(io, io->err);
  hand_up_all(io);
  close_io(io);
  await_order(io->net);
  io->err = open_io(io);
}

void *pc_thread_main(void *arg) {
  struct pc_net *net = arg;
  struct pc_io io = {0};
  io.net = net;
  io.err = open_io(&io);
  while (take_orders(&io)) {
    hand_up_all(&io);
    if (io.err == PC_OK) io.err = pc_poll_round(io.poll, io.asleep);
    if (io.err == PC_OK) collect_ended(&io);
    if (io.err == PC_OK) io.err = pc_poll_error(io.poll);
    hand_up_all(&io);
    if (io.err != PC_OK) start_over(&io);
  }
  end_active(&io, PC_CLOSED);
  hand_up_all(&io);
  close_io(&io);
  pthread_mutex_lock(&net->mutex);
  net->stopped = true;
  pc_wake_raise(&net->up_wake);
  pthread_mutex_unlock(&net->mutex);
  return NULL;
}
