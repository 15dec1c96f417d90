/* What depends on which libcurl this is.
** SPDX-License-Identifier: MIT */
#include "net/version.h"

#include <pthread.h>
#include <stdio.h>
#include "net/net.h"

/* By number: the headers that this is built with may not know them, or call
** them deprecated. */
#define PROTOCOLS     ((CURLoption)(CURLOPTTYPE_LONG + 181))
#define PROTOCOLS_STR ((CURLoption)(CURLOPTTYPE_OBJECTPOINT + 318))
#define QUICK_EXIT    ((CURLoption)(CURLOPTTYPE_LONG + 322))

/* libcurl writes to memory of its own when it is asked, in whichever thread. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static unsigned number; /* written before there are threads that read it */

static curl_version_info_data *ask(void) {
  curl_version_info_data *data;
  pthread_mutex_lock(&mutex);
  data = curl_version_info(CURLVERSION_NOW);
  pthread_mutex_unlock(&mutex);
  return data;
}

enum pc_err pc_version_prepare(void) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return PC_NOMEM;
  number = ask()->version_num;
  return PC_OK;
}

bool pc_version_is_sealed(void) {
  return number >= 0x080800; /* seen: 8.14.1 and 8.23 do, 7.88.1 does not */
}

bool pc_version_keeps_paused(void) {
  return number < 0x080700;
}

CURLcode pc_version_options(CURL *easy) {
  CURLcode code;
  /* 7.85 has the names, and calls the bits deprecated. */
  if (number >= 0x075500)
    code = curl_easy_setopt(easy, PROTOCOLS_STR, "https,http");
  else
    code = curl_easy_setopt(easy, PROTOCOLS,
                            (long)(CURLPROTO_HTTPS | CURLPROTO_HTTP));
  /* 7.87: a look-up that hangs must not block the end. Before that it does. */
  if (code == CURLE_OK && number >= 0x075700)
    code = curl_easy_setopt(easy, QUICK_EXIT, 1L);
  return code;
}

const char *pc_net_version(void) {
  static char version[256];
  pthread_mutex_lock(&mutex);
  if (version[0] == '\0')
    (void)snprintf(version, sizeof version, "%s", curl_version());
  pthread_mutex_unlock(&mutex);
  return version;
}

const char *pc_net_feature(int i) {
  static const struct {
    const char *name;
    int bit;
  } features[] = {
      {"http2", CURL_VERSION_HTTP2},
      {"gzip", CURL_VERSION_LIBZ},
      {"brotli", CURL_VERSION_BROTLI},
      {"zstd", CURL_VERSION_ZSTD},
      {"ipv6", CURL_VERSION_IPV6},
      {"async_dns", CURL_VERSION_ASYNCHDNS},
      {"unix_sockets", CURL_VERSION_UNIX_SOCKETS},
  };
  int mask = ask()->features;
  size_t j;
  for (j = 0; j < sizeof features / sizeof features[0]; j++)
    if ((mask & features[j].bit) != 0 && i-- == 0) return features[j].name;
  return NULL;
}
