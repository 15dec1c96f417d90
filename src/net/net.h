/* HTTP on a thread of its own. Nothing here knows Lua.
**
** A net owns one I/O thread, which alone touches libcurl. The owner's thread
** calls the functions below; none of them blocks but pc_net_wait and, bounded,
** pc_net_close. Orders go down and news come up through two queues under one
** mutex; news reach the owner's side of a transfer only in pc_net_take, so
** what the accessors tell changes there and nowhere else.
** SPDX-License-Identifier: MIT */
#ifndef PC_NET_H
#define PC_NET_H

#include <stdbool.h>
#include <stddef.h>
#include "base/errors.h"
#include "net/bell.h"

struct pc_net;
struct pc_transfer;

struct pc_net_config {     /* strings are copied; NULL: libcurl's default */
  const char *ca_file;     /* PEM file of the trusted authorities */
  const char *proxy;       /* URL, may hold credentials */
  const char *no_proxy;    /* hosts reached directly, comma separated */
  const char *unix_socket; /* connect to this path instead of a host */
  bool http1;              /* never offer HTTP/2 */
  long max_connections;    /* to one host */
  size_t window;           /* unread bytes that pause a transfer */
};

/* The parts of a request that are bytes. */
enum pc_part { PC_URL, PC_METHOD, PC_HEADERS, PC_BODY, PC_PART_COUNT };

struct pc_limits {
  long timeout_ms;         /* the whole transfer, or the longest silence */
  long connect_timeout_ms; /* name, TCP and TLS */
  size_t max_body;         /* bytes after decompression */
  bool streamed;           /* timeout_ms bounds silence: the reader sets the
                           ** pace, and a slow reader is no failure */
};

struct pc_timings {   /* seconds since the start, 0 where it did not apply */
  double name_lookup; /* the name was resolved */
  double connect;     /* TCP was connected */
  double tls;         /* TLS was ready */
  double first_byte;  /* the answer began */
  double total;       /* the answer ended */
  double bytes;       /* body bytes on the wire */
  bool reused;        /* the connection was there already */
  const char *http;   /* "1.0", "1.1", "2" or "3" */
};

/* Make a net; starts nothing. */
PC_MUST_CHECK enum pc_err pc_net_open(struct pc_net **net,
                                      const struct pc_net_config *config);

/* End every transfer as closed, stop and join the thread, free the net. The
** join is bounded, by JOIN_SECONDS of process.c; past it the thread is left
** to end alone. */
void pc_net_close(struct pc_net *net);

/* Readable while pc_net_take has something to take. */
int pc_net_fd(struct pc_net *net);

/* Wait until there is something to take, a signal arrives, or `seconds` pass
** (negative: no bound). */
void pc_net_wait(struct pc_net *net, double seconds);

/* Bring the news to the owner's side and note which transfers have any. True:
** some wait for connections that are held by transfers which nobody reads; the
** owner may have forgotten them. */
bool pc_net_take(struct pc_net *net);

/* A second way to be woken, for loops that cannot watch a foreign descriptor
** (nginx): this process connects to the path that listen gives, has the
** connection accepted, and then gets a byte for news while it watches. The
** path, of PC_BELL_PATH bytes at most, is valid until then or the next call.
** `connected`: an earlier connection is still good. The directory must be writable. */
PC_MUST_CHECK enum pc_err pc_net_listen(struct pc_net *net,
                                        const char *directory, char *path,
                                        bool *connected);
PC_MUST_CHECK enum pc_err pc_net_accept(struct pc_net *net);

/* Wake over the connection from now on; at once if there is news already. */
void pc_net_watch(struct pc_net *net);
/* Send a byte of one's own, to be woken in the loop's next round. False when
** nobody watches. */
bool pc_net_ring(struct pc_net *net);
/* Stop, so that the connection stays silent. False, and nothing is changed,
** while transfers are under way or bytes, of which `heard` were read since it
** was accepted. */
bool pc_net_unwatch(struct pc_net *net, double heard);

/* The next transfer of those noted, or NULL. */
struct pc_transfer *pc_net_next_ready(struct pc_net *net);
bool pc_net_has_ready(const struct pc_net *net);

/* Bytes of bodies that wait to be read, of all transfers not given back. */
size_t pc_net_held(struct pc_net *net);

/* Transfers sent and neither ended nor handing out rows already. */
int pc_net_running(struct pc_net *net);

/* Those of them that wait for their reader alone: it is a window behind. */
int pc_net_paused(struct pc_net *net);

/* Make a transfer, fill in its request (each part but the headers once), send
** it. Until it is sent only these and pc_transfer_release may be called on it.
** A net that finds itself in a forked child starts anew here. */
PC_MUST_CHECK enum pc_err pc_transfer_new(struct pc_transfer **t,
                                          struct pc_net *net, int id);
PC_MUST_CHECK enum pc_err pc_transfer_set(struct pc_transfer *t,
                                          enum pc_part part, const char *bytes,
                                          size_t len);
PC_MUST_CHECK enum pc_err
pc_transfer_add_header(struct pc_transfer *t, const char *name,
                       size_t name_len, const char *value, size_t len);
/* Many at once: each line is name, lead, value and a zero byte. */
PC_MUST_CHECK enum pc_err pc_transfer_add_lines(struct pc_transfer *t,
                                                const char *lines, size_t len);
/* What stands between the name of a header and its value. */
const char *pc_header_lead(size_t value_len);
PC_MUST_CHECK enum pc_err pc_transfer_send(struct pc_transfer *t,
                                           const struct pc_limits *limits);

/* Give the transfer back: cancels it if need be, frees it when the thread is
** done with it. */
void pc_transfer_release(struct pc_transfer *t);

/* End the transfer now as cancelled, if it has not ended. */
void pc_transfer_cancel(struct pc_transfer *t);

/* Say that rows are being handed out: the transfer no longer counts as
** running, because from now on its reader sets the pace. */
void pc_transfer_uncount(struct pc_transfer *t);

/* What is known on the owner's side. */
int pc_transfer_id(const struct pc_transfer *t); /* as given at birth */
bool pc_transfer_ended(struct pc_transfer *t);
enum pc_err pc_transfer_error(struct pc_transfer *t);  /* once ended */
const char *pc_transfer_detail(struct pc_transfer *t); /* once ended */
const struct pc_timings *pc_transfer_timings(struct pc_transfer *t);
int pc_transfer_status(const struct pc_transfer *t); /* 0: not known yet */
/* The first header line of that name, or the first behind `after`, a value that
** this gave: its value, not terminated, or NULL. */
const char *pc_transfer_header(const struct pc_transfer *t, const char *name,
                               const char *after, size_t *len);

/* The oldest unread piece of the body, or NULL; it stays until it is dropped,
** which lets a paused transfer go on. */
const char *pc_transfer_piece(const struct pc_transfer *t, size_t *len);
void pc_transfer_drop_piece(struct pc_transfer *t);

/* "libcurl/8.5.0 OpenSSL/3.0.11 ..." */
const char *pc_net_version(void);

/* The i-th thing that this libcurl can do, or NULL after the last. */
const char *pc_net_feature(int i);

#endif
