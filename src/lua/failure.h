/* What Lua code is told of a failure.
** SPDX-License-Identifier: MIT */
#ifndef PC_FAILURE_H
#define PC_FAILURE_H

#include "base/errors.h"
#include "lua/compat.h"

/* Push nil, the error's text, its kind.
** [-0, +3, m]; [-0, +3, -] for an error of memory */
int pc_push_error(lua_State *L, enum pc_err err);

/* Push the error's kind, its text, libcurl's detail.
** [-0, +3, m]; [-0, +3, -] for an error of memory, which has no detail */
int pc_push_failure(lua_State *L, enum pc_err err, const char *detail);

/* Make what is said when there is no memory.  [-0, +0, m] */
void pc_failure_register(lua_State *L);

#endif
