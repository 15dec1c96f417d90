/* JSON text, in pieces of any size, to Lua values.
**
** A Decoder is a userdata. Every function here runs on the caller's Lua stack
** and may raise only where its contract says so; a Decoder that an error
** interrupted stays safe to use and to collect, and reports that it is broken.
** SPDX-License-Identifier: MIT */
#ifndef PC_DECODER_H
#define PC_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/errors.h"
#include "lua/compat.h"
#include "lua/decoderoptions.h"

/* Push a new Decoder.  [-0, +1, m] */
void pc_decoder_push(lua_State *L, const struct pc_decoder_options *options);

/* Make the Decoder at `index`, which has given its document, ready for another
** text with these options. False when it is not fit for that: one that failed,
** or one with rows or an array_mt, before or now.  [-0, +0, -] */
bool pc_decoder_reuse(lua_State *L, int index,
                      const struct pc_decoder_options *options);

/* Decode `len` more bytes with the Decoder at `index`, which keeps what it
** needs: the bytes may go away afterwards. The error is sticky.  [-0, +0, m]
*/
PC_MUST_CHECK enum pc_err pc_decoder_feed(lua_State *L, int index,
                                          const char *bytes, size_t len);

/* Take the next row from what was fed: pushes true, row | false (feed more) |
** nil (no more rows) | nil, message, offset, and returns how many values that
** were. Rows that came before an error are given out before it.
** [-0, +1|2|3, m] */
int pc_decoder_next(lua_State *L, int index);

/* What is known of the rows beside themselves: pushes whether one is no table,
** and whether all so far may be those of the page before.  [-0, +2, -] */
int pc_decoder_marks(lua_State *L, int index);

/* Push the digest of the rows that were fed, or nil where none was asked for.
** [-0, +1, m] */
void pc_decoder_digest(lua_State *L, int index);

/* Take up to `most` of the rows that are complete: like pc_decoder_next, with
** an array of them, which is never empty, for the row.  [-0, +1|2|3, m] */
int pc_decoder_rows(lua_State *L, int index, uint32_t most);

/* Say that the text ends here and take the document, its row array empty:
** pushes true, document | nil, message, offset, and returns how many values
** that were. Rows that were not taken yet can still be.  [-0, +2|3, m] */
int pc_decoder_finish(lua_State *L, int index);

/* Add `decode` and `decoder` to the core table on top of the stack.
** [-0, +0, m] */
void pc_decoder_register(lua_State *L);

#endif
