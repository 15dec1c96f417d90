/* What a process is asked for as a whole: has it forked, which of its threads
** must end before it does, which descriptors a child of it must not keep.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_PROCESS_H
#define PC_NET_PROCESS_H

#include <pthread.h>
#include <stdbool.h>
#include "base/errors.h"

/* Begin to notice forks and the end: before anything else here. `prepare` is
** called first, once in a process; what it has the end of the process do is done
** after the threads have ended. */
PC_MUST_CHECK enum pc_err pc_process_watch(enum pc_err (*prepare)(void));

/* How many forks lie between the process that began to watch and this one:
** where it has changed, this is a child. One that passes the C library by (the
** system call itself) counts, too. */
unsigned pc_process_forks(void);

/* A thread. */
struct pc_task {
  /* the owner, before it is started */
  void (*begin)(void *arg); /* called by who starts it, before the thread is */
  void (*run)(void *arg);
  void (*stop)(void *arg); /* asks run to return soon; from any thread */
  void *arg;
  pthread_mutex_t busy; /* held by the thread but where it rests */
  /* under the lock of the process */
  bool stopped; /* somebody who forks has `busy` */
  struct pc_task *prev;
  struct pc_task *next;
  pthread_t thread;
  bool claimed; /* somebody joins it, or has given up */
  bool ended;   /* run has returned */
  bool joined;
};

/* For the thread: it waits for something now, and works again. A fork happens
** while it rests: the libraries that it uses may hold locks of the process while
** it works, which nobody would give back in the child. */
void pc_process_rest(struct pc_task *task);
void pc_process_work(struct pc_task *task);

/* Start it, with all signals masked. Not once the process has begun to end. */
PC_MUST_CHECK enum pc_err pc_process_start(struct pc_task *task);

/* Stop and join it. False when it did not end in bounded time: then it is left
** to end alone, and what it uses must stay. */
bool pc_process_end(struct pc_task *task);

/* A descriptor that a forked child is to close: one that holds a lock, say,
** which would outlive its owner in there. */
struct pc_private_fd {
  int fd; /* -1 in the child */
  struct pc_private_fd *prev;
  struct pc_private_fd *next;
};

void pc_process_keep(struct pc_private_fd *private_fd, int fd);
/* Forget it; closing it is up to the caller. Returns the descriptor, or -1. */
int pc_process_unkeep(struct pc_private_fd *private_fd);

#endif
