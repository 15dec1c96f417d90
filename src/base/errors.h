/* The error codes of the core, from the one list in errors.def.
** SPDX-License-Identifier: MIT */
#ifndef PC_ERRORS_H
#define PC_ERRORS_H

enum pc_err {
  PC_OK = 0,
#define X(code, kind, text) PC_##code,
#include "base/errors.def"
#undef X
  PC_ERR_COUNT
};

#if defined(__GNUC__)
#define PC_MUST_CHECK __attribute__((warn_unused_result))
#else
#define PC_MUST_CHECK
#endif

const char *pc_err_kind(enum pc_err err); /* e.g. "network" */
const char *pc_err_text(enum pc_err err); /* e.g. "the connection failed" */

#endif
