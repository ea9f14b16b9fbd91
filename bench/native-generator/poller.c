#include "poller.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "clock.h"

enum { EVENTS = 1024, LONGEST_MS = 100 };

static int epoll_fd;
static struct epoll_event ready[EVENTS];

static void fail(const char *call) {
  perror(call);
  exit(1);
}

static void control(struct endpoint *endpoint, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = endpoint};
  if (epoll_ctl(epoll_fd, operation, endpoint->fd, &event) != 0) fail("epoll_ctl");
}

void poller_open(void) {
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) fail("epoll_create1");
}

void poller_add(struct endpoint *endpoint, uint32_t events) { control(endpoint, EPOLL_CTL_ADD, events); }

void poller_change(struct endpoint *endpoint, uint32_t events) { control(endpoint, EPOLL_CTL_MOD, events); }

void poller_turn(uint64_t deadline_ns) {
  uint64_t now_ns = clock_now_ns();
  uint64_t left_ms = deadline_ns > now_ns ? (deadline_ns - now_ns + 999999) / 1000000 : 0;
  int count = epoll_wait(epoll_fd, ready, EVENTS, (int)(left_ms < LONGEST_MS ? left_ms : LONGEST_MS));
  if (count < 0 && errno != EINTR) fail("epoll_wait");
  for (int i = 0; i < count; i++) {
    struct endpoint *endpoint = ready[i].data.ptr;
    endpoint->ready(endpoint, ready[i].events);
  }
}
