/* DEFLATE as permessage-deflate has it (RFC 7692 7.2.2). */
#ifndef INFLATER_H
#define INFLATER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a compressed payload, behind `window`, becomes exactly what is expected. */
bool inflates_to(const uint8_t *payload, size_t length, const uint8_t *window, size_t window_bytes,
                 const uint8_t *expected, size_t expected_bytes);

#endif
