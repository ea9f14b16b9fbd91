/*
 * Subscribers on /sub and one publisher on /pub. `depth` publications are in flight: another goes out for every
 * `connections` messages that came in. Latency is from publishing to each arrival.
 */
#include <stdlib.h>

#include "clock.h"
#include "connection.h"
#include "load.h"
#include "meter.h"
#include "open-connections.h"

/* Publications between the quickest and the slowest subscriber; far more than a server can be asked to hold. */
enum { TIMES = 65536 };

static const struct spec *spec;
/* The subscribers, and behind them the publisher. */
static struct connection *connections;
static uint64_t *received_by;
static uint64_t published_at_ns[TIMES];
static uint64_t published;
static uint64_t arrived;
static bool stopped;

static void received(struct connection *connection, uint32_t count, uint64_t now_ns) {
  uint64_t *number = &received_by[connection - connections];
  if (*number + count > published) {
    meter_count_wrong("more messages than were published");
    return;
  }
  for (uint32_t i = 0; i < count; i++) meter_count_message(now_ns - published_at_ns[(*number)++ % TIMES]);
  arrived += count;
}

static void received_by_publisher(struct connection *connection, uint32_t count, uint64_t now_ns) {
  (void)connection, (void)count, (void)now_ns;
  meter_count_wrong("a message to the publisher");
}

static void begin(uint32_t number) {
  bool publishes = number == spec->connections;
  connection_open(&connections[number], spec, number, publishes ? spec->publish_port : spec->connect_port,
                  publishes ? "/pub" : "/sub", 0, publishes ? received_by_publisher : received);
}

static void open(const struct spec *asked) {
  spec = asked;
  connections = calloc(spec->connections + 1, sizeof *connections);
  received_by = calloc(spec->connections, sizeof *received_by);
  open_connections(connections, spec->connections + 1, begin);
}

static uint64_t in_flight(void) { return published * spec->connections - arrived; }

/* Publications that are due together leave together: after all that is readable now has been read. */
static void turn(void) {
  uint64_t flying = (in_flight() + spec->connections - 1) / spec->connections;
  if (stopped || flying >= spec->depth) return;
  uint32_t due = (uint32_t)(spec->depth - flying);
  uint64_t now_ns = clock_now_ns();
  for (uint32_t i = 0; i < due; i++) published_at_ns[published++ % TIMES] = now_ns;
  connection_send(&connections[spec->connections], due);
}

static void stop(void) { stopped = true; }

const struct load fan_out_load = {open, turn, turn, stop, in_flight};
