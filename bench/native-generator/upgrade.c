#define _GNU_SOURCE
#include "upgrade.h"

#include <stdio.h>
#include <string.h>

enum { FAULT_BYTES = 200 };

size_t upgrade_encode(char *request, int port, const char *target, const char *key, const char *offer) {
  bool offers = offer[0] != 0;
  return (size_t)snprintf(request, MAX_REQUEST_BYTES,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n%s%s%s\r\n",
                          target, port, key, offers ? "Sec-WebSocket-Extensions: " : "", offer, offers ? "\r\n" : "");
}

size_t upgrade_head_bytes(const char *bytes, size_t length) {
  const char *end = memmem(bytes, length, "\r\n\r\n", 4);
  return end == NULL ? 0 : (size_t)(end - bytes) + 4;
}

/* The value of a field in the head, with its length; NULL when there is none. */
static const char *field(const char *head, size_t length, const char *name, size_t *value_length) {
  size_t name_length = strlen(name);
  const char *end = head + length;
  for (const char *line = head; line < end;) {
    const char *line_end = memmem(line, (size_t)(end - line), "\r\n", 2);
    if (line_end == NULL) return NULL;
    if ((size_t)(line_end - line) > name_length && line[name_length] == ':' && strncasecmp(line, name, name_length) == 0) {
      const char *value = line + name_length + 1;
      while (value < line_end && (*value == ' ' || *value == '\t')) value++;
      *value_length = (size_t)(line_end - value);
      return value;
    }
    line = line_end + 2;
  }
  return NULL;
}

bool upgrade_is_right(const char *head, size_t length, const char *accept, const char *answer,
                      char *fault) {
  size_t value_length = 0;
  if (length < 13 || memcmp(head, "HTTP/1.1 101 ", 13) != 0) {
    size_t line = (size_t)((const char *)memchr(head, '\r', length) - head);
    snprintf(fault, FAULT_BYTES, "the upgrade was answered with \"%.*s\"", (int)(line < 100 ? line : 100), head);
    return false;
  }
  const char *value = field(head, length, "sec-websocket-accept", &value_length);
  if (value == NULL || value_length != strlen(accept) || memcmp(value, accept, value_length) != 0) {
    snprintf(fault, FAULT_BYTES, "the upgrade was answered with a wrong accept value");
    return false;
  }
  value = field(head, length, "sec-websocket-extensions", &value_length);
  if (value == NULL && answer[0] == 0) return true;
  if (value == NULL) snprintf(fault, FAULT_BYTES, "the upgrade was answered without compression");
  else if (answer[0] == 0) snprintf(fault, FAULT_BYTES, "the upgrade was answered with an extension that was not offered");
  else if (value_length == strlen(answer) && memcmp(value, answer, value_length) == 0) return true;
  else snprintf(fault, FAULT_BYTES, "the upgrade was answered with the extension \"%.*s\"", (int)value_length, value);
  return false;
}
