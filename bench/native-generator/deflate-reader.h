/* Counts the compressed messages of one connection, one frame each, and verifies every byte of what they decompress to. */
#ifndef DEFLATE_READER_H
#define DEFLATE_READER_H

#include "reply-reader.h"

struct deflate_reader {
  const struct traffic *traffic;
  /* Whether the message that goes before those that count is still to come. */
  bool prelude_due;
  /* Number of the expected message within the period. */
  uint64_t next;
  /* The beginning of a frame whose end has not come. */
  uint8_t *rest;
  size_t rest_bytes;
  size_t rest_size;
  /* What replies may refer to, from the first on that came as it is: it entered no window (RFC 7692 7.2.1). NULL before. */
  uint8_t *window;
  size_t window_bytes;
  /* Why nothing more can be read; empty while that is not so. */
  char fault[FAULT_TEXT_BYTES];
};

/* `first` is the number of the first message expected. */
void deflate_reader_begin(struct deflate_reader *reader, const struct traffic *traffic, uint64_t first);

/* Takes bytes as they came; returns how many messages they complete. Wrong ones are counted by the meter. */
uint32_t deflate_reader_read(struct deflate_reader *reader, const uint8_t *bytes, size_t length);

#endif
