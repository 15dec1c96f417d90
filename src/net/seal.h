/* Close-on-exec for what libcurl opens: a program that is exec'ed, by os.execute
** or io.popen, would keep a connection alive which is closed here.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_SEAL_H
#define PC_NET_SEAL_H

#include <curl/curl.h>

/* For CURLOPT_OPENSOCKETFUNCTION: connections are born sealed. */
curl_socket_t pc_seal_open(void *arg, curlsocktype purpose,
                           struct curl_sockaddr *address);

/* A descriptor that libcurl has made without asking: the end of a
** pair by which its resolver's thread tells that it is done. Seals both. */
void pc_seal_pair(int fd);

/* curl_multi_init, the pair by which it is woken sealed. */
CURLM *pc_seal_multi(void);

#endif
