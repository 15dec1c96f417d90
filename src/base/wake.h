/* A level-triggered wake-up: one descriptor that is readable while raised.
** SPDX-License-Identifier: MIT */
#ifndef PC_WAKE_H
#define PC_WAKE_H

#include "base/errors.h"

struct pc_wake {
  int read_fd;  /* owned; -1 when closed */
  int write_fd; /* the same or owned; -1 when closed */
};

PC_MUST_CHECK enum pc_err pc_wake_open(struct pc_wake *w);
void pc_wake_raise(struct pc_wake *w); /* callers coalesce: raise once */
void pc_wake_clear(struct pc_wake *w);
void pc_wake_close(struct pc_wake *w);

#endif
