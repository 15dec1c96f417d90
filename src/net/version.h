/* What depends on which libcurl this is, asked when it runs: the headers may be
** older than the library, or newer.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_VERSION_H
#define PC_NET_VERSION_H

#include <curl/curl.h>
#include <stdbool.h>
#include "base/errors.h"

/* Set libcurl up, once in a process, when the module is loaded. */
enum pc_err pc_version_prepare(void);

/* Does libcurl seal what it opens for itself (close-on-exec)? */
bool pc_version_is_sealed(void);

/* May a handle keep what came while it was paused, past the end of its transfer?
** 7.88 does. From 8.7 on the last writer of the request has it, and it goes with
** that. */
bool pc_version_keeps_paused(void);

/* The options of an easy handle that not every libcurl has. */
PC_MUST_CHECK CURLcode pc_version_options(CURL *easy);

#endif
