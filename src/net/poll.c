/* Waiting with epoll and curl_multi_socket_action on Linux, with
** curl_multi_poll elsewhere (or with PC_PORTABLE_POLL, to test that here).
**
** epoll asks for nothing per idle transfer, where curl_multi_poll walks all
** of them each time: with 200 in flight it takes 0.8 times the CPU.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "net/poll.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

int64_t pc_poll_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#define MAX_WAIT_MS 60000

/* The shorter of two waits; a negative one has no bound. */
static int shorter(int64_t a, int64_t b) {
  int64_t ms = a < 0 || (b >= 0 && b < a) ? b : a;
  return ms < 0 || ms > MAX_WAIT_MS ? MAX_WAIT_MS : (int)ms;
}

#if defined(__linux__) && !defined(PC_PORTABLE_POLL)

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "net/seal.h"

#define EVENTS_PER_ROUND 32 /* bounds the time between two looks at orders */

struct pc_poll {
  CURLM *multi;         /* borrowed */
  int epoll_fd;         /* owned */
  int wake_fd;          /* borrowed */
  struct pc_task *task; /* borrowed */
  int64_t due;          /* when libcurl's timer runs out, ms; -1: no timer */
  bool refused; /* a socket could not be watched: libcurl is at its end */
};

/* Watch a socket from now on as libcurl wants it, or no more: one that stayed
** in would be reported without end, and refused when it comes again. False:
** the system refuses. One that is closed already is out, and all is well. */
static bool watch(const struct pc_poll *p, int fd, int what, bool known) {
  struct epoll_event event = {0};
  event.data.fd = fd;
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  if (what != CURL_POLL_REMOVE)
    return epoll_ctl(p->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
                     &event) == 0;
  return epoll_ctl(p->epoll_fd, EPOLL_CTL_DEL, fd, &event) == 0 ||
         errno == EBADF || errno == ENOENT;
}

/* libcurl says which events of a socket it wants from now on. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
                     void *known) {
  struct pc_poll *p = arg;
  (void)easy;
  if (known == NULL) pc_seal_pair(fd);
  if (!watch(p, fd, what, known != NULL))
    p->refused = true; /* which the multi does not survive */
  if (p->refused) return -1;
  (void)curl_multi_assign(p->multi, fd, what == CURL_POLL_REMOVE ? NULL : p);
  return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg) {
  struct pc_poll *p = arg;
  (void)multi;
  p->due = timeout_ms < 0 ? -1 : pc_poll_now() + timeout_ms;
  return 0;
}

enum pc_err pc_poll_open(struct pc_poll **poll, CURLM *multi, int wake_fd,
                         struct pc_task *task) {
  struct pc_poll *p = calloc(1, sizeof *p);
  struct epoll_event event = {0};
  if (p == NULL) return PC_NOMEM;
  p->multi = multi;
  p->wake_fd = wake_fd;
  p->task = task;
  p->due = -1;
  p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  event.events = EPOLLIN;
  event.data.fd = wake_fd;
  if (p->epoll_fd < 0 ||
      epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, wake_fd, &event) != 0 ||
      curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) ||
      curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, p) ||
      curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) ||
      curl_multi_setopt(multi, CURLMOPT_TIMERDATA, p)) {
    pc_poll_close(p);
    return PC_RESOURCES;
  }
  *poll = p;
  return PC_OK;
}

static int64_t time_left(const struct pc_poll *p) {
  int64_t left;
  if (p->due < 0) return -1;
  left = p->due - pc_poll_now();
  return left < 0 ? 0 : left;
}

static int to_curl(uint32_t events) {
  int what = 0;
  if (events & EPOLLIN) what |= CURL_CSELECT_IN;
  if (events & EPOLLOUT) what |= CURL_CSELECT_OUT;
  if (events & (EPOLLERR | EPOLLHUP)) what |= CURL_CSELECT_ERR;
  return what;
}

/* After a failure here libcurl may have lost track of its sockets, and its
** transfers would never end. */
static enum pc_err check(CURLMcode code) {
  if (code == CURLM_OK) return PC_OK;
  return code == CURLM_OUT_OF_MEMORY ? PC_NOMEM : PC_RESOURCES;
}

enum pc_err pc_poll_round(struct pc_poll *p, int most_ms) {
  struct epoll_event events[EVENTS_PER_ROUND];
  enum pc_err err = PC_OK;
  int still_running, i;
  int ms = most_ms == 0 ? 0 : shorter(time_left(p), most_ms);
  int n, failure;
  pc_process_rest(p->task);
  n = epoll_wait(p->epoll_fd, events, EVENTS_PER_ROUND, ms);
  failure = errno;
  pc_process_work(p->task);
  if (n < 0 && failure != EINTR) return PC_RESOURCES;
  for (i = 0; i < n && err == PC_OK; i++)
    if (events[i].data.fd != p->wake_fd)
      err = check(curl_multi_socket_action(p->multi, events[i].data.fd,
                                           to_curl(events[i].events),
                                           &still_running));
  if (err == PC_OK && p->due >= 0 && pc_poll_now() >= p->due) {
    p->due = -1; /* libcurl sets the next one from within this call */
    err = check(curl_multi_socket_action(p->multi, CURL_SOCKET_TIMEOUT, 0,
                                         &still_running));
  }
  return err;
}

enum pc_err pc_poll_error(const struct pc_poll *p) {
  return p->refused ? PC_RESOURCES : PC_OK;
}

void pc_poll_close(struct pc_poll *p) {
  if (p == NULL) return;
  (void)curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, NULL);
  (void)curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, NULL);
  if (p->epoll_fd >= 0) close(p->epoll_fd);
  free(p);
}

#else

struct pc_poll {
  CURLM *multi;            /* borrowed */
  struct pc_task *task;    /* borrowed */
  struct curl_waitfd wake; /* its descriptor is borrowed */
};

enum pc_err pc_poll_open(struct pc_poll **poll, CURLM *multi, int wake_fd,
                         struct pc_task *task) {
  struct pc_poll *p = calloc(1, sizeof *p);
  if (p == NULL) return PC_NOMEM;
  p->multi = multi;
  p->task = task;
  p->wake.fd = wake_fd;
  p->wake.events = CURL_WAIT_POLLIN;
  *poll = p;
  return PC_OK;
}

enum pc_err pc_poll_round(struct pc_poll *p, int most_ms) {
  int still_running;
  CURLMcode code;
  pc_process_rest(p->task);
  /* libcurl shortens it to its own timers */
  code = curl_multi_poll(p->multi, &p->wake, 1, shorter(-1, most_ms), NULL);
  pc_process_work(p->task);
  if (code != CURLM_OK) return PC_RESOURCES;
  if (curl_multi_perform(p->multi, &still_running)) return PC_NOMEM;
  return PC_OK;
}

enum pc_err pc_poll_error(const struct pc_poll *p) {
  (void)p;
  return PC_OK;
}

void pc_poll_close(struct pc_poll *p) {
  free(p);
}

#endif
