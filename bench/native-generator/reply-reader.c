#include "reply-reader.h"

#include <stdio.h>
#include <string.h>

#include "meter.h"

enum { FIN = 0x80, RESERVED = 0x70, MASKED = 0x80, CONTROL = 0x08, OPCODE = 0x0f, OPCODE_CLOSE = 8 };

void reply_reader_begin(struct reply_reader *reader, const struct traffic *traffic, uint64_t first) {
  memset(reader, 0, sizeof *reader);
  reader->traffic = traffic;
  reader->offset = (first % traffic->period) * traffic->reply_bytes;
  reader->matches = true;
}

static uint64_t big_endian(const uint8_t *bytes, uint32_t count) {
  uint64_t value = 0;
  for (uint32_t i = 0; i < count; i++) value = value << 8 | bytes[i];
  return value;
}

static bool is_control(const struct reply_reader *reader) { return (reader->header[0] & CONTROL) != 0; }

static void check_header(struct reply_reader *reader) {
  uint8_t first = reader->header[0];
  int opcode = first & OPCODE;
  char *fault = reader->fault;
  if ((first & RESERVED) != 0) snprintf(fault, FAULT_TEXT_BYTES, "a frame with reserved bits 0x%x", first & RESERVED);
  else if ((reader->header[1] & MASKED) != 0) snprintf(fault, FAULT_TEXT_BYTES, "a masked frame from the server");
  else if (opcode == OPCODE_CLOSE) snprintf(fault, FAULT_TEXT_BYTES, "a Close frame");
  else if (opcode == reader->traffic->opcode) {
    reader->message_bytes = 0;
    reader->matches = true;
  } else if (opcode != 0 && opcode < OPCODE_CLOSE) {
    snprintf(fault, FAULT_TEXT_BYTES, "a frame with opcode %d", opcode);
  }
}

/* Returns how many bytes it took. */
static size_t read_header(struct reply_reader *reader, const uint8_t *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    reader->header[reader->header_bytes++] = bytes[at++];
    uint32_t size = reader->header[1] & 0x7f;
    uint32_t needed = reader->header_bytes < 2 || size < 126 ? 2 : size == 126 ? 4 : 10;
    if (reader->header_bytes < needed) continue;
    reader->header_bytes = 0;
    reader->left = needed == 2 ? size : big_endian(reader->header + 2, needed - 2);
    reader->in_payload = true;
    check_header(reader);
    return at;
  }
  return length;
}

static void compare_payload(struct reply_reader *reader, const uint8_t *bytes, size_t length) {
  if (is_control(reader)) return;
  const struct traffic *traffic = reader->traffic;
  const uint8_t *payload =
      traffic->replies + reader->next * traffic->reply_bytes + (traffic->reply_bytes - traffic->payload_bytes);
  uint64_t until = reader->message_bytes + length;
  if (until > traffic->payload_bytes || memcmp(payload + reader->message_bytes, bytes, length) != 0) {
    reader->matches = false;
  }
  reader->message_bytes = until;
}

/* Whether the frame that ends here ends a message. */
static bool end_frame(struct reply_reader *reader) {
  reader->in_payload = false;
  if (is_control(reader) || (reader->header[0] & FIN) == 0) return false;
  if (!reader->matches || reader->message_bytes != reader->traffic->payload_bytes) {
    meter_count_wrong("a message of %llu bytes that differs from the expected payload",
                      (unsigned long long)reader->message_bytes);
  }
  reader->next = (reader->next + 1) % reader->traffic->period;
  return true;
}

static uint32_t parse(struct reply_reader *reader, const uint8_t *bytes, size_t length) {
  uint32_t completed = 0;
  size_t at = 0;
  while (reader->fault[0] == 0) {
    if (!reader->in_payload) at += read_header(reader, bytes + at, length - at);
    if (!reader->in_payload || reader->fault[0] != 0) break;
    size_t take = reader->left < length - at ? (size_t)reader->left : length - at;
    compare_payload(reader, bytes + at, take);
    at += take;
    reader->left -= take;
    if (reader->left > 0) break;
    if (end_frame(reader)) completed++;
  }
  return completed;
}

static void start_parser(struct reply_reader *reader) {
  size_t reply_bytes = reader->traffic->reply_bytes;
  reader->parsing = true;
  reader->next = reader->offset / reply_bytes;
  size_t begun = reader->offset % reply_bytes;
  parse(reader, reader->traffic->replies + reader->offset - begun, begun);
}

uint32_t reply_reader_read(struct reply_reader *reader, const uint8_t *bytes, size_t length) {
  const struct traffic *traffic = reader->traffic;
  if (!reader->parsing) {
    if (memcmp(bytes, traffic->replies + reader->offset, length) == 0) {
      size_t end = reader->offset + length;
      uint32_t completed = (uint32_t)(end / traffic->reply_bytes - reader->offset / traffic->reply_bytes);
      reader->offset = end % (traffic->period * traffic->reply_bytes);
      return completed;
    }
    if (traffic->exact) {
      snprintf(reader->fault, FAULT_TEXT_BYTES, "bytes that are not those sent");
      return 0;
    }
    start_parser(reader);
  }
  return parse(reader, bytes, length);
}
