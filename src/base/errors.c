/* Kinds and texts of the error codes.
** SPDX-License-Identifier: MIT */
#include "base/errors.h"

static const struct {
  const char *kind;
  const char *text;
} errors[] = {
    {"", ""},
#define X(code, kind, text) {kind, text},
#include "base/errors.def"
#undef X
};

const char *pc_err_kind(enum pc_err err) {
  return errors[err].kind;
}

const char *pc_err_text(enum pc_err err) {
  return errors[err].text;
}
