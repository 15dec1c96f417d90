/* What depends on which libcurl this is, asked when it runs: the headers may be
** older than the library, or newer.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_VERSION_H
#define PC_NET_VERSION_H

#include <curl/curl.h>
#include <stdbool.h>
#include "base/errors.h"

/* Set libcurl up, once in a process. */
enum pc_err pc_version_prepare(void);

/* Does libcurl seal what it opens for itself (close-on-exec)? */
bool pc_version_is_sealed(void);

/* The options of an easy handle that not every libcurl has. */
PC_MUST_CHECK CURLcode pc_version_options(CURL *easy);

#endif
