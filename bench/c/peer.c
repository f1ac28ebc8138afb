// The peer in C: what the kernel allows. One thread, epoll, edge-triggered, non-blocking.
//
//   peer echo|receive|receive_into|send|accept|udp [poll]     a server: prints its port, ends with stdin
//   peer client PORT CONNECTIONS SIZE WARMUP SECONDS     ends with stdin too, so that its CPU time can be read
//   peer first PORT
//
// With `poll` it never sleeps: then it is the counterpart of the clients under test.
#include "common.h"

static int ep, polling;
static char buffer[PIECE];

static int listen_on(int type) {
  struct sockaddr_in address = loopback(0);
  int fd = must(socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  must(bind(fd, (struct sockaddr *)&address, sizeof address), "bind");
  if (type == SOCK_STREAM) must(listen(fd, 1024), "listen");
  socklen_t length = sizeof address;
  must(getsockname(fd, (struct sockaddr *)&address, &length), "getsockname");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

// Each serve function does all that is possible on a ready connection; it returns 0 when that is to be closed.

static int serve_echo(int fd, uint32_t events) {
  for (;;) {
    ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n == 0) return 0;
    if (n == -1) return errno == EAGAIN;
    for (ssize_t sent = 0; sent < n;) {
      ssize_t r = send(fd, buffer + sent, n - sent, MSG_NOSIGNAL);
      if (r == -1 && errno != EAGAIN) return 0;
      if (r > 0) sent += r;
    }
    // A short read emptied the socket; a hang-up gives no further edge, so then read on to the end.
    if (n < (ssize_t)sizeof buffer && !(events & EPOLLRDHUP)) return 1;
  }
}

static int serve_receive(int fd, uint32_t events) {
  (void)events;
  for (;;) {
    ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n == 0) return 0;
    if (n == -1) return errno == EAGAIN;
  }
}

static int serve_send(int fd, uint32_t events) {
  (void)events;
  for (;;)
    if (send(fd, buffer, sizeof buffer, MSG_NOSIGNAL) == -1) return errno == EAGAIN;
}

static int serve_accept(int fd, uint32_t events) {
  (void)fd, (void)events;
  return 0;
}

static void serve(int (*on_ready)(int, uint32_t), uint32_t interest) {
  int listener = listen_on(SOCK_STREAM);
  watch(ep, EPOLL_CTL_ADD, listener, EPOLLIN);
  watch(ep, EPOLL_CTL_ADD, 0, EPOLLIN);
  struct epoll_event events[EVENTS];
  for (;;) {
    int n = epoll_wait(ep, events, EVENTS, polling ? 0 : -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      if (fd == 0) return;
      if (fd != listener) {
        if (!on_ready(fd, events[i].events)) close(fd);
        continue;
      }
      int connection;
      while ((connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
        if (interest == 0) {
          close(connection);
          continue;
        }
        set_option(connection, IPPROTO_TCP, TCP_NODELAY, 1);
        watch(ep, EPOLL_CTL_ADD, connection, interest | EPOLLRDHUP | EPOLLET);
      }
    }
  }
}

static void serve_udp(void) {
  int fd = listen_on(SOCK_DGRAM);
  watch(ep, EPOLL_CTL_ADD, fd, EPOLLIN);
  watch(ep, EPOLL_CTL_ADD, 0, EPOLLIN);
  struct epoll_event events[2];
  for (;;) {
    int n = epoll_wait(ep, events, 2, -1);
    for (int i = 0; i < n; i++) {
      if (events[i].data.fd == 0) return;
      for (;;) {
        struct sockaddr_in from;
        socklen_t length = sizeof from;
        ssize_t r = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &length);
        if (r == -1) break;
        sendto(fd, buffer, r, 0, (struct sockaddr *)&from, length);
      }
    }
  }
}

static void client(int port, int connections, int size, double warmup, double seconds) {
  static int got[1 << 16];
  for (int i = 0; i < connections; i++) {
    int fd = connect_to(port);
    watch(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET);
    must(send(fd, buffer, size, MSG_NOSIGNAL), "send");
  }
  struct epoll_event events[EVENTS];
  unsigned long operations = 0;
  double begin = now(), t = begin;
  for (int phase = 0; phase < 2; phase++) {
    begin = t, operations = 0;
    if (phase == 1) puts("start"), fflush(stdout);
    while (t < begin + (phase ? seconds : warmup)) {
      int n = epoll_wait(ep, events, EVENTS, 100);
      t = now();
      for (int i = 0; i < n; i++) {
        int fd = events[i].data.fd;
        ssize_t r = recv(fd, buffer, sizeof buffer, 0);
        if (r <= 0) fail("recv");
        if ((got[fd] += r) < size) continue;
        got[fd] = 0, operations++;
        must(send(fd, buffer, size, MSG_NOSIGNAL), "send");
      }
    }
  }
  printf("{\"operations\":%lu,\"seconds\":%.6f}\n", operations, t - begin);
  fflush(stdout);
  while (read(0, buffer, sizeof buffer) > 0) {
  }
}

static void first(int port) {
  struct sockaddr_in address = loopback(port);
  int fd = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
  must(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
  must(send(fd, buffer, 64, MSG_NOSIGNAL), "send");
  must(recv(fd, buffer, 64, MSG_WAITALL), "recv");
}

int main(int argc, char **argv) {
  const char *role = argc > 1 ? argv[1] : "";
  polling = argc > 2 && !strcmp(argv[2], "poll");
  raise_descriptor_limit();
  memset(buffer, 'x', sizeof buffer);
  ep = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  if ((!strcmp(role, "echo") || !strcmp(role, "echo_into"))) serve(serve_echo, EPOLLIN);
  else if (!strcmp(role, "receive") || !strcmp(role, "receive_into")) serve(serve_receive, EPOLLIN);
  else if (!strcmp(role, "send")) serve(serve_send, EPOLLOUT);
  else if (!strcmp(role, "accept")) serve(serve_accept, 0);
  else if (!strcmp(role, "udp") || !strcmp(role, "udp_recvfrom")) serve_udp();
  else if (!strcmp(role, "client") && argc == 7)
    client(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), atof(argv[5]), atof(argv[6]));
  else if (!strcmp(role, "first") && argc == 3) first(atoi(argv[2]));
  else return fputs("usage: peer ROLE ..., see the head of peer.c\n", stderr), 2;
  return 0;
}
