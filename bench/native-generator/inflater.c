#include "inflater.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* The end of every compressed message, which is not sent (RFC 7692 7.2.1). */
static const uint8_t TAIL[] = {0x00, 0x00, 0xff, 0xff};

static z_stream stream;
static bool is_ready;
static uint8_t *space;
static size_t space_size;

/* One stream and one space for all: a message is done with before the next. */
static bool make_ready(size_t bytes) {
  if (bytes > space_size) {
    space_size = bytes;
    space = realloc(space, bytes);
  }
  if (is_ready) return inflateReset(&stream) == Z_OK;
  is_ready = inflateInit2(&stream, -MAX_WBITS) == Z_OK;
  return is_ready;
}

/* Whether the stream takes all of it. */
static bool feed(const uint8_t *bytes, size_t length) {
  stream.next_in = (Bytef *)bytes;
  stream.avail_in = (uInt)length;
  int result = inflate(&stream, Z_SYNC_FLUSH);
  // What follows a block that says it is the last is padding (RFC 7692 7.2.3.4).
  return result == Z_STREAM_END || ((result == Z_OK || result == Z_BUF_ERROR) && stream.avail_in == 0);
}

bool inflates_to(const uint8_t *payload, size_t length, const uint8_t *window, size_t window_bytes,
                 const uint8_t *expected, size_t expected_bytes) {
  // One byte more than is expected, to see whether there is more.
  if (!make_ready(expected_bytes + 1)) return false;
  if (window_bytes > 0 && inflateSetDictionary(&stream, window, (uInt)window_bytes) != Z_OK) return false;
  stream.next_out = space;
  stream.avail_out = (uInt)(expected_bytes + 1);
  if (!feed(payload, length) || !feed(TAIL, sizeof TAIL)) return false;
  return stream.total_out == expected_bytes && memcmp(space, expected, expected_bytes) == 0;
}
