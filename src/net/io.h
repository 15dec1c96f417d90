/* The I/O thread's state, and how it hands up what came.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_IO_H
#define PC_NET_IO_H

#include <curl/curl.h>
#include <stdint.h>
#include "net/mail.h"

/* Easy handles that are kept between transfers, some 6 KiB each: as many as a
** gateway has in flight. They save 6 % of the thread's instructions for an
** answer of three rows: 272,000 in place of 290,000. */
#define PC_IDLE 128

struct pc_poll;

struct pc_io {
  struct pc_net *net;          /* its config and its mail */
  CURLM *multi;                /* owned */
  CURLSH *share;               /* owned; what all easy handles share */
  struct pc_poll *poll;        /* owned */
  enum pc_err err;             /* why nothing can be sent; PC_OK: it can */
  struct pc_transfer *active;  /* started, not finished */
  struct pc_transfer *touched; /* have something to hand up */
  struct pc_piece *spare;      /* pieces to use again */
  CURL *idle[PC_IDLE];         /* easy handles to use again */
  size_t idle_count;
  size_t sockets;  /* that are open */
  int64_t look_at; /* ms: when those that wait for one are looked at again */
  int64_t tell_at; /* ms: when the owner may be told of them again */
  int64_t tell_ms; /* between the last two times; 0: not told yet */
  bool asleep;     /* as in the mail when last looked at */
};

/* Note that the transfer has something to hand up. */
void pc_io_touch(struct pc_transfer *t);

/* Hand up what was received. True when the reader is more than a window
** behind; the transfer is then marked as paused. */
bool pc_io_hand_up(struct pc_transfer *t);

/* Hand up everything that was touched. */
void pc_io_hand_up_all(struct pc_io *io);

struct pc_piece *pc_io_piece(struct pc_io *io); /* NULL: no memory */

/* Free those, by todo_next, that nobody wants any more. */
void pc_io_free_unused(struct pc_transfer *list);

#endif
