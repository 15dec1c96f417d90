/* How the I/O thread waits: for its sockets, its timers and a wake-up.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_POLL_H
#define PC_NET_POLL_H

#include <curl/curl.h>
#include <stdint.h>
#include "base/errors.h"
#include "net/process.h"

struct pc_poll;

/* Drive `multi` and watch `wake_fd`, which the caller clears. The task rests
** while it waits. */
PC_MUST_CHECK enum pc_err pc_poll_open(struct pc_poll **poll, CURLM *multi,
                                       int wake_fd, struct pc_task *task);

/* Wait until something happens, for so many ms at most (-1: no bound; 0: look
** what has), then let libcurl deal with it. A failing wait is reported, so that
** the caller does not spin. */
PC_MUST_CHECK enum pc_err pc_poll_round(struct pc_poll *poll, int most_ms);

/* Of a steady clock, in ms. */
int64_t pc_poll_now(void);

/* Whether it can go on; some of libcurl's calls do not tell. */
enum pc_err pc_poll_error(const struct pc_poll *poll);
void pc_poll_close(struct pc_poll *poll);

#endif
