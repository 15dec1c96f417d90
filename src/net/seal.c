/* Close-on-exec for what libcurl opens.
** SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "net/seal.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "net/version.h"

#ifndef SOCK_CLOEXEC
#define SOCK_CLOEXEC 0
#endif

/* A pair gets the lowest numbers that are free. So many above the lowest that is
** free now are looked at as well: others may have closed some meanwhile. */
#define REACH 64

static void seal(int fd) {
  (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

curl_socket_t pc_seal_open(void *arg, curlsocktype purpose,
                           struct curl_sockaddr *address) {
  int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
  (void)arg;
  (void)purpose;
  if (fd < 0) return CURL_SOCKET_BAD;
  if (SOCK_CLOEXEC == 0) seal(fd);
  return fd;
}

/* The number below which a pair that was made just now lies. */
static int get_bound(void) {
  int lowest = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (lowest >= 0) close(lowest);
  return lowest + REACH;
}

/* A unix socket without a name, not sealed: an end of a pair. libcurl 8.5 to 8.7
** have pipes in its place, which are left alone: they keep no connection. */
static bool is_bare_end(int fd, struct stat *st) {
  struct sockaddr_un address = {0};
  socklen_t len = sizeof address;
  int flags = fcntl(fd, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) == 0 && fstat(fd, st) == 0 &&
         S_ISSOCK(st->st_mode) &&
         getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
         address.sun_family == AF_UNIX && len <= sizeof address.sun_family;
}

void pc_seal_pair(int fd) {
  struct stat first, second;
  int other, bound;
  if (!is_bare_end(fd, &first)) return;
  seal(fd);
  /* Its other end was made right after it, so has the next number as a file. No
  ** other file has that: what is not found is left as it is. */
  bound = get_bound();
  if (bound < fd + REACH) bound = fd + REACH;
  for (other = fd + 1; other < bound; other++)
    if (is_bare_end(other, &second) && second.st_dev == first.st_dev &&
        second.st_ino == first.st_ino + 1) {
      seal(other);
      return;
    }
}

/* Bytes that wait to be read at this end, or at the other. */
static void count_waiting(int fd, int waiting[2]) {
  waiting[0] = waiting[1] = 0;
  (void)ioctl(fd, FIONREAD, &waiting[0]);
#ifdef TIOCOUTQ
  (void)ioctl(fd, TIOCOUTQ, &waiting[1]);
#endif
}

/* A wake-up is a byte that goes from one end to the other: what no other socket
** of the process gets just then. */
static bool is_woken_by(CURLM *multi, int fd) {
  int before[2], after[2];
  count_waiting(fd, before);
  if (curl_multi_wakeup(multi) != CURLM_OK) return false;
  count_waiting(fd, after);
  return before[0] != after[0] || before[1] != after[1];
}

CURLM *pc_seal_multi(void) {
  CURLM *multi = curl_multi_init();
  struct stat st;
  int fd, bound, ends = 0;
  if (multi == NULL || pc_version_is_sealed()) return multi;
  bound = get_bound();
  for (fd = 0; fd < bound && ends < 2; fd++)
    if (is_bare_end(fd, &st) && is_woken_by(multi, fd)) {
      seal(fd);
      ends++;
    }
  return multi;
}
