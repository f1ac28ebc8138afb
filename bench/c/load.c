// The load: what all servers under test are measured with.
//
//   load MODE PORT COUNT SIZE WARMUP SECONDS poll|sleep
//
// MODE    echo     COUNT connections, each sends SIZE bytes, awaits them, sends again
//         receive  one connection, sends as fast as it can and waits until the server has read all; counted in SIZE bytes
//         send     one connection, discards what the server sends
//         accept   connects COUNT at a time and awaits the server's close of each
//         udp      one socket with COUNT datagrams of SIZE bytes under way
//         dns      the same with a query in each datagram, and an answer awaited; SIZE counts for nothing
//         chat     COUNT clients: one sends SIZE bytes, all others get them, then the next one sends; counted by receipts
//         hold     opens COUNT connections, exchanges SIZE bytes once on each, holds them until stdin ends
//
// poll: never sleeps. It needs its own CPU. So the server never has to wake an idle CPU, which would cost 40 us, more
// than everything else. sleep: waits in the kernel, for one CPU that it shares with the server.
//
// Prints a line "start" when the warm-up is over and then one line of JSON. Its "idle" is the share of the
// time in which it had nothing to do. If it is above zero, the server limited the run.
#include "common.h"

static int port, count, size, polling, ep;
static double warmup, seconds;
static char data[PIECE], scratch[PIECE * 4];

static double idle, last;
static uint64_t operations, bytes, lost;

// Waits for events, and adds up the idle time.
static int next_events(struct epoll_event *events) {
  int n = epoll_wait(ep, events, EVENTS, polling ? 0 : 100);
  if (n == -1 && errno != EINTR) fail("epoll_wait");
  double t = now();
  if (n <= 0) idle += t - last;
  last = t;
  return n;
}

static void reset(void) {
  operations = bytes = lost = 0;
  idle = 0;
  last = now();
}

static void announce(void) {
  puts("start");
  fflush(stdout);
}

static void report(double elapsed) {
  printf("{\"operations\":%lu,\"bytes\":%lu,\"lost\":%lu,\"seconds\":%.6f,\"idle\":%.4f}\n", operations, bytes, lost,
         elapsed, polling ? idle / elapsed : 0.0);
  fflush(stdout);
  // Stays until stdin ends, so that its CPU time can still be read.
  while (read(0, scratch, sizeof scratch) > 0) {
  }
}

// Runs `step` for the warm-up, then for the measured time.
static void measure(void (*step)(void)) {
  double end = now() + warmup;
  last = now();
  while (last < end) step();
  announce();
  reset();
  double begin = last;
  while (last < begin + seconds) step();
  report(last - begin);
}

// ---- echo

// By descriptor: the bytes that arrived and were not read yet, if every event was a whole echo.
static int *unread;

static void send_message(int fd) {
  // The socket's buffer is empty here and larger than a message: it is taken whole.
  if (send(fd, data, size, MSG_NOSIGNAL) != size) fail("send");
}

static void open_echoes(void) {
  unread = calloc(1 << 20, sizeof *unread);
  for (int i = 0; i < count; i++) {
    int fd = connect_to(port);
    if (size > 4096) set_option(fd, SOL_SOCKET, SO_SNDBUF, 4 * PIECE);
    watch(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET);
    send_message(fd);
  }
}

// Counts the echo of one event. Returns true if the next message may be sent. An edge-triggered event shows that data has
// arrived. So small echoes are read and checked only every 1 KiB, which saves every second system call. An echo that
// arrived in parts is noticed then, and the load waits for its rest.
static int echoed(int fd) {
  unread[fd] += size;
  if (unread[fd] < 1024) return 1;
  ssize_t n = recv(fd, NULL, unread[fd] + 1, MSG_TRUNC);
  if (n == -1 && errno != EAGAIN) fail("recv");
  if (n == 0 || n > unread[fd]) return fputs("load: not an echo\n", stderr), exit(1), 0;
  if (n > 0) unread[fd] -= n;
  if (unread[fd] == 0) return 1;
  unread[fd] -= size;  // the event that brings the rest adds it again
  return 0;
}

static void echo_step(void) {
  struct epoll_event events[EVENTS];
  int n = next_events(events);
  for (int i = 0; i < n; i++) {
    int fd = events[i].data.fd;
    if (!echoed(fd)) continue;
    operations++;
    send_message(fd);
  }
}

static void hold(void) {
  open_echoes();
  struct epoll_event events[EVENTS];
  while ((int)operations < count) {
    int n = epoll_wait(ep, events, EVENTS, -1);
    for (int i = 0; i < n; i++) operations += echoed(events[i].data.fd);
  }
  announce();
  while (read(0, scratch, sizeof scratch) > 0) {
  }
}

// ---- bulk

// Large sends: of all ways to fill a loopback connection (sendfile and splice were tried) the cheapest.
static void feed(double time) {
  static char large[8 * PIECE];
  int fd = connect_to(port);
  watch(ep, EPOLL_CTL_ADD, fd, EPOLLOUT);
  reset();
  double begin = last;
  struct epoll_event event;
  while (last < begin + time) {
    ssize_t n = send(fd, large, sizeof large, MSG_NOSIGNAL);
    if (n > 0) {
      bytes += n;
      last = now();
    } else if (errno == EAGAIN) {
      next_events(&event);
    } else {
      fail("send");
    }
  }
  // What lies in the kernel's buffers has not been received yet: the run ends when the server has read the end.
  must(shutdown(fd, SHUT_WR), "shutdown");
  watch(ep, EPOLL_CTL_MOD, fd, EPOLLIN);
  while (recv(fd, scratch, 1, 0) == -1) next_events(&event);
  last = now();
  operations = bytes / size;
  close(fd);
}

static void drain_step(void) {
  struct epoll_event events[EVENTS];
  int n = next_events(events);
  for (int i = 0; i < n; i++) {
    // MSG_TRUNC on a stream discards in the kernel: the load copies nothing.
    ssize_t r = recv(events[i].data.fd, NULL, 16 * PIECE, MSG_TRUNC);
    if (r == 0 || (r == -1 && errno != EAGAIN)) fail("recv");
    if (r > 0) bytes += r;
  }
  operations = bytes / size;
}

// ---- accept

static void open_connection(void) {
  struct sockaddr_in address = loopback(port);
  int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  // A reset at the end leaves no TIME_WAIT at either side, so ports do not run out.
  struct linger reset_at_close = {1, 0};
  must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset_at_close, sizeof reset_at_close), "SO_LINGER");
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == -1 && errno != EINPROGRESS) fail("connect");
  watch(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET);
}

static void accept_step(void) {
  struct epoll_event events[EVENTS];
  int n = next_events(events);
  for (int i = 0; i < n; i++) {
    ssize_t r = recv(events[i].data.fd, scratch, 1, 0);
    if (r == -1 && errno == EAGAIN) continue;
    if (r == -1) fail("recv");
    close(events[i].data.fd);
    operations++;
    open_connection();
  }
}

// ---- udp

static int udp;
static double heard;  // when the last datagram came
static struct mmsghdr batch[EVENTS];

static void send_datagrams(int n) {
  for (int i = 0; i < n; i++) batch[i].msg_hdr.msg_iov->iov_base = data, batch[i].msg_hdr.msg_iov->iov_len = size;
  for (int sent = 0; sent < n;) {
    int r = sendmmsg(udp, batch + sent, n - sent, 0);
    if (r == -1 && errno != EAGAIN && errno != ECONNREFUSED) fail("sendmmsg");
    if (r > 0) sent += r;
  }
}

static void open_udp(void) {
  struct sockaddr_in address = loopback(port);
  udp = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  must(connect(udp, (struct sockaddr *)&address, sizeof address), "connect");
  watch(ep, EPOLL_CTL_ADD, udp, EPOLLIN | EPOLLET);
  static struct iovec vectors[EVENTS];
  for (int i = 0; i < EVENTS; i++) batch[i].msg_hdr.msg_iov = &vectors[i], batch[i].msg_hdr.msg_iovlen = 1;
  heard = now();
  send_datagrams(count);
}

// A query for the address of host.example: a header with one question, the name, type A, class IN.
static int is_dns;

static void make_query(void) {
  static const char query[] = "\0\1\1\0\0\1\0\0\0\0\0\0\4host\7example\0\0\1\0\1";
  is_dns = 1;
  size = sizeof query - 1;
  memcpy(data, query, size);
}

static void check_answer(int length) {
  if (length <= size || memcmp(scratch, data, 2) || !(scratch[2] & 0x80) || scratch[7] != 1)
    fputs("load: not an answer\n", stderr), exit(1);
}

static void udp_step(void) {
  struct epoll_event event;
  if (next_events(&event) <= 0) {
    if (last - heard > 0.25) {  // lost in a full buffer: a new window
      lost += count;
      heard = last;
      send_datagrams(count);
    }
    return;
  }
  for (;;) {
    for (int i = 0; i < count; i++)
      batch[i].msg_hdr.msg_iov->iov_base = scratch, batch[i].msg_hdr.msg_iov->iov_len = sizeof scratch;
    int n = recvmmsg(udp, batch, count, 0, NULL);
    if (n <= 0) return;
    heard = last;
    if (is_dns) check_answer(batch[n - 1].msg_len);
    operations += n;
    send_datagrams(n);
  }
}

// ---- chat

static int *clients, speaker;
static uint64_t unheard;

static void speak(void) {
  send_message(clients[speaker]);
  speaker = (speaker + 1) % count;
  unheard = (uint64_t)(count - 1) * size;
}

static void open_chat(void) {
  clients = calloc(count, sizeof *clients);
  for (int i = 0; i < count; i++) {
    clients[i] = connect_to(port);
    watch(ep, EPOLL_CTL_ADD, clients[i], EPOLLIN);
  }
  // The server has taken all of them when it has greeted the last with one byte for each.
  for (int greeted = 0; greeted < count;) {
    struct epoll_event events[EVENTS];
    int n = epoll_wait(ep, events, EVENTS, -1);
    for (int i = 0; i < n; i++) greeted += recv(events[i].data.fd, scratch, 1, 0) == 1;
  }
  speak();
}

static void chat_step(void) {
  struct epoll_event events[EVENTS];
  int n = next_events(events);
  for (int i = 0; i < n; i++) {
    ssize_t r = recv(events[i].data.fd, scratch, sizeof scratch, 0);
    if (r <= 0) fail("recv");
    if ((uint64_t)r > unheard) fputs("load: more than was said\n", stderr), exit(1);
    unheard -= r;
    bytes += r;
  }
  operations = bytes / size;
  if (unheard == 0) speak();
}

int main(int argc, char **argv) {
  if (argc != 8) {
    fputs("usage: load MODE PORT COUNT SIZE WARMUP SECONDS poll|sleep\n", stderr);
    return 2;
  }
  const char *mode = argv[1];
  port = atoi(argv[2]), count = atoi(argv[3]), size = atoi(argv[4]);
  warmup = atof(argv[5]), seconds = atof(argv[6]), polling = !strcmp(argv[7], "poll");
  if (count < 1 || count > 100000 || size < 1 || size > PIECE) return fputs("load: out of range\n", stderr), 2;
  memset(data, 'x', sizeof data);
  raise_descriptor_limit();
  ep = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");

  if (!strcmp(mode, "echo")) {
    open_echoes();
    measure(echo_step);
  } else if (!strcmp(mode, "hold")) {
    hold();
  } else if (!strcmp(mode, "receive")) {
    feed(warmup);
    announce();
    double begin = now();
    feed(seconds);
    report(last - begin);
  } else if (!strcmp(mode, "send")) {
    watch(ep, EPOLL_CTL_ADD, connect_to(port), EPOLLIN);
    measure(drain_step);
  } else if (!strcmp(mode, "accept")) {
    for (int i = 0; i < count; i++) open_connection();
    measure(accept_step);
  } else if (!strcmp(mode, "udp")) {
    if (count > EVENTS) return fputs("load: too many datagrams\n", stderr), 2;
    open_udp();
    measure(udp_step);
  } else if (!strcmp(mode, "dns")) {
    if (count > EVENTS) return fputs("load: too many datagrams\n", stderr), 2;
    make_query();
    open_udp();
    measure(udp_step);
  } else if (!strcmp(mode, "chat")) {
    open_chat();
    measure(chat_step);
  } else {
    return fprintf(stderr, "load: no mode %s\n", mode), 2;
  }
  return 0;
}
