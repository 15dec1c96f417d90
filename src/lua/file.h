/* Files that hold a secret: read, replaced and locked.
** SPDX-License-Identifier: MIT */
#ifndef PC_FILE_H
#define PC_FILE_H

#include <sys/stat.h>
#include "lua/compat.h"

/* What it is: "file", "link", "directory", "fifo", "socket" or "device". */
const char *pc_file_kind(const struct stat *st);

/* The directory of a file, or -1 and errno. */
int pc_file_open_directory(const char *path);

/* Add `file_read`, `file_kind`, `file_write`, `file_append`, `file_lock` and
** `file_names` to the core table on top of the stack.  [-0, +0, m] */
void pc_file_register(lua_State *L);

#endif
