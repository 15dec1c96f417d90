/* A request as Lua code gives it: a table.
**
** Reading it may run Lua code, its __index or the finalizer of anything, which
** may do whatever it likes to the session; filling it into a transfer does not.
** SPDX-License-Identifier: MIT */
#ifndef PC_REQUEST_H
#define PC_REQUEST_H

#include <stdbool.h>
#include "lua/compat.h"
#include "net/net.h"

struct pc_request {
  struct pc_limits limits;
  bool nulls;    /* keep null members */
  int max_depth; /* levels of nesting; 0: the decoder's default */
  int parts;     /* stack index of what pc_request_read has pushed */
};

/* Read the table at `index`, and push what fill needs of it.  [-0, +n, v] */
void pc_request_read(lua_State *L, int index, struct pc_request *r);

/* Fill in the transfer, which raises for what no request can hold.
** [-0, +0, v] */
PC_MUST_CHECK enum pc_err pc_request_fill(lua_State *L,
                                          const struct pc_request *r,
                                          struct pc_transfer *t);

#endif
