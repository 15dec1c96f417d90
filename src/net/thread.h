/* The I/O thread.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_THREAD_H
#define PC_NET_THREAD_H

/* Take orders and carry them out until the mail of this net says stop. */
void pc_thread_run(void *net);
/* Have it end soon; from any thread. */
void pc_thread_stop(void *net);

#endif
