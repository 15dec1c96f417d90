/* A level-triggered wake-up that every event loop can watch: an eventfd on
** Linux, a pipe elsewhere.
**
** The eventfd is more than one descriptor less. Who writes to a pipe is taken
** to sleep soon, so the kernel likes to run the one that is woken on the same
** processor, where it waits although another is idle.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "base/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#if defined(__linux__)

#include <sys/eventfd.h>

enum pc_err pc_wake_open(struct pc_wake *w) {
  w->read_fd = w->write_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return w->read_fd >= 0 ? PC_OK : PC_RESOURCES;
}

#else

/* Both ends never block, and neither reaches a program that is exec'ed. */
static int prepare_fd(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -1;
  return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

enum pc_err pc_wake_open(struct pc_wake *w) {
  int fds[2];
  w->read_fd = w->write_fd = -1;
  if (pipe(fds) != 0) return PC_RESOURCES;
  w->read_fd = fds[0];
  w->write_fd = fds[1];
  if (prepare_fd(fds[0]) < 0 || prepare_fd(fds[1]) < 0) {
    pc_wake_close(w);
    return PC_RESOURCES;
  }
  return PC_OK;
}

#endif

void pc_wake_raise(struct pc_wake *w) {
  const uint64_t one = 1; /* an eventfd wants it, a pipe does not mind */
  /* A full one is raised: only an interruption is worth a retry. */
  while (write(w->write_fd, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void pc_wake_clear(struct pc_wake *w) {
  uint64_t values[8];
  ssize_t n; /* of an eventfd one value, which stands for all */
  do n = read(w->read_fd, values, sizeof values);
  while (n == (ssize_t)sizeof values || (n < 0 && errno == EINTR));
}

void pc_wake_close(struct pc_wake *w) {
  if (w->read_fd >= 0) close(w->read_fd);
  if (w->write_fd >= 0 && w->write_fd != w->read_fd) close(w->write_fd);
  w->read_fd = w->write_fd = -1;
}
