/* The opening handshake of a client (RFC 6455 4.1). */
#ifndef UPGRADE_H
#define UPGRADE_H

#include <stddef.h>

#include "spec.h"

enum { MAX_HEAD_BYTES = 8192, MAX_REQUEST_BYTES = 512 };

/* Writes the request and returns its length; `offer` is what it offers as extensions, empty for nothing. */
size_t upgrade_encode(char *request, int port, const char *target, const char *key, const char *offer);

/* Length of the answer's head at the start of `bytes`; 0 when its end has not come. */
size_t upgrade_head_bytes(const char *bytes, size_t length);

/* Whether the head is right, and agrees to the extensions of `answer`, empty for none; otherwise `fault`, of at least 200 bytes, says what is wrong. */
bool upgrade_is_right(const char *head, size_t length, const char *accept, const char *answer,
                      char *fault);

#endif
