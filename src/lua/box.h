/* Memory that a userdata owns and gives back at once when it is told to.
**
** A block that Lua owns can neither grow where it is nor be freed: to double
** one of 100 MB takes 300, and what was left behind waits for the collector.
** SPDX-License-Identifier: MIT */
#ifndef PC_BOX_H
#define PC_BOX_H

#include <stddef.h>
#include "lua/compat.h"

#define PC_BOX_KEPT ((size_t)1 << 16) /* bytes worth keeping for the next */

struct pc_box {
  char *bytes; /* of Lua's allocator; NULL: none */
  size_t size;
};

/* Push an empty box.  [-0, +1, m] */
struct pc_box *pc_box_push(lua_State *L);

/* Give the box that many bytes, the first ones as they are; 0 frees them and
** does not raise.  [-0, +0, m] */
void pc_box_resize(lua_State *L, struct pc_box *box, size_t size);

/* Make the metatable of boxes.  [-0, +0, m] */
void pc_box_register(lua_State *L);

#endif
