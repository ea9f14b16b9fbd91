#include "deflate-reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inflater.h"
#include "meter.h"

enum { FIN_TEXT = 0x81, RSV1 = 0x40, MASKED = 0x80, OPCODE = 0x0f, OPCODE_PING = 9, OPCODE_PONG = 10, MAX_HEADER_BYTES = 10 };

/* A payload that was inflated and found right. */
struct verified {
  uint8_t *bytes;
  size_t length;
};

/* One for each message of the period: behind the same window the same bytes mean the same. */
static struct verified *verified;

void deflate_reader_begin(struct deflate_reader *reader, const struct traffic *traffic, uint64_t first) {
  memset(reader, 0, sizeof *reader);
  reader->traffic = traffic;
  reader->next = first % traffic->period;
  reader->prelude_due = traffic->deflate.history_bytes > 0;
  if (verified == NULL) verified = calloc(traffic->period, sizeof *verified);
}

static const uint8_t *message(const struct deflate_reader *reader) {
  return reader->traffic->deflate.ring + reader->next * reader->traffic->payload_bytes;
}

/* The text that comes before the expected message, when all of it was sent. */
static const uint8_t *text_before(const struct deflate_reader *reader, size_t bytes) {
  const struct traffic *traffic = reader->traffic;
  return traffic->deflate.ring + (reader->next + traffic->period) * traffic->payload_bytes - bytes;
}

/* Keeps a window of its own from here on: the text before the expected message, as long as all of it came compressed. */
static void diverge(struct deflate_reader *reader) {
  if (reader->window != NULL) return;
  reader->window_bytes = reader->traffic->deflate.window_bytes;
  reader->window = malloc(reader->window_bytes + reader->traffic->payload_bytes);
  memcpy(reader->window, text_before(reader, reader->window_bytes), reader->window_bytes);
}

/* Has the expected message enter that window. */
static void enter_window(struct deflate_reader *reader) {
  size_t most = reader->traffic->deflate.window_bytes;
  size_t payload_bytes = reader->traffic->payload_bytes;
  if (most == 0) return;
  memcpy(reader->window + reader->window_bytes, message(reader), payload_bytes);
  size_t all = reader->window_bytes + payload_bytes;
  reader->window_bytes = all < most ? all : most;
  memmove(reader->window, reader->window + all - reader->window_bytes, reader->window_bytes);
}

static bool is_reply(struct deflate_reader *reader, const uint8_t *payload, size_t length) {
  size_t payload_bytes = reader->traffic->payload_bytes;
  if (reader->window != NULL) {
    bool right = inflates_to(payload, length, reader->window, reader->window_bytes, message(reader), payload_bytes);
    enter_window(reader);
    return right;
  }
  struct verified *before = &verified[reader->next];
  if (before->bytes != NULL && before->length == length && memcmp(before->bytes, payload, length) == 0) return true;
  size_t window_bytes = reader->traffic->deflate.window_bytes;
  if (!inflates_to(payload, length, text_before(reader, window_bytes), window_bytes, message(reader), payload_bytes)) {
    return false;
  }
  before->bytes = realloc(before->bytes, length > 0 ? length : 1);
  before->length = length;
  memcpy(before->bytes, payload, length);
  return true;
}

static bool is_plain_reply(struct deflate_reader *reader, const uint8_t *payload, size_t length) {
  diverge(reader);
  return length == reader->traffic->payload_bytes && memcmp(payload, message(reader), length) == 0;
}

static bool is_prelude(const struct deflate_reader *reader, const uint8_t *payload, size_t length) {
  size_t bytes = reader->traffic->deflate.history_bytes;
  return inflates_to(payload, length, NULL, 0, text_before(reader, bytes), bytes);
}

/* Returns how many messages that count the frame is: one, but for the prelude and what is not a message. */
static uint32_t take(struct deflate_reader *reader, const uint8_t *header, const uint8_t *payload, size_t length) {
  int opcode = header[0] & OPCODE;
  if (opcode == OPCODE_PING || opcode == OPCODE_PONG) return 0;
  if ((header[0] & ~RSV1) != FIN_TEXT || (header[1] & MASKED) != 0) {
    snprintf(reader->fault, FAULT_TEXT_BYTES, "a frame with header 0x%02x%02x", header[0], header[1]);
    return 0;
  }
  bool compressed = (header[0] & RSV1) != 0;
  if (reader->prelude_due) {
    reader->prelude_due = false;
    if (!compressed || !is_prelude(reader, payload, length)) meter_count_wrong("a prelude that is not the one sent");
    return 0;
  }
  if (!(compressed ? is_reply(reader, payload, length) : is_plain_reply(reader, payload, length))) {
    meter_count_wrong("a %scompressed message that differs from the expected one", compressed ? "" : "not ");
  }
  reader->next = (reader->next + 1) % reader->traffic->period;
  return 1;
}

/* How many bytes the frame has that begins here; 0 when that has not come. */
static size_t frame_bytes(const uint8_t *bytes, size_t length, size_t *header_bytes) {
  if (length < 2) return 0;
  uint32_t size = bytes[1] & 0x7f;
  *header_bytes = size < 126 ? 2 : size == 126 ? 4 : MAX_HEADER_BYTES;
  if (length < *header_bytes) return 0;
  uint64_t payload_bytes = size < 126 ? size : 0;
  for (size_t i = 2; i < *header_bytes; i++) payload_bytes = payload_bytes << 8 | bytes[i];
  return *header_bytes + payload_bytes;
}

/* Takes the whole frames; returns where the first begins that is not. */
static size_t take_frames(struct deflate_reader *reader, const uint8_t *bytes, size_t length, uint32_t *completed) {
  size_t at = 0;
  while (reader->fault[0] == 0) {
    size_t header_bytes = 0;
    size_t whole = frame_bytes(bytes + at, length - at, &header_bytes);
    if (whole == 0 || whole > length - at) break;
    *completed += take(reader, bytes + at, bytes + at + header_bytes, whole - header_bytes);
    at += whole;
  }
  return at;
}

static void keep_rest(struct deflate_reader *reader, const uint8_t *bytes, size_t length) {
  if (reader->rest_bytes + length > reader->rest_size) {
    reader->rest_size = 2 * (reader->rest_bytes + length);
    reader->rest = realloc(reader->rest, reader->rest_size);
  }
  memcpy(reader->rest + reader->rest_bytes, bytes, length);
  reader->rest_bytes += length;
}

uint32_t deflate_reader_read(struct deflate_reader *reader, const uint8_t *bytes, size_t length) {
  uint32_t completed = 0;
  if (reader->rest_bytes == 0) {
    size_t taken = take_frames(reader, bytes, length, &completed);
    keep_rest(reader, bytes + taken, length - taken);
    return completed;
  }
  keep_rest(reader, bytes, length);
  size_t taken = take_frames(reader, reader->rest, reader->rest_bytes, &completed);
  reader->rest_bytes -= taken;
  memmove(reader->rest, reader->rest + taken, reader->rest_bytes);
  return completed;
}
