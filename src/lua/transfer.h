/* Transfer: one request under way as Lua sees it.
** SPDX-License-Identifier: MIT */
#ifndef PC_TRANSFER_H
#define PC_TRANSFER_H

#include <stddef.h>
#include "lua/compat.h"

struct pc_net;

/* Start the request at `request`, see lua/request.h, on `*net`, which the Session at
** `session` keeps alive unless it is closed meanwhile: pushes a Transfer | nil, message, kind and returns how
** many values that were. `slice` bounds the bytes decoded per call, `id` names
** the transfer in the net.  [-0, +1|3, v] */
int pc_transfer_push(lua_State *L, int session, int request,
                     struct pc_net *const *net, int id, size_t slice);

/* Create the metatable.  [-0, +0, m] */
void pc_transfer_register(lua_State *L);

#endif
