/* A workload in progress. There is one of each kind, and a run has one of them. */
#ifndef LOAD_H
#define LOAD_H

#include "spec.h"

struct load {
  /* Opens all connections that stay; returns when each is open or lost. */
  void (*open)(const struct spec *spec);
  /* Begins to send, and keeps `depth` messages in flight. */
  void (*start)(void);
  /* Called when all that was ready has been read. */
  void (*turn)(void);
  /* Sends nothing more; what is in flight still comes. */
  void (*stop)(void);
  /* Messages or handshakes that are not done. */
  uint64_t (*in_flight)(void);
};

extern const struct load echo_load;
extern const struct load fan_out_load;
extern const struct load handshake_load;

#endif
