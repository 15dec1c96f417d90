/* A transfer as its owner sees it: made, sent, read, given back.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "net/internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_URL     (64 * 1024)   /* far above what any server accepts */
#define MAX_HEADERS (128 * 1024)  /* a token takes 2 to 8 KiB */
#define MAX_BODY    (1024 * 1024) /* only token requests have one */
#define MAX_METHOD  16
#define MAX_HEAD    (64 * 1024) /* nginx and IIS send at most 16 KiB */
#define MAX_SPARE   256 /* pieces kept for reuse: a window full, 4 MiB */
/* Transfers kept for reuse, with so much memory for a request each at most: a
** call with a token takes about 3 KiB. */
#define MAX_SPARE_TRANSFERS 128
#define MAX_SPARE_BYTES     8192

/* --- lists --- */

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
  for (i = 0; i < PC_PART_COUNT; i++) pc_buffer_wipe(&t->memory.parts[i]);
  pc_buffer_free(&t->memory.head);
  free(t->memory.lines);
  free(t);
}

/* Keep it for the next request of the net, or free it. Only its memory stays:
** what was in there is gone already. */
static void recycle(struct pc_net *net, struct pc_transfer *t) {
  size_t bytes = t->memory.head.cap;
  int i;
  for (i = 0; i < PC_PART_COUNT; i++) bytes += t->memory.parts[i].cap;
  if (bytes > MAX_SPARE_BYTES ||
      net->spare_transfer_count >= MAX_SPARE_TRANSFERS) {
    pc_transfer_free(t);
    return;
  }
  for (i = 0; i < PC_PART_COUNT; i++) pc_buffer_erase(&t->memory.parts[i]);
  pc_buffer_clear(&t->memory.head);
  pc_pieces_free(&t->pieces);
  pc_pieces_free(&t->arrived);
  pc_pieces_free(&t->received);
  memset(t, 0, offsetof(struct pc_transfer, memory));
  t->all_next = net->spare_transfers;
  net->spare_transfers = t;
  net->spare_transfer_count++;
}

static struct pc_transfer *take_spare(struct pc_net *net) {
  struct pc_transfer *t = net->spare_transfers;
  if (t == NULL) return NULL;
  net->spare_transfers = t->all_next;
  net->spare_transfer_count--;
  t->all_next = NULL;
  return t;
}

void pc_transfers_free_spare(struct pc_net *net) {
  struct pc_transfer *t;
  while ((t = take_spare(net)) != NULL) pc_transfer_free(t);
}

/* A transfer with room for nothing yet. */
static struct pc_transfer *make_transfer(void) {
  static const size_t max[PC_PART_COUNT] = {MAX_URL, MAX_METHOD, MAX_HEADERS,
                                            MAX_BODY};
  struct pc_transfer *t = calloc(1, sizeof *t);
  int i;
  if (t == NULL) return NULL;
  for (i = 0; i < PC_PART_COUNT; i++)
    pc_buffer_init(&t->memory.parts[i], max[i]);
  pc_buffer_init(&t->memory.head, MAX_HEAD);
  return t;
}

void pc_transfer_unlink_ready(struct pc_transfer *t) {
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

void pc_transfer_link_ready(struct pc_transfer *t) {
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

void pc_transfer_unlink(struct pc_transfer *t) {
  pc_transfer_unlink_ready(t);
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

void pc_transfer_end(struct pc_transfer *t, enum pc_err err) {
  if (t->ended) return;
  pc_transfer_uncount(t);
  if (t->sent) t->net->live--;
  t->ended = true;
  t->err = err;
}

/* --- orders and news --- */

static void queue_down(struct pc_net *net, struct pc_transfer *t,
                       unsigned order) {
  t->orders |= order;
  if (t->down_queued) return;
  t->down_next = net->down;
  t->down_queued = true;
  net->down = t;
  if (net->asleep) pc_wake_raise(&net->down_wake);
  net->asleep = false;
}

void pc_transfer_take_news(struct pc_transfer *t) {
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
  if (t->over) pc_transfer_end(t, t->result);
}

/* --- the owner's calls --- */

enum pc_err pc_transfer_new(struct pc_transfer **result, struct pc_net *net,
                            int id) {
  struct pc_transfer *t;
  pc_net_check_fork(net);
  if (net->broken) return PC_RESOURCES;
  t = take_spare(net);
  if (t == NULL) t = make_transfer();
  if (t == NULL) return PC_NOMEM;
  t->id = id;
  t->net = net;
  t->all_next = net->all;
  if (net->all != NULL) net->all->all_prev = t;
  net->all = t;
  *result = t;
  return PC_OK;
}

static enum pc_err too_large(enum pc_err err) {
  return err == PC_TOO_LARGE ? PC_REQUEST_TOO_LARGE : err;
}

enum pc_err pc_transfer_set(struct pc_transfer *t, enum pc_part part,
                            const char *bytes, size_t len) {
  struct pc_buffer *b = &t->memory.parts[part];
  enum pc_err err;
  pc_buffer_clear(b);
  err = pc_buffer_add(b, bytes, len);
  if (err == PC_OK) err = pc_buffer_add(b, "", 1);
  return too_large(err);
}

enum pc_err pc_transfer_add_header(struct pc_transfer *t, const char *name,
                                   size_t name_len, const char *value,
                                   size_t len) {
  struct pc_buffer *b = &t->memory.parts[PC_HEADERS];
  /* libcurl takes a name and a colon for a header that is not to be sent. */
  const char *lead = len > 0 ? ": " : ";";
  enum pc_err err = pc_buffer_add(b, name, name_len);
  if (err == PC_OK) err = pc_buffer_add(b, lead, strlen(lead));
  if (err == PC_OK) err = pc_buffer_add(b, value, len);
  if (err == PC_OK) err = pc_buffer_add(b, "", 1);
  return too_large(err);
}

enum pc_err pc_transfer_send(struct pc_transfer *t,
                             const struct pc_limits *limits) {
  struct pc_net *net = t->net;
  if (!net->started) {
    enum pc_err err = pc_net_start(net);
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
  struct pc_pieces arrived;
  bool unused = true;
  if (net != NULL) {
    pc_net_check_fork(net);
    pc_transfer_uncount(t);
    pc_transfer_unlink(t);
  }
  pc_pieces_free(&t->pieces);
  if (t->lost) return;
  if (net != NULL && t->sent) {
    pthread_mutex_lock(&net->mutex);
    t->released = true;
    net->held -= t->unread;
    t->unread = 0;
    if (!t->ended) {
      net->live--;
      pc_net_tell_if_idle(net);
    }
    if (!t->over) queue_down(net, t, PC_ORDER_CANCEL);
    unused = pc_transfer_unused(t);
    arrived = t->arrived;
    memset(&t->arrived, 0, sizeof t->arrived);
    pthread_mutex_unlock(&net->mutex);
    pc_pieces_free(&arrived);
  }
  if (!unused) return;
  if (net != NULL)
    recycle(net, t);
  else
    pc_transfer_free(t);
}

void pc_transfer_cancel(struct pc_transfer *t) {
  struct pc_net *net = t->net;
  if (net == NULL) return; /* it ended with its net */
  pc_net_check_fork(net);
  if (t->ended) return;
  pc_transfer_end(t, PC_CANCELLED);
  pthread_mutex_lock(&net->mutex);
  pc_net_tell_if_idle(net);
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
  const char *line;
  const char *end;
  size_t name_len = strlen(name);
  if (t->status == 0) return NULL; /* the thread still writes to them */
  line = t->memory.head.bytes;
  end = line + t->memory.head.len;
  while (line < end) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    const char *value = line + name_len + 1;
    if (stop == NULL) stop = end;
    if (value <= stop && value[-1] == ':' &&
        curl_strnequal(line, name, name_len)) {
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
  net->held -= piece->len;
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
