/* The I/O thread: takes orders and lets libcurl work.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "net/thread.h"

#include <poll.h>
#include "net/easy.h"
#include "net/poll.h"
#include "net/queue.h"
#include "net/seal.h"

static void unlink_active(struct pc_io *io, struct pc_transfer *t) {
  if (t->work.active_prev != NULL)
    t->work.active_prev->work.active_next = t->work.active_next;
  else if (io->active == t)
    io->active = t->work.active_next;
  if (t->work.active_next != NULL)
    t->work.active_next->work.active_prev = t->work.active_prev;
  t->work.active_prev = t->work.active_next = NULL;
}

static void finish(struct pc_io *io, struct pc_transfer *t) {
  t->work.io = io;
  if (t->work.easy != NULL) {
    pc_easy_end(io, t);
    unlink_active(io, t);
  }
  t->work.finished = true;
  pc_io_touch(t);
}

static void start(struct pc_io *io, struct pc_transfer *t) {
  t->work.io = io;
  t->work.started_at = pc_poll_now();
  t->outcome.result = io->err != PC_OK ? io->err : pc_easy_start(io, t);
  if (t->work.easy != NULL) {
    t->work.active_next = io->active;
    if (io->active != NULL) io->active->work.active_prev = t;
    io->active = t;
  }
  if (t->outcome.result != PC_OK) finish(io, t);
}

static void obey(struct pc_io *io, struct pc_transfer *t) {
  if (t->work.todo & PC_ORDER_CANCEL) {
    t->outcome.result = PC_CANCELLED;
    finish(io, t);
  } else if (t->work.todo & PC_ORDER_START) {
    start(io, t);
  } else if (t->work.todo & PC_ORDER_RESUME) {
    if (pc_easy_resume(t) != PC_OK) finish(io, t);
  }
}

/* Returns false when the thread has to end. An order can reach a transfer
** that finished meanwhile: it has nothing left to do, and may be unused now.
** One that has not finished cannot be freed by the owner, so the others are
** safe to look at after the mutex is given back. */
static bool take_orders(struct pc_io *io) {
  struct pc_mail *m = &io->net->mail;
  struct pc_transfer *t, *next, *todo = NULL, *unused = NULL;
  bool stop;
  pthread_mutex_lock(&m->mutex);
  if (io->asleep && !m->asleep) pc_wake_clear(&m->down_wake);
  for (t = m->down; t != NULL; t = next) {
    struct pc_transfer **list = t->work.finished ? &unused : &todo;
    next = t->shared.down_next;
    t->shared.down_queued = false;
    t->work.todo = t->shared.orders;
    t->shared.orders = 0;
    if (t->work.finished && !pc_transfer_unused(t)) continue;
    t->work.todo_next = *list; /* which also puts the oldest first */
    *list = t;
  }
  /* Whoever gives an order from now on need not wake a thread that is about to
  ** look again anyway. */
  io->asleep = m->asleep = m->down == NULL;
  m->down = NULL;
  stop = m->stop;
  pthread_mutex_unlock(&m->mutex);
  for (t = todo; t != NULL; t = next) {
    next = t->work.todo_next;
    obey(io, t);
  }
  pc_io_free_unused(unused);
  return !stop;
}

static void collect_ended(struct pc_io *io) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(io->multi, &left)) != NULL) {
    CURLcode code = message->data.result;
    char *private = NULL;
    struct pc_transfer *t;
    if (message->msg != CURLMSG_DONE) continue;
    (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    t = (struct pc_transfer *)private;
    if (code == CURLE_OPERATION_TIMEDOUT && pc_queue_again(io, t)) continue;
    pc_easy_result(t, code);
    finish(io, t);
  }
}

static enum pc_err open_io(struct pc_io *io) {
  const struct pc_net_config *config = &io->net->config;
  io->multi = io->net->multi != NULL ? io->net->multi : pc_seal_multi();
  io->net->multi = NULL;
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
  return pc_poll_open(&io->poll, io->multi, io->net->mail.down_wake.read_fd,
                      &io->net->task);
}

static void close_io(struct pc_io *io) {
  struct pc_pieces spare = {0};
  pc_easy_free_idle(io);
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
    io->active->outcome.result = err;
    finish(io, io->active);
  }
}

/* A wake-up may be left over from an order that is carried out already. To act
** on it would have a failure of now meet an order that comes later. */
static void await_order(struct pc_net *net) {
  struct pc_mail *m = &net->mail;
  struct pollfd pfd = {0};
  pfd.fd = m->down_wake.read_fd;
  pfd.events = POLLIN;
  for (;;) {
    bool idle;
    pthread_mutex_lock(&m->mutex);
    idle = m->asleep = m->down == NULL && !m->stop;
    pthread_mutex_unlock(&m->mutex);
    if (!idle) return;
    pc_process_rest(&net->task);
    (void)poll(&pfd, 1, -1);
    pc_process_work(&net->task);
    pc_wake_clear(&m->down_wake);
  }
}

/* Memory or descriptors were refused where libcurl or the poll cannot go on
** without: every transfer fails with the reason, and all is made anew for the
** orders to come. */
static void start_over(struct pc_io *io) {
  if (io->multi != NULL) collect_ended(io);
  end_active(io, io->err);
  pc_io_hand_up_all(io);
  close_io(io);
  await_order(io->net);
  io->err = open_io(io);
}

void pc_thread_begin(void *net) {
  struct pc_net *n = net;
  n->multi = pc_seal_multi(); /* without it the thread tries, and tells */
}

void pc_thread_abandon(void *net) {
  struct pc_net *n = net;
  if (n->multi != NULL) (void)curl_multi_cleanup(n->multi);
  n->multi = NULL;
}

void pc_thread_run(void *net) {
  struct pc_io io = {0};
  io.net = net;
  io.err = open_io(&io);
  while (take_orders(&io)) {
    pc_io_hand_up_all(&io);
    if (io.err == PC_OK)
      io.err = pc_poll_round(io.poll, io.asleep ? pc_queue_patience(&io) : 0);
    if (io.err == PC_OK) collect_ended(&io);
    if (io.err == PC_OK) pc_queue_look(&io, finish);
    if (io.err == PC_OK) io.err = pc_poll_error(io.poll);
    pc_io_hand_up_all(&io);
    if (io.err != PC_OK) start_over(&io);
  }
  end_active(&io, PC_CLOSED);
  pc_io_hand_up_all(&io);
  close_io(&io);
}

void pc_thread_stop(void *net) {
  struct pc_mail *m = &((struct pc_net *)net)->mail;
  pthread_mutex_lock(&m->mutex);
  m->stop = true;
  pc_wake_raise(&m->down_wake);
  pthread_mutex_unlock(&m->mutex);
}
