/* Signals that ask a program to end, for one that ends in order.
** SPDX-License-Identifier: MIT */
#ifndef PC_SIGNALS_H
#define PC_SIGNALS_H

#include "lua/compat.h"

/* Add `signals_catch` and `signals_caught` to the core table on top of the
** stack.  [-0, +0, m] */
void pc_signals_register(lua_State *L);

#endif
