/* The threads of a process: started with signals masked, joined in bounded
** time, ended before the process is, left behind by a fork.
** SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* dladdr, MADV_WIPEONFORK */
#include "net/process.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* How long closing waits for a thread. libcurl never blocks it, but a step of a
** handshake, or freeing a large certificate store, can take a while on a busy
** machine. A thread that is left behind at the end of the process meets a TLS
** library which has torn itself down: rather wait than crash. */
#define JOIN_SECONDS 5
/* How long a fork waits for a thread to rest. A round takes milliseconds. */
#define FORK_SECONDS 2

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
/* under the mutex */
static pthread_cond_t changed; /* a task has ended, or was joined */
static struct pc_task *tasks;
static struct pc_private_fd *private_fds;
static bool known; /* what belongs to this process is made */
static bool prepared;
static bool watching;
static bool ending; /* exit has begun */
/* written only in a new process, by its one thread */
static unsigned forks;

/* 1, but 0 in a child until it is noticed there: in memory that the kernel
** empties. Elsewhere it stays 1, and the process is asked who it is, by a system
** call: 1.2 us in place of 0.3 ns on a virtual machine, and every call of the
** owner's asks. */
static volatile int never_wiped = 1;
static volatile int *mark = &never_wiped;
static pid_t pid;

static void init_changed(void) {
  pthread_condattr_t attributes;
  (void)pthread_condattr_init(&attributes);
#if defined(__linux__)
  (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
  (void)pthread_cond_init(&changed, &attributes);
  (void)pthread_condattr_destroy(&attributes);
}

/* --- forks --- */

void pc_process_rest(struct pc_task *task) {
  pthread_mutex_unlock(&task->busy);
}

void pc_process_work(struct pc_task *task) {
  pthread_mutex_lock(&task->busy);
}

/* False when it does not rest in time: libcurl may wait for a name's look-up. */
static bool stop_task(struct pc_task *task) {
#if defined(_POSIX_TIMEOUTS) && _POSIX_TIMEOUTS > 0
  struct timespec deadline;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += FORK_SECONDS;
  return pthread_mutex_timedlock(&task->busy, &deadline) == 0;
#else
  return pthread_mutex_lock(&task->busy) == 0;
#endif
}

static void lock_all(void) {
  struct pc_task *task;
  pthread_mutex_lock(&mutex);
  for (task = tasks; task != NULL; task = task->next)
    task->stopped = stop_task(task);
}

static void unlock_all(void) {
  struct pc_task *task;
  for (task = tasks; task != NULL; task = task->next)
    if (task->stopped) pthread_mutex_unlock(&task->busy);
  pthread_mutex_unlock(&mutex);
}

/* None of the threads is here, nor who waits for them. */
static void begin_anew(void) {
  struct pc_private_fd *p;
  for (p = private_fds; p != NULL; p = p->next) {
    close(p->fd);
    p->fd = -1;
  }
  private_fds = NULL;
  tasks = NULL;
  init_changed();
  forks++;
  pid = getpid();
  *mark = 1;
}

static void begin_child(void) {
  begin_anew();
  pthread_mutex_unlock(&mutex);
}

/* In a child that no handler has seen: a thread of its parent may have had the
** mutex. */
static void notice_child(void) {
  (void)pthread_mutex_init(&mutex, NULL);
  begin_anew();
}

unsigned pc_process_forks(void) {
  if (*mark == 0 || (mark == &never_wiped && getpid() != pid)) notice_child();
  return forks;
}

static void make_mark(void) {
#if defined(MADV_WIPEONFORK)
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (madvise(page, size, MADV_WIPEONFORK) != 0) {
    (void)munmap(page, size);
    return;
  }
  mark = page;
  *mark = 1;
#endif
}

/* --- descriptors --- */

void pc_process_keep(struct pc_private_fd *p, int fd) {
  (void)pc_process_forks();
  pthread_mutex_lock(&mutex);
  p->fd = fd;
  p->prev = NULL;
  p->next = private_fds;
  if (private_fds != NULL) private_fds->prev = p;
  private_fds = p;
  pthread_mutex_unlock(&mutex);
}

int pc_process_unkeep(struct pc_private_fd *p) {
  int fd;
  (void)pc_process_forks();
  pthread_mutex_lock(&mutex);
  fd = p->fd;
  if (fd >= 0) {
    if (p->prev != NULL)
      p->prev->next = p->next;
    else
      private_fds = p->next;
    if (p->next != NULL) p->next->prev = p->prev;
  }
  p->fd = -1;
  pthread_mutex_unlock(&mutex);
  return fd;
}

/* --- threads; with the mutex held, but where it says otherwise --- */

static struct timespec get_deadline(void) {
  struct timespec t;
#if defined(__linux__)
  clock_gettime(CLOCK_MONOTONIC, &t);
#else
  clock_gettime(CLOCK_REALTIME, &t);
#endif
  t.tv_sec += JOIN_SECONDS;
  return t;
}

static bool await_change(const struct timespec *deadline) {
  return pthread_cond_timedwait(&changed, &mutex, deadline) == 0;
}

static void link_task(struct pc_task *task) {
  task->prev = NULL;
  task->next = tasks;
  if (tasks != NULL) tasks->prev = task;
  tasks = task;
}

static void unlink_task(struct pc_task *task) {
  if (task->prev != NULL)
    task->prev->next = task->next;
  else if (tasks == task)
    tasks = task->next;
  if (task->next != NULL) task->next->prev = task->prev;
  task->prev = task->next = NULL;
}

/* Who has claimed a task joins it; the others wait. Nobody else looks at it
** from when it is known as joined. */
static void join(struct pc_task *task, const struct timespec *deadline) {
  while (!task->ended && await_change(deadline)) {
  }
  if (!task->ended) return;
  pthread_mutex_unlock(&mutex);
  (void)pthread_join(task->thread, NULL);
  pthread_mutex_lock(&mutex);
  task->joined = true;
  (void)pthread_cond_broadcast(&changed);
}

static struct pc_task *find_unclaimed(void) {
  struct pc_task *task = tasks;
  while (task != NULL && task->claimed) task = task->next;
  return task;
}

static bool any_left(void) {
  struct pc_task *task = tasks;
  while (task != NULL && task->joined) task = task->next;
  return task != NULL;
}

/* TLS libraries tear themselves down at exit; no thread may use them then.
** Other threads of the program go on meanwhile, and may close what is theirs. */
static void end_all(void) {
  struct timespec deadline = get_deadline(); /* for all of them together */
  struct pc_task *task;
  (void)pc_process_forks();
  pthread_mutex_lock(&mutex);
  ending = true;
  for (task = tasks; task != NULL; task = task->next) task->stop(task->arg);
  while ((task = find_unclaimed()) != NULL) {
    task->claimed = true;
    join(task, &deadline);
  }
  while (any_left() && await_change(&deadline)) {
  }
  pthread_mutex_unlock(&mutex);
}

static void *run_task(void *arg) {
  struct pc_task *task = arg;
  pc_process_work(task);
  task->run(task->arg);
  pc_process_rest(task);
  pthread_mutex_lock(&mutex);
  task->ended = true;
  (void)pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  return NULL;
}

/* All signals stay with the program's own threads. */
static int create_thread(struct pc_task *task) {
  sigset_t all, old;
  int rc;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0) return -1;
  rc = pthread_create(&task->thread, NULL, run_task, task);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return rc;
}

/* Before anything that looks at it can be called: what is registered below may be,
** by an exit in another thread, in the very next moment. */
static void know_process(void) {
  if (known) return;
  known = true;
  init_changed();
  pid = getpid();
  make_mark();
}

/* TLS libraries register what they do at exit when they begin. That is to run
** after what is registered here, so they begin first, and before any thread could
** meet an exit halfway. For libcurl with OpenSSL that costs the load of the module
** 2.3 million instructions, some 2 ms. */
static enum pc_err prepare_process(enum pc_err (*prepare)(void)) {
  enum pc_err err;
  if (prepared) return PC_OK;
  err = prepare();
  if (err == PC_OK && atexit(end_all) != 0) err = PC_NOMEM;
  prepared = err == PC_OK;
  return err;
}

/* --- the process --- */

enum pc_err pc_process_watch(enum pc_err (*prepare)(void)) {
  Dl_info self;
  enum pc_err err;
  pthread_mutex_lock(&mutex);
  know_process();
  err = prepare_process(prepare);
  if (err == PC_OK && !watching) {
    /* Neither these functions nor a thread that outlives its bounded join may
    ** lose their code when Lua unloads the module. */
    if (dladdr((void *)&mutex, &self) != 0)
      (void)dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    if (pthread_atfork(lock_all, unlock_all, begin_child) != 0) err = PC_NOMEM;
    watching = err == PC_OK;
  }
  pthread_mutex_unlock(&mutex);
  return err;
}

enum pc_err pc_process_start(struct pc_task *task) {
  enum pc_err err;
  pthread_mutex_lock(&mutex);
  task->claimed = task->ended = task->joined = false;
  err = ending ? PC_CLOSED : PC_OK;
  if (err == PC_OK && pthread_mutex_init(&task->busy, NULL) != 0)
    err = PC_NOMEM;
  if (err == PC_OK) task->begin(task->arg);
  if (err == PC_OK && create_thread(task) != 0) err = PC_RESOURCES;
  if (err == PC_OK) link_task(task);
  pthread_mutex_unlock(&mutex);
  return err;
}

bool pc_process_end(struct pc_task *task) {
  struct timespec deadline = get_deadline();
  bool joined;
  pthread_mutex_lock(&mutex);
  if (!task->claimed) {
    task->claimed = true;
    task->stop(task->arg);
    join(task, &deadline);
    if (!task->joined) (void)pthread_detach(task->thread);
  }
  while (!task->joined && await_change(&deadline)) {
  }
  joined = task->joined;
  unlink_task(task);
  if (joined) (void)pthread_mutex_destroy(&task->busy);
  pthread_mutex_unlock(&mutex);
  return joined;
}
