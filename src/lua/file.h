/* Files that hold a secret: read, replaced and locked.
** SPDX-License-Identifier: MIT */
#ifndef PC_FILE_H
#define PC_FILE_H

#include "lua/compat.h"

/* Add `file_read`, `file_write` and `file_lock` to the core table on top of
** the stack.  [-0, +0, m] */
void pc_file_register(lua_State *L);

#endif
