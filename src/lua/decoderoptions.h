/* What a decoder is asked to do with its text.
** SPDX-License-Identifier: MIT */
#ifndef PC_DECODEROPTIONS_H
#define PC_DECODEROPTIONS_H

#include <stdbool.h>
#include "lua/compat.h"

struct pc_builder;

struct pc_decoder_options {
  bool rows;     /* hand out the row array's elements one by one */
  bool nulls;    /* keep null members as the null value */
  int max_depth; /* levels of nesting; 0: the default */
  int table;     /* stack index of a table; those of its fields count that are
                    true below */
  bool array_mt; /* the metatable of every array */
  bool counts;   /* a set of names: in rows these are numbers */
  bool renames;  /* names in rows, and what they become */
  bool before;   /* the digest of the page before, a string: "" is of none */
};

/* Read the options table at `index` (nil or none: the defaults). An unknown
** key or a wrong type is an argument error. The table stays where it is for
** as long as the options are used.  [-0, +0, v] */
void pc_decoder_options(lua_State *L, int index,
                        struct pc_decoder_options *options);

/* Give them to a new builder. `kept` is the stack index of its table of kept
** values.  [-0, +0, m] */
void pc_decoder_options_apply(lua_State *L, struct pc_builder *b, int kept,
                              const struct pc_decoder_options *options);

/* Do they mend the same in rows as those whose kept values lie at index `kept`?
** [-0, +0, m] */
bool pc_decoder_options_mend_same(lua_State *L, int kept,
                                  const struct pc_decoder_options *options);

#endif
