/* CSV text, in pieces of any size, to Lua rows.
**
** A CsvDecoder is a userdata, and works as the Decoder of JSON does: see
** decoder.h for what its functions keep to.
** SPDX-License-Identifier: MIT */
#ifndef PC_LUA_CSV_H
#define PC_LUA_CSV_H

#include <stddef.h>
#include "lua/compat.h"
#include "base/errors.h"

/* Push a new CsvDecoder with the options in the table at `index` (nil or none:
** the defaults). An unknown key or a wrong type is an argument error.
** [-0, +1, v] */
void pc_csv_decoder_push(lua_State *L, int index);

/* Decode `len` more bytes with the CsvDecoder at `index`.  [-0, +0, m] */
PC_MUST_CHECK enum pc_err pc_csv_decoder_feed(lua_State *L, int index,
                                              const char *bytes, size_t len);

/* Take the next row: pushes true, row | false (feed more) | nil (no more
** rows) | nil, message, line, byte, field, and returns how many values that
** were.  [-0, +1|2|5, m] */
int pc_csv_decoder_next(lua_State *L, int index);

/* Say that the text ends here: pushes true | nil, message, line, byte, field.
** Rows that were not taken yet can still be.  [-0, +1|5, m] */
int pc_csv_decoder_finish(lua_State *L, int index);

/* Add `csv` to the core table on top of the stack.  [-0, +0, m] */
void pc_csv_register(lua_State *L);

#endif
