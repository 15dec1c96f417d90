/* The I/O thread.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_THREAD_H
#define PC_NET_THREAD_H

/* Before it runs, by the owner: make what must not be made while the owner may
** start a program, which would inherit descriptors that are not sealed yet. */
void pc_thread_begin(void *net);
/* Undo that, of a thread that could not be started. */
void pc_thread_abandon(void *net);
/* Take orders and carry them out until the mail of this net says stop. */
void pc_thread_run(void *net);
/* Have it end soon; from any thread. */
void pc_thread_stop(void *net);

#endif
