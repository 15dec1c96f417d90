/* Those that wait for a connection, of which there may be no more.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_QUEUE_H
#define PC_NET_QUEUE_H

#include "net/io.h"

/* How long the thread may sleep, ms: no longer than until those that wait are
** to be looked at; -1: as long as it likes. */
int pc_queue_patience(const struct pc_io *io);

/* Let those of which the time is over know by `end`, and the owner that only it
** can bring the others on. */
void pc_queue_look(struct pc_io *io,
                   void (*end)(struct pc_io *io, struct pc_transfer *t));

/* Put a transfer back whose time to connect libcurl says is over, where it has
** waited all the while. False: it has not, or has no time left. */
PC_MUST_CHECK bool pc_queue_again(struct pc_io *io, struct pc_transfer *t);

#endif
