/* Counts the messages of one connection and verifies every byte of them. */
#ifndef REPLY_READER_H
#define REPLY_READER_H

#include "spec.h"

enum { FAULT_TEXT_BYTES = 80 };

/*
 * As long as the server frames its messages in the usual way (one frame each, shortest length), the stream as a whole is
 * known beforehand and a chunk costs one comparison of memory. The first chunk that differs, and all after it, go to a
 * parser instead; where only these bytes can be right, the connection is lost.
 */
struct reply_reader {
  const struct traffic *traffic;
  /* Bytes of the expected stream received, modulo its period. */
  size_t offset;
  bool parsing;
  /* The rest is the parser's. Number of the expected message within the period. */
  uint64_t next;
  uint8_t header[10];
  uint32_t header_bytes;
  /* Whether a header is whole; `left` bytes of its payload are still to come then. */
  bool in_payload;
  uint64_t left;
  uint64_t message_bytes;
  bool matches;
  /* Why nothing more can be read; empty while that is not so. */
  char fault[FAULT_TEXT_BYTES];
};

/* `first` is the number of the first message expected. */
void reply_reader_begin(struct reply_reader *reader, const struct traffic *traffic, uint64_t first);

/* Takes bytes as they came; returns how many messages they complete. Wrong ones are counted by the meter. */
uint32_t reply_reader_read(struct reply_reader *reader, const uint8_t *bytes, size_t length);

#endif
