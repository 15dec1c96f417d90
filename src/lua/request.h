/* A request as Lua code gives it: a table; or a template, which is what many
** requests share, and behind it the URL, more headers, the body, and `before`.
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
  PC_REQUEST_ARRAY_MT,
  PC_REQUEST_BEFORE,
  PC_REQUEST_ROWS /* how many */
};

/* How many values stand behind a template. */
#define PC_REQUEST_BEHIND 4

/* Read the request at `index`, and push what fill needs of it. Behind a template
** the stack has PC_REQUEST_BEHIND values.  [-0, +n, v] */
void pc_request_read(lua_State *L, int index, struct pc_request *r);

/* Whether the request has that part.  [-0, +0, -] */
bool pc_request_has(lua_State *L, const struct pc_request *r,
                    enum pc_request_rows part);

/* Push a table of those parts by their names; nobody may change it.
** [-0, +1, m] */
void pc_request_push_rows(lua_State *L, const struct pc_request *r);

/* Fill in the transfer, which raises for what no request can hold.
** [-0, +0, v] */
PC_MUST_CHECK enum pc_err pc_request_fill(lua_State *L,
                                          const struct pc_request *r,
                                          struct pc_transfer *t);

/* Create the templates' metatable, and add `template` to the table on top.
** [-0, +0, m] */
void pc_request_register(lua_State *L);

#endif
