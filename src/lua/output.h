/* Files that a program writes for others: new ones that take a place.
** SPDX-License-Identifier: MIT */
#ifndef PC_OUTPUT_H
#define PC_OUTPUT_H

#include "lua/compat.h"

/* Add `output_new` and `output_keep` to the core table on top of the stack.
** [-0, +0, m] */
void pc_output_register(lua_State *L);

#endif
