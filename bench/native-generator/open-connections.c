#include "open-connections.h"

#include "clock.h"

enum { AT_ONCE = 64 };

static const uint64_t CHECK_NS = 50000000;

void open_connections(struct connection *connections, uint32_t count, begin_connection begin) {
  uint32_t begun = 0;
  while (begun < count || connections_opening > 0) {
    while (begun < count && connections_opening < AT_ONCE) begin(begun++);
    uint64_t now_ns = clock_now_ns();
    for (uint32_t i = 0; i < begun; i++) connection_check_time(&connections[i], now_ns);
    poller_turn(now_ns + CHECK_NS);
  }
}
