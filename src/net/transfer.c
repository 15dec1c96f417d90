/* A transfer as its owner sees it: made, sent, read, given back.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "net/life.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* --- made and sent --- */

enum pc_err pc_transfer_new(struct pc_transfer **result, struct pc_net *net,
                            int id) {
  struct pc_transfer *t;
  pc_life_check(net);
  if (net->broken) return PC_RESOURCES;
  t = pc_transfer_make();
  if (t == NULL) return PC_NOMEM;
  t->owned.id = id;
  t->net = net;
  pc_transfer_link(net, t);
  *result = t;
  return PC_OK;
}

static enum pc_err too_large(enum pc_err err) {
  return err == PC_TOO_LARGE ? PC_REQUEST_TOO_LARGE : err;
}

enum pc_err pc_transfer_set(struct pc_transfer *t, enum pc_part part,
                            const char *bytes, size_t len) {
  struct pc_buffer *b = &t->request.parts[part];
  enum pc_err err;
  pc_buffer_clear(b);
  err = pc_buffer_add(b, bytes, len);
  if (err == PC_OK) err = pc_buffer_add(b, "", 1);
  return too_large(err);
}

const char *pc_header_lead(size_t value_len) {
  /* libcurl takes a name and a colon for a header that is not to be sent. */
  return value_len > 0 ? ": " : ";";
}

enum pc_err pc_transfer_add_header(struct pc_transfer *t, const char *name,
                                   size_t name_len, const char *value,
                                   size_t len) {
  struct pc_buffer *b = &t->request.parts[PC_HEADERS];
  const char *lead = pc_header_lead(len);
  enum pc_err err = pc_buffer_add(b, name, name_len);
  if (err == PC_OK) err = pc_buffer_add(b, lead, strlen(lead));
  if (err == PC_OK) err = pc_buffer_add(b, value, len);
  if (err == PC_OK) err = pc_buffer_add(b, "", 1);
  return too_large(err);
}

enum pc_err pc_transfer_add_lines(struct pc_transfer *t, const char *lines,
                                  size_t len) {
  return too_large(pc_buffer_add(&t->request.parts[PC_HEADERS], lines, len));
}

enum pc_err pc_transfer_send(struct pc_transfer *t,
                             const struct pc_limits *limits) {
  struct pc_net *net = t->net;
  enum pc_err err;
  pc_life_check(net);
  err = pc_life_start(net);
  if (err != PC_OK) return err;
  t->request.limits = *limits;
  t->owned.sent = t->owned.counted = true;
  net->running++;
  net->live++;
  pc_life_lock(net);
  pc_mail_order(&net->mail, t, PC_ORDER_START);
  pc_life_unlock(net);
  return PC_OK;
}

/* --- given back --- */

/* Have the thread know. Who watches for the end of all that is under way learns
** that it came from this side. With the mutex held. */
static void cancel(struct pc_net *net, struct pc_transfer *t) {
  if (net->live == 0) (void)pc_bell_ring(&net->mail.bell);
  if (!t->shared.over) pc_mail_order(&net->mail, t, PC_ORDER_CANCEL);
}

/* True when the thread does not know it any more. */
static bool let_go(struct pc_net *net, struct pc_transfer *t) {
  struct pc_pieces arrived;
  bool unused;
  pc_life_lock(net);
  t->shared.released = true;
  if (!t->owned.ended) {
    net->live--;
    cancel(net, t);
  } else if (!t->shared.over) {
    pc_mail_order(&net->mail, t, PC_ORDER_CANCEL);
  }
  net->mail.held -= t->shared.unread;
  t->shared.unread = 0;
  arrived = t->shared.arrived;
  memset(&t->shared.arrived, 0, sizeof t->shared.arrived);
  unused = pc_transfer_unused(t);
  pc_life_unlock(net);
  pc_pieces_free(&arrived);
  return unused;
}

void pc_transfer_release(struct pc_transfer *t) {
  struct pc_net *net = t->net;
  pc_pieces_free(&t->owned.pieces);
  if (net != NULL) {
    pc_life_check(net);
    pc_transfer_uncount(t);
    pc_transfer_unlink(net, t);
  }
  if (t->owned.lost) return;
  if (net == NULL || !t->owned.sent || let_go(net, t)) pc_transfer_free(t);
}

void pc_transfer_cancel(struct pc_transfer *t) {
  struct pc_net *net = t->net;
  if (net == NULL) return; /* it ended with its net */
  pc_life_check(net);
  if (t->owned.ended) return;
  pc_life_end(t, PC_CANCELLED);
  pc_life_lock(net);
  cancel(net, t);
  pc_life_unlock(net);
}

/* --- what is known --- */

/* In a forked child it has ended, and other things are known of it. */
static const struct pc_owned *look(struct pc_transfer *t) {
  if (t->net != NULL) pc_life_check(t->net);
  return &t->owned;
}

void pc_transfer_uncount(struct pc_transfer *t) {
  if (t->owned.counted) t->net->running--;
  t->owned.counted = false;
}

bool pc_transfer_ended(struct pc_transfer *t) {
  return look(t)->ended;
}

enum pc_err pc_transfer_error(struct pc_transfer *t) {
  return look(t)->err;
}

/* The thread may still write to them when the owner ended it alone. */
static bool has_outcome(struct pc_transfer *t) {
  const struct pc_owned *o = look(t);
  return o->ended && o->err != PC_CANCELLED && o->err != PC_CLOSED &&
         o->err != PC_FORKED;
}

const char *pc_transfer_detail(struct pc_transfer *t) {
  return has_outcome(t) ? t->outcome.detail : "";
}

const struct pc_timings *pc_transfer_timings(struct pc_transfer *t) {
  return has_outcome(t) ? &t->outcome.timings : NULL;
}

int pc_transfer_status(const struct pc_transfer *t) {
  return t->owned.status;
}

int pc_transfer_id(const struct pc_transfer *t) {
  return t->owned.id;
}

const char *pc_transfer_header(const struct pc_transfer *t, const char *name,
                               const char *after, size_t *len) {
  const char *line;
  const char *end;
  size_t name_len = strlen(name);
  if (t->owned.status == 0) return NULL; /* the thread still writes to them */
  line = t->outcome.head.bytes;
  end = line + t->outcome.head.len;
  if (after != NULL) {
    line = memchr(after, '\n', (size_t)(end - after));
    line = line == NULL ? end : line + 1;
  }
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
  const struct pc_piece *piece = t->owned.pieces.first;
  if (piece == NULL) return NULL;
  *len = piece->len;
  return piece->bytes;
}

void pc_transfer_drop_piece(struct pc_transfer *t) {
  struct pc_net *net = t->net;
  struct pc_piece *piece = t->owned.pieces.first;
  if (net != NULL) pc_life_check(net); /* before anything is taken away */
  t->owned.pieces.first = piece->next;
  if (piece->next == NULL) t->owned.pieces.last = NULL;
  t->owned.pieces.bytes -= piece->len;
  if (net != NULL && !t->owned.lost) {
    pc_life_lock(net);
    piece = pc_mail_drop(&net->mail, t, piece, net->config.window);
    pc_life_unlock(net);
  }
  free(piece);
}
