// The wait times in C: what the kernel allows.
//
//   waits ROUNDS SIZES      prints {"select10":µs,…}; see waits.ts
#include "common.h"

#include <sys/select.h>

enum { PARTS = 10, WARM_UP = 500, MOST = 1000 };

static int ep, size, rounds, ours[MOST], theirs[MOST];
static const char *separator = "{";

static void wait_select(void) {
  fd_set readable;
  FD_ZERO(&readable);
  int last = 0;
  for (int i = 0; i < size; i++) {
    FD_SET(ours[i], &readable);
    if (ours[i] > last) last = ours[i];
  }
  struct timeval timeout = {.tv_sec = 5};
  must(select(last + 1, &readable, NULL, NULL, &timeout), "select");
  if (!FD_ISSET(ours[size / 2], &readable)) fail("readable");
}

static void wait_epoll(void) {
  struct epoll_event events[EVENTS];
  must(epoll_wait(ep, events, EVENTS, 5000), "epoll_wait");
}

static void send_byte(void) { must(send(theirs[size / 2], "x", 1, 0), "send"); }

static void receive_byte(void) {
  char byte;
  must(recv(ours[size / 2], &byte, 1, 0), "recv");
}

static int ascending(const void *one, const void *other) {
  double difference = *(const double *)one - *(const double *)other;
  return (difference > 0) - (difference < 0);
}

static void run(void (*wait)(void), int whole, int count) {
  for (int i = 0; i < count; i++) {
    if (whole) send_byte();
    wait();
    if (whole) receive_byte();
  }
}

static void measure(const char *name, void (*wait)(void), int whole) {
  double parts[PARTS];
  run(wait, whole, WARM_UP);
  for (int part = 0; part < PARTS; part++) {
    double begin = now();
    run(wait, whole, rounds);
    parts[part] = (now() - begin) / rounds * 1e6;
  }
  qsort(parts, PARTS, sizeof *parts, ascending);
  printf("%s\"%s%d\":%.3f", separator, name, size, parts[PARTS / 2]);
  separator = ",";
}

// All connections of one size: those that are waited on come first, since select cannot take numbers above 1,023.
static void open_all(void) {
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  int listener = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
  must(bind(listener, (struct sockaddr *)&address, length), "bind");
  must(listen(listener, 1024), "listen");
  must(getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");
  for (int i = 0; i < size; i++) {
    ours[i] = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    must(connect(ours[i], (struct sockaddr *)&address, length), "connect");
  }
  // A queue of connections is served in its order.
  for (int i = 0; i < size; i++) theirs[i] = must(accept(listener, NULL, NULL), "accept");
  close(listener);
}

int main(int argc, char **argv) {
  if (argc != 3) return fputs("usage: waits ROUNDS SIZES\n", stderr), 2;
  raise_descriptor_limit();
  rounds = atoi(argv[1]) / PARTS;
  if (rounds < 1) rounds = 1;
  for (char *word = strtok(argv[2], ","); word != NULL; word = strtok(NULL, ",")) {
    size = atoi(word);
    if (size < 1 || size > MOST) return fputs("sizes are from 1 to 1000\n", stderr), 2;
    open_all();
    ep = must(epoll_create1(0), "epoll_create1");
    for (int i = 0; i < size; i++) watch(ep, EPOLL_CTL_ADD, ours[i], EPOLLIN);
    measure("select", wait_select, 1);
    measure("epoll", wait_epoll, 1);
    send_byte();
    measure("select-ready", wait_select, 0);
    measure("epoll-ready", wait_epoll, 0);
    close(ep);
    for (int i = 0; i < size; i++) close(ours[i]), close(theirs[i]);
  }
  puts("}");
  return 0;
}
