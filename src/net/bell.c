/* A doorbell for event loops that wait only for what they connected to.
**
** The socket lies in the file system only for the moment of its birth where
** /proc can name it by its descriptor afterwards, so that not even a crash
** leaves a file behind.
** SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* struct ucred, O_PATH */
#include "net/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define TRIES 16 /* names that may be taken by others */

#ifndef SOCK_CLOEXEC
#define SOCK_CLOEXEC                     0
#define accept4(fd, address, len, flags) accept(fd, address, len)
#endif

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* SO_NOSIGPIPE does the same there */
#endif

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* No longer expect anybody. */
static void close_entrance(struct pc_bell *b) {
  close_fd(&b->listen_fd);
  close_fd(&b->name_fd);
  if (b->is_file) (void)unlink(b->path);
  b->is_file = false;
}

void pc_bell_init(struct pc_bell *b) {
  memset(b, 0, sizeof *b);
  b->listen_fd = b->name_fd = b->fd = -1;
}

void pc_bell_close(struct pc_bell *b) {
  close_entrance(b);
  close_fd(&b->fd);
  b->on = false;
  b->rung = 0;
}

void pc_bell_forget(struct pc_bell *b) {
  b->is_file = false;
  pc_bell_close(b);
}

bool pc_bell_ring(struct pc_bell *b) {
  ssize_t n;
  if (!b->on) return false;
  do n = send(b->fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n == 1) b->rung++;
  /* One that is full of bytes rings already. */
  return n == 1 || errno == EAGAIN || errno == EWOULDBLOCK;
}

/* --- the entrance --- */

static int set_flags(int fd) {
  int flags = fcntl(fd, F_GETFL);
#ifdef SO_NOSIGPIPE
  int yes = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &yes, sizeof yes) < 0)
    return -1;
#endif
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -1;
  return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Bind to a name in the directory that nobody has. False: try no further. */
static bool bind_somewhere(struct pc_bell *b, const char *directory) {
  static unsigned count;
  struct sockaddr_un address;
  int tries;
  for (tries = 0; tries < TRIES; tries++) {
    int len = snprintf(b->path, sizeof b->path, "%s/partnercenter-%ld-%u",
                       directory, (long)getpid(),
                       __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED));
    if (len < 0 || (size_t)len >= sizeof b->path) return false;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, b->path, (size_t)len + 1);
    if (bind(b->listen_fd, (struct sockaddr *)&address, sizeof address) == 0) {
      b->is_file = true;
      return true;
    }
    if (errno != EADDRINUSE) return false;
  }
  return false;
}

/* Take the name out of the file system and go by the descriptor's. */
static void hide(struct pc_bell *b) {
#ifdef O_PATH
  char name[32];
  struct stat of_file, of_name;
  b->name_fd = open(b->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (b->name_fd < 0) return;
  (void)snprintf(name, sizeof name, "/proc/self/fd/%d", b->name_fd);
  if (lstat(b->path, &of_file) == 0 && stat(name, &of_name) == 0 &&
      of_file.st_ino == of_name.st_ino && of_file.st_dev == of_name.st_dev) {
    (void)unlink(b->path);
    b->is_file = false;
    memcpy(b->path, name, sizeof name);
  } else {
    close_fd(&b->name_fd);
  }
#else
  (void)b;
#endif
}

bool pc_bell_connected(const struct pc_bell *b) {
  char byte;
  ssize_t n;
  if (b->fd < 0) return false;
  n = recv(b->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK ||
                             errno == EINTR));
}

enum pc_err pc_bell_listen(struct pc_bell *b, const char *directory) {
  b->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  /* Before it is bound its mode is that of the file to be. */
  if (b->listen_fd < 0 || fchmod(b->listen_fd, 0600) != 0 ||
      set_flags(b->listen_fd) != 0 || !bind_somewhere(b, directory) ||
      listen(b->listen_fd, TRIES) != 0) {
    close_entrance(b);
    return PC_RESOURCES;
  }
  hide(b);
  return PC_OK;
}

/* Another process could have come in while there was a file. */
static bool is_own(int fd) {
#ifdef SO_PEERCRED
  struct ucred peer;
  socklen_t len = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
         peer.pid == getpid();
#else
  uid_t user;
  gid_t group;
  return getpeereid(fd, &user, &group) == 0 && user == geteuid();
#endif
}

int pc_bell_accept(struct pc_bell *b) {
  int fd;
  while ((fd = accept4(b->listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0 ||
         errno == EINTR) {
    if (fd < 0) continue;
    if (is_own(fd) && set_flags(fd) == 0) break;
    close(fd);
  }
  if (fd >= 0) close_entrance(b);
  return fd;
}
