/* libFuzzer target for the CSV decoder. The first bytes of the input say how
** the rest, a CSV text, is cut and which options are set. Whole and in pieces
** it must give the same rows, and the same error at the same place: those that
** spec/support/csv.lua gives, which reads one character after the other.
** SPDX-License-Identifier: MIT */
#define FUZZ_RULES "spec/fuzz/csv.lua"
#include "decoder.c"
