/* A connection of a load that stays: the upgrade, then messages from and to their place in the traffic. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "deflate-reader.h"
#include "poller.h"
#include "reply-reader.h"
#include "spec.h"
#include "upgrade.h"

struct connection;

/* `count` more messages have come. */
typedef void (*connection_received)(struct connection *connection, uint32_t count, uint64_t now_ns);

enum connection_state { CONNECTION_CONNECTING, CONNECTION_OPENING, CONNECTION_OPEN, CONNECTION_ENDED };

struct connection {
  struct endpoint endpoint;
  enum connection_state state;
  const struct spec *spec;
  const struct opening *opening;
  int port;
  const char *target;
  connection_received received;
  uint64_t begun_ns;
  /* The answer to the upgrade as far as it has come; freed with its end. */
  char *head;
  size_t head_bytes;
  struct reply_reader reader;
  /* In its place where messages are compressed. */
  struct deflate_reader deflate_reader;
  /* Number of the message that is on order next, within the period. */
  uint64_t next_request;
  /* Where in the requests what is to be sent next begins, and how much is on order. */
  size_t send_offset;
  size_t to_send;
  /* What goes before all that, as far as it has not been sent. */
  const uint8_t *prelude;
  size_t prelude_left;
  bool waits_to_write;
};

/* Begins to connect; `first` is the number of the first message expected and of the first that is sent. */
void connection_open(struct connection *connection, const struct spec *spec, uint32_t number, int port,
                     const char *target, uint64_t first, connection_received received);

/* Sends the next `count` messages; what the kernel does not take at once follows. */
void connection_send(struct connection *connection, uint32_t count);

/* Counts the connection as lost when its upgrade takes longer than 10 s. */
void connection_check_time(struct connection *connection, uint64_t now_ns);

/* How many there are whose upgrade is neither done nor has failed. */
extern uint32_t connections_opening;

#endif
