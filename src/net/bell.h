/* A doorbell for event loops that wait only for what they connected to
** themselves, as nginx does: this process connects to a unix socket of its
** own, and gets a byte over it when there is news.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_BELL_H
#define PC_NET_BELL_H

#include <stdbool.h>
#include "base/errors.h"

/* The longest path, its NUL included: what fits into an address. */
#define PC_BELL_PATH 108

struct pc_bell {
  /* the owner */
  int listen_fd; /* owned; -1: nobody is expected */
  int name_fd;   /* owned; by which /proc names the entrance; -1: a file */
  bool is_file;  /* path is in the file system */
  char path[PC_BELL_PATH];
  /* under the mutex of the mail */
  int fd;             /* owned; the connection; -1: none */
  bool on;            /* somebody waits at the other end */
  unsigned long rung; /* bytes sent over this connection */
};

void pc_bell_init(struct pc_bell *b);
void pc_bell_close(struct pc_bell *b);
/* The same in a forked child: what is in the file system is the parent's. */
void pc_bell_forget(struct pc_bell *b);

/* Open an entrance in the directory; its path is in b->path. */
PC_MUST_CHECK enum pc_err pc_bell_listen(struct pc_bell *b,
                                         const char *directory);
/* The descriptor of the connection that this process made to it, the entrance
** closed; -1: there is none. */
int pc_bell_accept(struct pc_bell *b);
/* Is the other end of the connection still there? */
bool pc_bell_connected(const struct pc_bell *b);
/* False when nobody waits there. */
bool pc_bell_ring(struct pc_bell *b);

#endif
