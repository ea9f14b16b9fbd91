#ifndef OPEN_CONNECTIONS_H
#define OPEN_CONNECTIONS_H

#include "connection.h"

/* Begins connection number `number`. */
typedef void (*begin_connection)(uint32_t number);

/* Opens many connections, at most 64 at a time; returns when each is open or lost. */
void open_connections(struct connection *connections, uint32_t count, begin_connection begin);

#endif
