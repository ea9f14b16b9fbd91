/* What is asked for, as it comes on stdin: lines of a name and values, an empty line, then the bytes that they announce.
 * The program that asks has built every message; see ../native-load.ts. */
#ifndef SPEC_H
#define SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_OPENINGS = 64, MAX_PROCESSES = 8, NAME_BYTES = 32 };

enum workload { WORKLOAD_ECHO, WORKLOAD_FAN_OUT, WORKLOAD_HANDSHAKE };

/* A key for an upgrade, and the accept value that must answer it. */
struct opening {
  char key[NAME_BYTES];
  char accept[NAME_BYTES];
};

/* A process whose CPU time is read. */
struct process {
  int pid;
  char role[NAME_BYTES];
  char name[NAME_BYTES];
};

/* Messages, over and over: message n is the one at n % period. */
struct traffic {
  uint64_t period;
  int opcode;
  size_t payload_bytes;
  size_t request_bytes;
  size_t reply_bytes;
  /* Whether replies must be these very bytes; otherwise a server may frame its messages in any legal way. */
  bool exact;
  /* As many frames as a write or a read can take from any place in the period. */
  uint8_t *requests;
  size_t requests_size;
  uint8_t *replies;
  size_t replies_size;
};

struct spec {
  enum workload workload;
  /* Whether the server speaks WebSocket, or sends every byte back as it came. */
  bool websocket;
  int connect_port;
  int publish_port;
  /* Connections that echo, subscribers, or slots of handshakes. */
  uint32_t connections;
  uint32_t depth;
  uint64_t settle_ns;
  uint64_t warm_up_ns;
  uint64_t window_ns;
  uint64_t drain_ns;
  struct traffic traffic;
  struct opening openings[MAX_OPENINGS];
  uint32_t opening_count;
  struct process processes[MAX_PROCESSES];
  uint32_t process_count;
};

/* Reads all of it from stdin; ends the program with a message when something is amiss. */
void spec_read(struct spec *spec);

#endif
