/* Reading option tables: an unknown key or a wrong type is the caller's
** mistake and raises an error that names the key.
** SPDX-License-Identifier: MIT */
#ifndef PC_OPTIONS_H
#define PC_OPTIONS_H

#include <stdbool.h>
#include "lua/compat.h"

/* The argument at `index` is a table whose every key is among `names`, which
** ends in NULL; what is nil or missing becomes an empty table.  [-0, +0, v] */
void pc_options_check(lua_State *L, int index, const char *const *names);

/* One option each, or its default when it is nil. A string stays on the stack
** for as long as it is used.  [-0, +1, v] and [-0, +0, v] */
const char *pc_options_string(lua_State *L, int index, const char *name);
bool pc_options_boolean(lua_State *L, int index, const char *name);
double pc_options_number(lua_State *L, int index, const char *name,
                         double fallback, double min, double max);

#endif
