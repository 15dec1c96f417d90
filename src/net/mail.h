/* What the two sides of a net share: orders go down, news come up, under one
** mutex; the transfers they are about, and the pieces that are used again. Knows
** nothing of libcurl.
**
** A transfer is several structs, by who may touch them. A call whose comment
** says so is made with the mutex held.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_MAIL_H
#define PC_NET_MAIL_H

#include <pthread.h>
#include <stdint.h>
#include "base/buffer.h"
#include "base/wake.h"
#include "net/bell.h"
#include "net/net.h"
#include "net/process.h"

/* libcurl hands over at most this much at once, so a piece is one copy. */
#define PC_PIECE_BYTES 16384
/* What libcurl says of a failure has room in this. */
#define PC_DETAIL_BYTES 256

struct pc_piece {
  struct pc_piece *next;
  size_t len; /* bytes in use */
  char bytes[PC_PIECE_BYTES];
};

struct pc_pieces {
  struct pc_piece *first;
  struct pc_piece *last;
  size_t bytes; /* sum of the lengths */
};

enum pc_order { PC_ORDER_START = 1, PC_ORDER_CANCEL = 2, PC_ORDER_RESUME = 4 };

/* The owner's. */
struct pc_owned {
  struct pc_transfer *all_prev;   /* in net->all */
  struct pc_transfer *all_next;   /* in net->all */
  struct pc_transfer *ready_prev; /* in net->ready_first .. ready_last */
  struct pc_transfer *ready_next; /* the same */
  struct pc_pieces pieces;        /* taken, not read */
  int id;                         /* the name its owner knows it by */
  int status;                     /* 0: not known yet */
  enum pc_err err;                /* once ended */
  bool sent;
  bool ready; /* in the list of net->ready_first */
  bool ended;
  bool counted; /* in net->running */
  bool lost;    /* the thread cannot be asked any more: never free */
};

/* Both sides', under the mutex. */
struct pc_shared {
  struct pc_transfer *down_next; /* in mail->down */
  struct pc_transfer *up_next;   /* in mail->up */
  struct pc_pieces arrived;      /* handed up, not taken */
  size_t unread;                 /* bytes handed up and not dropped */
  unsigned orders;               /* set of enum pc_order */
  int status;
  bool down_queued;
  bool up_queued;
  bool paused;   /* the thread waits for PC_ORDER_RESUME */
  bool released; /* the owner wants it no more */
  bool over;     /* the thread is done with it */
};

struct pc_io;
struct curl_slist;

/* The thread's. */
struct pc_work {
  struct pc_transfer *active_prev;  /* in io->active */
  struct pc_transfer *active_next;  /* in io->active */
  struct pc_transfer *touched_next; /* in io->touched */
  struct pc_transfer *todo_next;    /* in what take_orders took */
  struct pc_io *io;                 /* NULL until started */
  void *easy;                       /* owned; its CURL; NULL unless started */
  struct pc_pieces received;        /* not handed up yet */
  size_t unread;       /* of the shared part, when last looked at */
  size_t body_bytes;   /* received in all */
  size_t header_bytes; /* received in all, 1xx included */
  int64_t started_at;  /* ms */
  unsigned todo;       /* orders being carried out */
  int status;
  struct curl_slist *lines; /* owned: an array, which links the headers */
  bool touched;
  bool waits;  /* libcurl was told to pause it */
  bool opened; /* a socket */
  bool queued; /* it was seen to wait for a connection */
  bool finished;
};

/* The thread's until it is handed up (head: with the status; the rest: as over),
** then the owner's. */
struct pc_outcome {
  struct pc_buffer head; /* header lines of the final answer */
  struct pc_timings timings;
  enum pc_err result;
  char detail[PC_DETAIL_BYTES];
};

/* The owner's until the transfer is sent, then the thread's. */
struct pc_asked {
  struct pc_buffer parts[PC_PART_COUNT]; /* each ends in NUL once set */
  struct pc_limits limits;
};

struct pc_transfer {
  struct pc_net *net; /* NULL once the net is gone, which the owner sees */
  struct pc_owned owned;
  struct pc_shared shared;
  struct pc_asked request;
  struct pc_work work;
  struct pc_outcome outcome;
};

struct pc_mail {
  pthread_mutex_t mutex;
  struct pc_transfer *down; /* newest first */
  struct pc_transfer *up;   /* newest first */
  struct pc_piece *spare;   /* pieces to use again */
  size_t spare_count;
  size_t held;  /* bytes handed up and not dropped, of all transfers */
  bool asleep;  /* the thread looks at nothing until the wake-up is raised */
  bool stop;    /* the thread has to end */
  bool raised;  /* up_wake */
  bool starved; /* others wait for what the owner's collector might free */

  struct pc_wake down_wake; /* raised to end the thread's sleep */
  struct pc_wake up_wake;   /* raised while there is news */
  struct pc_bell bell;      /* rung in its place while it is on */
};

struct pc_net {
  struct pc_net_config config; /* its strings are owned; never changes */
  struct pc_mail mail;

  /* the owner's */
  unsigned forks; /* pc_process_forks of its thread's process */
  struct pc_transfer *all;
  struct pc_transfer *ready_first; /* oldest */
  struct pc_transfer *ready_last;
  int running;
  int live; /* transfers sent and not ended */
  struct pc_task task;
  void *multi;  /* CURLM: the owner's until the task has started, then its */
  bool started; /* the task */
  bool broken;  /* no descriptors: every send fails */
};

/* Closed mail, so that pc_mail_close can follow in any case. */
void pc_mail_init(struct pc_mail *m);
PC_MUST_CHECK enum pc_err pc_mail_open(struct pc_mail *m);
void pc_mail_close(struct pc_mail *m);
/* In a forked child, where nobody knows what state it is in: it is left as it
** is, and opened anew with descriptors of its own. */
PC_MUST_CHECK enum pc_err pc_mail_reopen(struct pc_mail *m);

/* --- the owner's side, with the mutex held --- */

/* Take the transfers that there is news of: the oldest first, by up_next. */
struct pc_transfer *pc_mail_collect(struct pc_mail *m);
void pc_mail_order(struct pc_mail *m, struct pc_transfer *t, unsigned order);
/* Drop a piece that was read, which lets a paused transfer go on when no more
** than half a window is left. What is returned is to be freed, if anything. */
struct pc_piece *pc_mail_drop(struct pc_mail *m, struct pc_transfer *t,
                              struct pc_piece *piece, size_t window);

/* --- the thread's side, with the mutex held --- */

/* Move what it has to where the owner takes it. */
void pc_mail_hand_up(struct pc_mail *m, struct pc_transfer *t);
/* Have the owner know that its collector might free what others wait for. */
void pc_mail_starve(struct pc_mail *m);

/* --- transfers --- */

/* One with room for nothing yet; NULL: no memory. */
struct pc_transfer *pc_transfer_make(void);
void pc_transfer_free(struct pc_transfer *t);
/* Nobody refers to it any more. With the mutex held. */
bool pc_transfer_unused(const struct pc_transfer *t);

/* The owner's lists: all of a net, and those of which there is news. */
void pc_transfer_link(struct pc_net *net, struct pc_transfer *t);
void pc_transfer_unlink(struct pc_net *net, struct pc_transfer *t); /* both */
void pc_ready_link(struct pc_net *net, struct pc_transfer *t);
void pc_ready_unlink(struct pc_net *net, struct pc_transfer *t);

void pc_pieces_append(struct pc_pieces *to, struct pc_pieces *from);
void pc_pieces_free(struct pc_pieces *list);

#endif
