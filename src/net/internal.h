/* What the owner's side (net.c, net_process.c, net_transfer.c) and the I/O
** thread (net_thread.c, net_easy.c, net_poll.c) of a net share. The comment of
** each field says who may touch it: the owner, the thread, or both under the
** net's mutex ("shared").
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_INTERNAL_H
#define PC_NET_INTERNAL_H

#include <curl/curl.h>
#include <pthread.h>
#include "base/buffer.h"
#include "net/net.h"
#include "base/wake.h"

/* libcurl hands over at most this much at once, so a piece is one copy. */
#define PC_PIECE_BYTES CURL_MAX_WRITE_SIZE

/* Easy handles that are kept between transfers, some 6 KiB each: as many as a
** gateway has in flight. */
#define PC_IDLE 128

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

/* What one transfer after the other needs, and what is slow to get: it would
** be freed by another thread than the one that has to get it again. */
struct pc_memory {
  /* the owner until the transfer is sent, then the thread */
  struct pc_buffer parts[PC_PART_COUNT]; /* each ends in NUL once set */
  /* thread */
  struct curl_slist *lines; /* owned: an array, which links the headers */
  size_t line_cap;          /* elements of it */
  /* the thread until it is handed up (status, over), then the owner */
  struct pc_buffer head; /* header lines of the final answer */
};

struct pc_transfer {
  struct pc_net *net; /* owner; NULL once the net is gone */

  /* owner */
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

  /* shared */
  struct pc_transfer *down_next; /* in net->down */
  struct pc_transfer *up_next;   /* in net->up */
  struct pc_pieces arrived;      /* handed up, not taken */
  size_t unread;                 /* bytes handed up and not dropped */
  unsigned orders;               /* set of enum pc_order */
  int arrived_status;
  bool down_queued;
  bool up_queued;
  bool paused;   /* the thread waits for PC_ORDER_RESUME */
  bool released; /* the owner wants it no more */
  bool over;     /* the thread is done with it */

  /* the owner until it is sent, then the thread */
  struct pc_limits limits;

  /* thread */
  struct pc_transfer *active_prev;  /* in io->active */
  struct pc_transfer *active_next;  /* in io->active */
  struct pc_transfer *touched_next; /* in io->touched */
  struct pc_transfer *todo_next;    /* in what take_orders took */
  struct pc_io *io;                 /* NULL until started */
  CURL *easy;                       /* owned; NULL unless started */
  struct pc_pieces received;        /* not handed up yet */
  size_t unread_seen;               /* `unread` when last looked at */
  size_t body_bytes;                /* received in all */
  size_t header_bytes;              /* received in all, 1xx included */
  unsigned todo;                    /* orders being carried out */
  int seen_status;
  bool touched;
  bool waits; /* libcurl was told to pause it */
  bool finished;

  /* the thread until it is handed up (status, over), then the owner */
  struct pc_timings timings;
  enum pc_err result;
  char detail[CURL_ERROR_SIZE];

  struct pc_memory memory; /* the last member: it outlives the request */
};

/* See net_bell.c. */
struct pc_bell {
  /* owner */
  int listen_fd; /* owned; -1: nobody is expected */
  int name_fd;   /* owned; by which /proc names the entrance; -1: a file */
  bool is_file;  /* path is in the file system */
  char path[PC_BELL_PATH];
  /* shared */
  int fd;             /* owned; the connection; -1: none */
  bool on;            /* somebody waits at the other end */
  unsigned long rung; /* bytes sent over this connection */
};

struct pc_net {
  /* owner; read only while the thread runs */
  struct pc_net_config config; /* its strings are owned */
  unsigned forks;              /* pc_net_forks of its thread's process */
  struct pc_transfer *all;
  struct pc_transfer *ready_first; /* oldest */
  struct pc_transfer *ready_last;
  struct pc_transfer *spare_transfers; /* to use again, by all_next */
  int spare_transfer_count;
  int running;
  int live; /* transfers sent and not ended */
  pthread_t thread;
  bool started;
  bool broken; /* no descriptors: every send fails */

  struct pc_net *live_prev; /* in the list of live nets, under its lock */
  struct pc_net *live_next;

  pthread_mutex_t mutex;
  /* shared */
  struct pc_transfer *down; /* newest first */
  struct pc_transfer *up;   /* newest first */
  struct pc_piece *spare;   /* pieces to use again */
  size_t spare_count;
  size_t held; /* bytes handed up and not dropped, of all transfers */
  bool asleep; /* the thread looks at nothing until the wake-up is raised */
  bool stop;
  bool stopped;

  struct pc_wake down_wake; /* raised to end the thread's sleep */
  struct pc_wake up_wake;   /* raised while there is news, under the mutex */
  bool up_raised;           /* shared */
  struct pc_bell bell;      /* rung in its place while it is on */
};

/* The thread's own state. */
struct pc_io {
  struct pc_net *net;
  CURLM *multi;                /* owned */
  CURLSH *share;               /* owned; what all easy handles share */
  struct pc_poll *poll;        /* owned */
  enum pc_err err;             /* why nothing can be sent; PC_OK: it can */
  struct pc_transfer *active;  /* started, not finished */
  struct pc_transfer *touched; /* have something to hand up */
  struct pc_piece *spare;      /* pieces to use again */
  CURL *idle[PC_IDLE];         /* easy handles to use again */
  size_t idle_count;
  bool asleep; /* as in the net when last looked at */
};

/* net.c */
/* Tell the owner that there is news. Under the mutex. */
void pc_net_tell(struct pc_net *net);
/* Ring the bell once more when the last transfer has ended. */
void pc_net_tell_if_idle(struct pc_net *net);

/* net_process.c */
PC_MUST_CHECK enum pc_err pc_net_start(struct pc_net *net);
/* Stop and join the thread; false when it did not end in time. */
bool pc_net_stop(struct pc_net *net);
/* In a forked child: start anew. */
void pc_net_check_fork(struct pc_net *net);

/* net_transfer.c */
void pc_pieces_free(struct pc_pieces *list);
void pc_transfer_free(struct pc_transfer *t);
void pc_transfers_free_spare(struct pc_net *net);
/* Nobody refers to it any more. Under the mutex. */
bool pc_transfer_unused(const struct pc_transfer *t);
/* Take it out of the lists of its net. */
void pc_transfer_unlink(struct pc_transfer *t);
void pc_transfer_link_ready(struct pc_transfer *t);
void pc_transfer_unlink_ready(struct pc_transfer *t);
/* End it on the owner's side, whatever the thread says later. */
void pc_transfer_end(struct pc_transfer *t, enum pc_err err);
/* Move its news to the owner's side. Under the mutex. */
void pc_transfer_take_news(struct pc_transfer *t);

/* net_bell.c; all but forget under the mutex once the thread runs */
void pc_bell_init(struct pc_bell *b);
void pc_bell_close(struct pc_bell *b);
/* The same in a forked child: what is in the file system is the parent's. */
void pc_bell_forget(struct pc_bell *b);
/* False when nobody waits there. */
bool pc_bell_ring(struct pc_bell *b);

/* net_thread.c */
void *pc_thread_main(void *net);
void pc_thread_touch(struct pc_transfer *t);
/* Hand up what was received. True when the reader is more than a window
** behind; the transfer is then marked as paused. */
bool pc_thread_hand_up(struct pc_transfer *t);
struct pc_piece *pc_thread_piece(struct pc_io *io); /* NULL: no memory */

/* net_easy.c */
PC_MUST_CHECK enum pc_err pc_easy_start(struct pc_io *io,
                                        struct pc_transfer *t);
/* Let a paused transfer go on. What is not PC_OK is how it has ended. */
PC_MUST_CHECK enum pc_err pc_easy_resume(struct pc_transfer *t);
void pc_easy_end(struct pc_io *io, struct pc_transfer *t);
/* Note how the transfer ended: result, detail, timings. */
void pc_easy_result(struct pc_transfer *t, CURLcode code);

#endif
