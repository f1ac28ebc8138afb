// What load.c and peer.c share.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 65536, EVENTS = 1024 };

static inline void fail(const char *what) {
  perror(what);
  exit(1);
}

// Ends the program on -1; the one place where a result becomes an error.
static inline long must(long result, const char *what) {
  if (result == -1) fail(what);
  return result;
}

static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static inline struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static inline void watch(int epoll, int op, int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  must(epoll_ctl(epoll, op, fd, &event), "epoll_ctl");
}

static inline void set_option(int fd, int level, int name, int value) {
  must(setsockopt(fd, level, name, &value, sizeof value), "setsockopt");
}

static inline void set_nonblocking(int fd) {
  must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), "fcntl");
}

static inline int connect_to(int port) {
  struct sockaddr_in address = loopback(port);
  int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_nonblocking(fd);
  return fd;
}

static inline void raise_descriptor_limit(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}
