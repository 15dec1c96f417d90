/* One transfer as libcurl sees it: options, callbacks, outcome.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "net/easy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "net/seal.h"
#include "net/version.h"

#if CURL_MAX_WRITE_SIZE > PC_PIECE_BYTES || CURL_ERROR_SIZE > PC_DETAIL_BYTES
#error "pieces or details are too small for this libcurl"
#endif

/* The header block with all interim (1xx) answers before it, so that their
** number is bounded. */
#define MAX_HEADER_TOTAL (256 * 1024)
/* Received bytes that are handed up before the round is over, so that decoding
** a large body begins while it arrives. */
#define HAND_UP_BYTES (64 * 1024)

static size_t on_header(char *line, size_t size, size_t n, void *arg) {
  struct pc_transfer *t = arg;
  size_t len = size * n;
  if (t->outcome.result != PC_OK) return 0; /* it has failed before */
  if (t->work.status != 0) return len;      /* trailers tell us nothing */
  t->work.header_bytes += len;
  if (t->work.header_bytes > MAX_HEADER_TOTAL) {
    t->outcome.result = PC_HEADERS_TOO_LARGE;
    return 0;
  }
  if (len > 2) {
    t->outcome.result = pc_buffer_add(&t->outcome.head, line, len);
    if (t->outcome.result == PC_TOO_LARGE)
      t->outcome.result = PC_HEADERS_TOO_LARGE;
    return t->outcome.result == PC_OK ? len : 0;
  }
  long status = 0;
  (void)curl_easy_getinfo(t->work.easy, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200) { /* an interim answer: the real one follows */
    pc_buffer_clear(&t->outcome.head);
    return len;
  }
  t->work.status = (int)status;
  pc_io_touch(t);
  return len;
}

/* Copy into the last piece as much as fits, then into new ones. */
static enum pc_err receive(struct pc_transfer *t, const char *bytes,
                           size_t len) {
  struct pc_pieces *list = &t->work.received;
  while (len > 0) {
    size_t n;
    if (list->last == NULL || list->last->len == PC_PIECE_BYTES) {
      struct pc_piece *piece = pc_io_piece(t->work.io);
      if (piece == NULL) return PC_NOMEM;
      if (list->last != NULL)
        list->last->next = piece;
      else
        list->first = piece;
      list->last = piece;
    }
    n = PC_PIECE_BYTES - list->last->len;
    if (n > len) n = len;
    memcpy(list->last->bytes + list->last->len, bytes, n);
    list->last->len += n;
    list->bytes += n;
    bytes += n;
    len -= n;
  }
  return PC_OK;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg) {
  struct pc_transfer *t = arg;
  size_t len = size * n;
  size_t unread = t->work.unread + t->work.received.bytes;
  if (t->outcome.result != PC_OK) return 0;
  if (len > t->request.limits.max_body - t->work.body_bytes) {
    t->outcome.result = PC_TOO_LARGE;
    return 0;
  }
  if (unread > t->work.io->net->config.window ||
      t->work.received.bytes >= HAND_UP_BYTES)
    if ((t->work.waits = pc_io_hand_up(t))) return CURL_WRITEFUNC_PAUSE;
  t->outcome.result = receive(t, bytes, len);
  if (t->outcome.result != PC_OK) return 0;
  t->work.body_bytes += len;
  pc_io_touch(t);
  return len;
}

/* Link the header lines, which lie one after the other, each ended by NUL: the
** list that libcurl wants, in one allocation. */
static enum pc_err link_lines(struct pc_transfer *t) {
  const struct pc_buffer *b = &t->request.parts[PC_HEADERS];
  struct curl_slist *lines;
  size_t at, n = 0;
  for (at = 0; at < b->len; at += strlen(b->bytes + at) + 1) n++;
  if (n == 0) return PC_OK;
  lines = t->work.lines = malloc(n * sizeof *lines);
  if (lines == NULL) return PC_NOMEM;
  for (at = 0; at < b->len; at += strlen(b->bytes + at) + 1) {
    lines->data = b->bytes + at;
    lines->next = --n > 0 ? lines + 1 : NULL;
    lines++;
  }
  return PC_OK;
}

/* How many connections there are is known by their sockets. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose,
                                 struct curl_sockaddr *address) {
  struct pc_transfer *t = arg;
  curl_socket_t fd = pc_seal_open(NULL, purpose, address);
  t->work.opened = true;
  if (fd != CURL_SOCKET_BAD) t->work.io->sockets++;
  return fd;
}

static int close_socket(void *arg, curl_socket_t fd) {
  struct pc_io *io = arg;
  if (io->sockets > 0) io->sockets--;
  return close(fd);
}

/* Set an option unless an earlier one failed. */
#define SET(option, value)                                                    \
  if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)

static bool changes_something(const struct pc_buffer *method) {
  return method->len > 0 && strcmp(method->bytes, "GET") != 0;
}

/* What differs from transfer to transfer. Handles are used again without
** curl_easy_reset, which is not told when it is short of memory and leaves a
** handle behind that cannot send. */
static CURLcode set_request(CURL *easy, struct pc_transfer *t) {
  const struct pc_buffer *parts = t->request.parts;
  const struct pc_buffer *method = &parts[PC_METHOD];
  const struct pc_buffer *body = &parts[PC_BODY];
  CURLcode code = CURLE_OK;
  SET(CURLOPT_URL, parts[PC_URL].bytes);
  if (body->len > 0) {
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(body->len - 1));
    SET(CURLOPT_POSTFIELDS, body->bytes);
  } else {
    SET(CURLOPT_POSTFIELDS, NULL);
    SET(CURLOPT_HTTPGET, 1L);
  }
  SET(CURLOPT_CUSTOMREQUEST, method->len > 0 ? method->bytes : NULL);
  /* On a connection that was idle and turns out to be dead libcurl sends a
  ** request again by itself. What changes something is sent once. */
  SET(CURLOPT_FRESH_CONNECT, changes_something(method) ? 1L : 0L);
  SET(CURLOPT_HTTPHEADER, t->work.lines);
  SET(CURLOPT_CONNECTTIMEOUT_MS, t->request.limits.connect_timeout_ms);
  /* When streamed: libcurl does not count the time while the reader has it
  ** paused. */
  SET(CURLOPT_LOW_SPEED_LIMIT, t->request.limits.streamed ? 1L : 0L);
  SET(CURLOPT_LOW_SPEED_TIME, t->request.limits.streamed
                                  ? (t->request.limits.timeout_ms + 999) / 1000
                                  : 0L);
  SET(CURLOPT_TIMEOUT_MS,
      t->request.limits.streamed ? 0L : t->request.limits.timeout_ms);
  SET(CURLOPT_FORBID_REUSE, 0L); /* pc_easy_end may have set it */
  SET(CURLOPT_PRIVATE, t);
  SET(CURLOPT_OPENSOCKETDATA, t);
  SET(CURLOPT_ERRORBUFFER, t->outcome.detail);
  SET(CURLOPT_HEADERDATA, t);
  SET(CURLOPT_WRITEDATA, t);
  return code;
}

/* What is the same for all transfers of a net. */
static CURLcode set_connection(CURL *easy, struct pc_io *io) {
  const struct pc_net_config *c = &io->net->config;
  CURLcode code = CURLE_OK;
  SET(CURLOPT_SHARE, io->share);
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
  SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
  SET(CURLOPT_CLOSESOCKETDATA, io);
  SET(CURLOPT_NOPROGRESS, 1L);
  SET(CURLOPT_HEADERFUNCTION, on_header);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_ACCEPT_ENCODING, ""); /* all that this libcurl can undo */
  SET(CURLOPT_FOLLOWLOCATION, 0L);  /* a redirect could carry the token away */
  SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  SET(CURLOPT_HTTP_VERSION,
      (long)(c->http1 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
  SET(CURLOPT_PIPEWAIT, 1L); /* rather one busy connection than many new */
  SET(CURLOPT_TCP_KEEPALIVE, 1L);
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  /* With a directory of certificates set, libcurl cannot keep the parsed
  ** store, and each new connection costs 20 ms of CPU instead of 2. */
  SET(CURLOPT_CAPATH, NULL);
  if (c->ca_file != NULL) SET(CURLOPT_CAINFO, c->ca_file);
  if (c->proxy != NULL) SET(CURLOPT_PROXY, c->proxy);
  if (c->no_proxy != NULL) SET(CURLOPT_NOPROXY, c->no_proxy);
  if (c->unix_socket != NULL) SET(CURLOPT_UNIX_SOCKET_PATH, c->unix_socket);
  if (code == CURLE_OK) code = pc_version_options(easy);
  return code;
}

#undef SET

/* A handle that is ready for any request of this net; NULL and the reason. */
static CURL *take_handle(struct pc_io *io, CURLcode *code) {
  CURL *easy;
  if (io->idle_count > 0) return io->idle[--io->idle_count];
  easy = curl_easy_init();
  *code = easy != NULL ? set_connection(easy, io) : CURLE_OUT_OF_MEMORY;
  if (*code == CURLE_OK) return easy;
  curl_easy_cleanup(easy);
  return NULL;
}

enum pc_err pc_easy_start(struct pc_io *io, struct pc_transfer *t) {
  CURLcode code = CURLE_OK;
  t->work.easy = take_handle(io, &code);
  if (code == CURLE_OK && link_lines(t) != PC_OK) code = CURLE_OUT_OF_MEMORY;
  if (code == CURLE_OK) code = set_request(t->work.easy, t);
  if (code == CURLE_OK &&
      curl_multi_add_handle(io->multi, t->work.easy) != CURLM_OK)
    code = CURLE_OUT_OF_MEMORY;
  if (code == CURLE_OK) return PC_OK;
  (void)snprintf(t->outcome.detail, sizeof t->outcome.detail, "%s",
                 curl_easy_strerror(code));
  return code == CURLE_OUT_OF_MEMORY ? PC_NOMEM : PC_CONFIG;
}

/* Only a handle whose transfer ended well is used again: what is left in one
** that was taken away from a paused stream comes up in the next body (libcurl
** 7.88, HTTP/2), and nobody has tried the others. */
static void put_back(struct pc_io *io, CURL *easy) {
  /* What it refers to is about to go; none of these needs memory. */
  (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
  (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL);
  (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
  io->idle[io->idle_count++] = easy;
}

enum pc_err pc_easy_resume(struct pc_transfer *t) {
  /* Delivers what libcurl has kept meanwhile, and tells a refusal of it here
  ** alone. */
  CURLcode code;
  t->work.waits = false;
  code = curl_easy_pause(t->work.easy, CURLPAUSE_CONT);
  if (code != CURLE_OK || t->outcome.result != PC_OK) pc_easy_result(t, code);
  return t->outcome.result;
}

CURLcode pc_easy_shorten(struct pc_transfer *t, int64_t ms) {
  if (t->request.limits.streamed) return CURLE_OK;
  return curl_easy_setopt(t->work.easy, CURLOPT_TIMEOUT_MS, (long)ms);
}

static curl_socket_t open_none(void *arg, curlsocktype purpose,
                               struct curl_sockaddr *address) {
  (void)arg;
  (void)purpose;
  (void)address;
  return CURL_SOCKET_BAD;
}

/* Have the handle fail to connect, alone: at the end of that it lets go of what
** it still keeps. */
static void fail_alone(CURL *easy) {
  (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
  (void)curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, NULL);
  (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
  (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_none);
  if (curl_easy_setopt(easy, CURLOPT_URL, "http://127.0.0.1/") == CURLE_OK)
    (void)curl_easy_perform(easy);
}

void pc_easy_end(struct pc_io *io, struct pc_transfer *t) {
  bool kept = false;
  int i;
  /* What libcurl 7.88 keeps of the body it neither gives back nor forgets when
  ** others use the connection. All of it is refused now, and so let go of: but
  ** for a transfer that libcurl has ended itself, of a time that is over or a
  ** stream that broke, and that has no connection any more. */
  if (t->work.waits)
    kept = curl_easy_pause(t->work.easy, CURLPAUSE_CONT) ==
           CURLE_BAD_FUNCTION_ARGUMENT;
  /* What it keeps is missing in the body. */
  if (kept && t->outcome.result == PC_OK) t->outcome.result = PC_BODY_CUT;
  /* Over HTTP/2 libcurl (7.88) may leave the reset of a stream in its buffer
  ** until something else is sent there, while the server goes on sending.
  ** Closing the connection tells it; one that others use is left alone. No
  ** effect on a transfer that is complete. */
  (void)curl_easy_setopt(t->work.easy, CURLOPT_FORBID_REUSE, 1L);
  (void)curl_multi_remove_handle(io->multi, t->work.easy);
  if (kept && pc_version_keeps_paused()) fail_alone(t->work.easy);
  if (t->outcome.result == PC_OK && io->idle_count < PC_IDLE)
    put_back(io, t->work.easy);
  else
    curl_easy_cleanup(t->work.easy);
  t->work.easy = NULL;
  for (i = 0; i < PC_PART_COUNT; i++) pc_buffer_erase(&t->request.parts[i]);
}

/* CURLE_TOO_LARGE of libcurl 8.6 and later, for headers above its own limits.
** The headers that this was compiled with may be older than the library. */
#define TOO_LARGE 100

void pc_easy_free_idle(struct pc_io *io) {
  while (io->idle_count > 0) curl_easy_cleanup(io->idle[--io->idle_count]);
}

/* What a libcurl code means for the caller. Those not listed are failures of
** the connection, which libcurl has many names for. */
static enum pc_err classify(CURLcode code) {
  if ((int)code == TOO_LARGE) return PC_HEADERS_TOO_LARGE;
  switch (code) {
  case CURLE_OK: return PC_OK;
  case CURLE_OUT_OF_MEMORY: return PC_NOMEM;
  case CURLE_OPERATION_TIMEDOUT: return PC_TIMEOUT;
  case CURLE_PARTIAL_FILE: return PC_BODY_CUT;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_ENGINE_INITFAILED:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_USE_SSL_FAILED: return PC_TLS;
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_URL_MALFORMAT:
  case CURLE_NOT_BUILT_IN:
  case CURLE_UNKNOWN_OPTION:
  case CURLE_BAD_FUNCTION_ARGUMENT: return PC_CONFIG;
  case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9 among them */
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_WRITE_ERROR: /* bytes behind the end of a compressed body */
  case CURLE_BAD_CONTENT_ENCODING: return PC_PROTOCOL;
  default: return PC_NETWORK;
  }
}

/* libcurl reports a peer that hangs up during the handshake as a failure of
** TLS. It is one of the connection: nothing is wrong with a certificate, and
** another attempt may well succeed. */
static bool hung_up(const char *detail) {
  return strstr(detail, "SSL_ERROR_SYSCALL") != NULL ||
         strstr(detail, "unexpected eof") != NULL ||
         strstr(detail, "Broken pipe") != NULL ||
         strstr(detail, "reset by peer") != NULL;
}

/* libcurl 8 passes on what OpenSSL 3 says of a connection that ends without
** notice; before, it saw by the length that the body had not ended. */
static bool cut_off(const struct pc_transfer *t) {
  return t->work.status != 0 &&
         strstr(t->outcome.detail, "unexpected eof") != NULL;
}

/* The other way round with TLS 1.3: a server that wants a certificate says so
** after the handshake, which libcurl reports as a failure to read. */
static bool was_alerted(const char *detail) {
  return strstr(detail, "SSL routines") != NULL &&
         strstr(detail, " alert ") != NULL;
}

/* What a proxy said to CONNECT. One that wants a password, or another one, or
** that forbids the host will not change its mind. */
static enum pc_err blame_proxy(CURL *easy) {
  long status = 0;
  (void)curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
  if (status == 407) return PC_PROXY_REFUSES;
  if (status == 401 || status == 403) return PC_PROXY_FORBIDS;
  return status >= 300 ? PC_PROXY_FAILED : PC_NETWORK;
}

static void note_timings(struct pc_transfer *t) {
  static const struct {
    CURLINFO info;
    size_t offset;
    double unit;
  } facts[] = {
      {CURLINFO_NAMELOOKUP_TIME_T, offsetof(struct pc_timings, name_lookup),
       1e-6},
      {CURLINFO_CONNECT_TIME_T, offsetof(struct pc_timings, connect), 1e-6},
      {CURLINFO_APPCONNECT_TIME_T, offsetof(struct pc_timings, tls), 1e-6},
      {CURLINFO_STARTTRANSFER_TIME_T, offsetof(struct pc_timings, first_byte),
       1e-6},
      {CURLINFO_TOTAL_TIME_T, offsetof(struct pc_timings, total), 1e-6},
      {CURLINFO_SIZE_DOWNLOAD_T, offsetof(struct pc_timings, bytes), 1},
  };
  long connects = 0, version = 0;
  size_t i;
  for (i = 0; i < sizeof facts / sizeof facts[0]; i++) {
    curl_off_t value = 0;
    (void)curl_easy_getinfo(t->work.easy, facts[i].info, &value);
    *(double *)(void *)((char *)&t->outcome.timings + facts[i].offset) =
        (double)value * facts[i].unit;
  }
  (void)curl_easy_getinfo(t->work.easy, CURLINFO_NUM_CONNECTS, &connects);
  (void)curl_easy_getinfo(t->work.easy, CURLINFO_HTTP_VERSION, &version);
  t->outcome.timings.reused = connects == 0 && t->work.status != 0;
  t->outcome.timings.http = version == CURL_HTTP_VERSION_2     ? "2"
                            : version == CURL_HTTP_VERSION_1_1 ? "1.1"
                            : version == CURL_HTTP_VERSION_1_0 ? "1.0"
                            : version == CURL_HTTP_VERSION_3   ? "3"
                                                               : NULL;
}

void pc_easy_result(struct pc_transfer *t, CURLcode code) {
  note_timings(t);
  /* A callback that gave up has left its own reason. */
  if (t->outcome.result != PC_OK) return;
  if (t->outcome.detail[0] == '\0' && code != CURLE_OK)
    (void)snprintf(t->outcome.detail, sizeof t->outcome.detail, "%s",
                   curl_easy_strerror(code));
  t->outcome.result = classify(code);
  if (t->outcome.result == PC_TLS && hung_up(t->outcome.detail))
    t->outcome.result = PC_NETWORK;
  if (t->outcome.result == PC_NETWORK && cut_off(t))
    t->outcome.result = PC_BODY_CUT;
  if (t->outcome.result == PC_NETWORK && was_alerted(t->outcome.detail))
    t->outcome.result = PC_TLS;
  if (t->outcome.result == PC_NETWORK)
    t->outcome.result = blame_proxy(t->work.easy);
  /* libcurl takes headers that break off for the end of a good answer, and
  ** what follows a 101 that nobody asked for as its body. */
  if (t->outcome.result == PC_OK && t->work.status == 0)
    t->outcome.result = PC_NETWORK;
  /* libcurl says "out of memory" of a header line above its own limit. */
  if (t->outcome.result == PC_NOMEM && t->work.status == 0 &&
      t->work.header_bytes > 0)
    t->outcome.result = PC_HEADERS_TOO_LARGE;
}
