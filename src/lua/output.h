/* Files that a program writes for others: new ones that take a place.
** SPDX-License-Identifier: MIT */
#ifndef PC_OUTPUT_H
#define PC_OUTPUT_H

#include "lua/compat.h"

/* Add `output_open` and `output_drop_all` to the core table on top of the stack.  [-0, +0, m] */
void pc_output_register(lua_State *L);

/* Take away the new files of all outputs that are not finished. A signal handler
** may call it, if the process ends then. */
void pc_output_unlink_all(void);

/* From now on no output that is a pipe or a device waits for its reader, who may
** never come: what it does not take at once is a failure. A signal handler may
** call it. */
void pc_output_wait_no_more(void);

#endif
