/* One transfer as libcurl sees it: options, callbacks, outcome.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_EASY_H
#define PC_NET_EASY_H

#include "net/io.h"

PC_MUST_CHECK enum pc_err pc_easy_start(struct pc_io *io,
                                        struct pc_transfer *t);
/* Let a paused transfer go on. What is not PC_OK is how it has ended. */
PC_MUST_CHECK enum pc_err pc_easy_resume(struct pc_transfer *t);
/* Before it is sent again: it has so many ms left in all. */
PC_MUST_CHECK CURLcode pc_easy_shorten(struct pc_transfer *t, int64_t ms);
void pc_easy_end(struct pc_io *io, struct pc_transfer *t);
/* Note how the transfer ended: result, detail, timings. */
void pc_easy_result(struct pc_transfer *t, CURLcode code);
void pc_easy_free_idle(struct pc_io *io);

#endif
