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

/* What is said of the rows of the answer; see the options of decoders. */
enum pc_request_rows {
  PC_REQUEST_COUNTS,
  PC_REQUEST_RENAMES,
  PC_REQUEST_BEFORE,
  PC_REQUEST_ROWS /* how many */
};

/* Read the table at `index`, and push what fill needs of it.  [-0, +n, v] */
void pc_request_read(lua_State *L, int index, struct pc_request *r);

/* Whether the request has that part.  [-0, +0, -] */
bool pc_request_has(lua_State *L, const struct pc_request *r,
                    enum pc_request_rows part);

/* Set the part as a field of the table on top, under its name.  [-0, +0, m] */
void pc_request_keep(lua_State *L, const struct pc_request *r,
                     enum pc_request_rows part);

/* Fill in the transfer, which raises for what no request can hold.
** [-0, +0, v] */
PC_MUST_CHECK enum pc_err pc_request_fill(lua_State *L,
                                          const struct pc_request *r,
                                          struct pc_transfer *t);

#endif
