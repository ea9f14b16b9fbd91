/* What is asked for, as it comes on stdin: lines of a name and values, an empty line, then the bytes that they announce.
 * The program that asks has built every message; see ../native-load.ts. */
#ifndef SPEC_H
#define SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_OPENINGS = 64, MAX_PROCESSES = 8, NAME_BYTES = 32, EXTENSION_BYTES = 128 };

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

/* What there is to know of messages that are compressed (RFC 7692); `offer` is empty when they are not. */
struct deflate_traffic {
  char offer[EXTENSION_BYTES];
  /* What each connection must be answered. */
  char answer[EXTENSION_BYTES];
  /* The text of all messages, twice in a row. */
  uint8_t *ring;
  size_t ring_size;
  /* How much of the text before a message compressed replies may refer to; 0 for none. */
  size_t window_bytes;
  /* How much of it goes before a connection's first message, as a message of its own that does not count; 0 for none. */
  size_t history_bytes;
  /* Those messages, for connections that begin with message 0, 1 and so on. */
  uint32_t prelude_count;
  uint32_t *prelude_offsets;
  size_t prelude_offsets_size;
  uint8_t *preludes;
  size_t preludes_size;
};

/* Messages, over and over: message n is the one at n % period. */
struct traffic {
  uint64_t period;
  int opcode;
  size_t payload_bytes;
  size_t reply_bytes;
  /* Whether replies must be these very bytes; otherwise a server may frame its messages in any legal way. */
  bool exact;
  /* As many frames as a write or a read can take from any place in the period. */
  uint8_t *requests;
  size_t requests_size;
  /* Where each of `period + depth` requests begins, and where the last ends. */
  uint32_t *request_offsets;
  size_t request_offsets_size;
  uint8_t *replies;
  size_t replies_size;
  struct deflate_traffic deflate;
};

static inline bool traffic_is_compressed(const struct traffic *traffic) { return traffic->deflate.offer[0] != 0; }

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
