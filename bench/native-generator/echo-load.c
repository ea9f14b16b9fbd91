/* Connections to /echo that keep `depth` messages in flight each. Latency is that of the round trip. */
#include <stdlib.h>

#include "clock.h"
#include "connection.h"
#include "load.h"
#include "meter.h"
#include "open-connections.h"

struct lane {
  uint64_t sent;
  uint64_t received;
  /* When the last `depth` messages were sent. */
  uint64_t *sent_at_ns;
};

static const struct spec *spec;
static struct connection *connections;
static struct lane *lanes;
static bool stopped;

static void send_messages(uint32_t number, uint32_t count, uint64_t now_ns) {
  struct lane *lane = &lanes[number];
  for (uint32_t i = 0; i < count; i++) lane->sent_at_ns[lane->sent++ % spec->depth] = now_ns;
  connection_send(&connections[number], count);
}

static void received(struct connection *connection, uint32_t count, uint64_t now_ns) {
  uint32_t number = (uint32_t)(connection - connections);
  struct lane *lane = &lanes[number];
  if (count > lane->sent - lane->received) {
    meter_count_wrong("more messages than were sent");
    return;
  }
  for (uint32_t i = 0; i < count; i++) meter_count_message(now_ns - lane->sent_at_ns[lane->received++ % spec->depth]);
  if (!stopped) send_messages(number, count, now_ns);
}

static void begin(uint32_t number) {
  connection_open(&connections[number], spec, number, spec->connect_port, "/echo", number, received);
}

static void open(const struct spec *asked) {
  spec = asked;
  connections = calloc(spec->connections, sizeof *connections);
  lanes = calloc(spec->connections, sizeof *lanes);
  for (uint32_t i = 0; i < spec->connections; i++) lanes[i].sent_at_ns = calloc(spec->depth, sizeof(uint64_t));
  open_connections(connections, spec->connections, begin);
}

static void start(void) {
  for (uint32_t i = 0; i < spec->connections; i++) send_messages(i, spec->depth, clock_now_ns());
}

static void turn(void) {}

static void stop(void) { stopped = true; }

static uint64_t in_flight(void) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < spec->connections; i++) sum += lanes[i].sent - lanes[i].received;
  return sum;
}

const struct load echo_load = {open, start, turn, stop, in_flight};
