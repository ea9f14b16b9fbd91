/* Who waits for what on which socket: epoll, in one thread. */
#ifndef POLLER_H
#define POLLER_H

#include <stdint.h>

struct endpoint {
  int fd;
  /* Told what epoll reports; may close the socket. */
  void (*ready)(struct endpoint *endpoint, uint32_t events);
};

void poller_open(void);
void poller_add(struct endpoint *endpoint, uint32_t events);
void poller_change(struct endpoint *endpoint, uint32_t events);
/* Handles what is ready; waits for the first until `deadline_ns` at most, and never longer than 0.1 s. */
void poller_turn(uint64_t deadline_ns);

#endif
