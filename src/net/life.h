/* The life of a net's thread: started when it is needed, ended with the net,
** begun anew in a forked child. The only place that asks about forks: the
** owner's side comes to what it shares with the thread through here.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_LIFE_H
#define PC_NET_LIFE_H

#include "net/mail.h"

/* Every call of the owner's begins with one of these. In a forked child the net
** starts anew, and its transfers have ended. */
void pc_life_check(struct pc_net *net);
void pc_life_lock(struct pc_net *net);
void pc_life_unlock(struct pc_net *net);

PC_MUST_CHECK enum pc_err pc_life_start(struct pc_net *net);
/* False when the thread did not end in time. */
bool pc_life_stop(struct pc_net *net);

/* End it on the owner's side, whatever the thread says later. */
void pc_life_end(struct pc_transfer *t, enum pc_err err);

#endif
