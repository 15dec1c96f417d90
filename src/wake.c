/* A level-triggered wake-up on a pipe, which every event loop can watch.
** SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "wake.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

void pc_wake_raise(struct pc_wake *w) {
  /* A full pipe is a raised one: only an interruption is worth a retry. */
  while (write(w->write_fd, "", 1) < 0 && errno == EINTR) {
  }
}

void pc_wake_clear(struct pc_wake *w) {
  char bytes[64];
  ssize_t n;
  do n = read(w->read_fd, bytes, sizeof bytes);
  while (n == (ssize_t)sizeof bytes || (n < 0 && errno == EINTR));
}

void pc_wake_close(struct pc_wake *w) {
  if (w->read_fd >= 0) close(w->read_fd);
  if (w->write_fd >= 0) close(w->write_fd);
  w->read_fd = w->write_fd = -1;
}
