/*
 * Slots that connect, upgrade, send a Close frame, wait for the server's and for the end of the connection, which the
 * server has to bring about (RFC 6455 7.1.1), and begin again. Latency is that of all of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "load.h"
#include "meter.h"
#include "poller.h"
#include "tcp.h"
#include "upgrade.h"

/* Close frames with code 1000: ours masked with zeros, which is a masking-key like any other, and the server's (5.5.1). */
static const uint8_t CLOSE[] = {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8};
static const uint8_t CLOSE_REPLY[] = {0x88, 0x02, 0x03, 0xe8};

enum slot_state { SLOT_FREE, SLOT_CONNECTING, SLOT_OPENING, SLOT_CLOSING };

struct slot {
  struct endpoint endpoint;
  enum slot_state state;
  const struct opening *opening;
  uint64_t begun_ns;
  /* The answer to the upgrade, and from there on what follows it. */
  char received[MAX_HEAD_BYTES];
  size_t received_bytes;
};

static const struct spec *spec;
static struct slot *slots;
static uint32_t next_opening;
static bool stopped;

/* Gives the slot up: what fails once fails thousands of times a second. */
static void fail(struct slot *slot, const char *what) {
  close(slot->endpoint.fd);
  slot->state = SLOT_FREE;
  meter_count_lost("%s", what);
}

static void fail_by_error(struct slot *slot, const char *call, int error) {
  char what[64];
  snprintf(what, sizeof what, "%s %s", call, strerrorname_np(error));
  fail(slot, what);
}

/* Fresh sockets and those that wait for an answer take what is sent here in one piece. */
static void send_all(struct slot *slot, const void *bytes, size_t length) {
  ssize_t sent = send(slot->endpoint.fd, bytes, length, MSG_NOSIGNAL);
  if (sent < 0) fail_by_error(slot, "write", errno);
  else if ((size_t)sent < length) fail(slot, "write");
}

static void ready(struct endpoint *endpoint, uint32_t events);

static void begin(struct slot *slot) {
  slot->opening = &spec->openings[next_opening++ % spec->opening_count];
  slot->received_bytes = 0;
  slot->begun_ns = clock_now_ns();
  int fd = tcp_connect(spec->connect_port);
  if (fd < 0) {
    meter_count_lost("connect %s", strerrorname_np(errno));
    return;
  }
  slot->endpoint = (struct endpoint){.fd = fd, .ready = ready};
  slot->state = SLOT_CONNECTING;
  poller_add(&slot->endpoint, EPOLLOUT);
}

static void request_upgrade(struct slot *slot) {
  int error = tcp_connect_error(slot->endpoint.fd);
  if (error != 0) {
    fail_by_error(slot, "connect", error);
    return;
  }
  char request[MAX_REQUEST_BYTES];
  size_t length = upgrade_encode(request, spec->connect_port, "/echo", slot->opening->key, "");
  slot->state = SLOT_OPENING;
  poller_change(&slot->endpoint, EPOLLIN);
  send_all(slot, request, length);
}

static void read_answer(struct slot *slot) {
  char fault[256];
  size_t head_bytes = upgrade_head_bytes(slot->received, slot->received_bytes);
  if (head_bytes == 0) return;
  if (!upgrade_is_right(slot->received, head_bytes, slot->opening->accept, "", fault)) {
    fail(slot, fault);
    return;
  }
  slot->received_bytes -= head_bytes;
  memmove(slot->received, slot->received + head_bytes, slot->received_bytes);
  slot->state = SLOT_CLOSING;
  send_all(slot, CLOSE, sizeof CLOSE);
}

/* The server has ended the connection. */
static void end(struct slot *slot) {
  if (slot->state == SLOT_OPENING) {
    fail(slot, "the connection ended before the upgrade was answered");
    return;
  }
  close(slot->endpoint.fd);
  slot->state = SLOT_FREE;
  if (slot->received_bytes != sizeof CLOSE_REPLY || memcmp(slot->received, CLOSE_REPLY, sizeof CLOSE_REPLY) != 0) {
    char hex[64] = "";
    for (size_t i = 0; i < slot->received_bytes && i < 31; i++) {
      snprintf(hex + 2 * i, 3, "%02x", (uint8_t)slot->received[i]);
    }
    meter_count_wrong("the Close frame was answered with %s", hex);
  }
  meter_count_message(clock_now_ns() - slot->begun_ns);
  if (!stopped) begin(slot);
}

static void ready(struct endpoint *endpoint, uint32_t events) {
  (void)events;
  struct slot *slot = (struct slot *)endpoint;
  if (slot->state == SLOT_CONNECTING) {
    request_upgrade(slot);
    return;
  }
  size_t room = sizeof slot->received - slot->received_bytes;
  if (room == 0) {
    fail(slot, "an answer without end");
    return;
  }
  ssize_t length = recv(slot->endpoint.fd, slot->received + slot->received_bytes, room, 0);
  if (length < 0 && errno == EAGAIN) return;
  if (length < 0) {
    fail_by_error(slot, "read", errno);
    return;
  }
  if (length == 0) {
    end(slot);
    return;
  }
  slot->received_bytes += (size_t)length;
  if (slot->state == SLOT_OPENING) read_answer(slot);
}

static void open(const struct spec *asked) {
  spec = asked;
  slots = calloc(spec->connections, sizeof *slots);
}

static void start(void) {
  for (uint32_t i = 0; i < spec->connections; i++) begin(&slots[i]);
}

static void turn(void) {}

static void stop(void) { stopped = true; }

static uint64_t in_flight(void) {
  uint64_t busy = 0;
  for (uint32_t i = 0; i < spec->connections; i++) busy += slots[i].state != SLOT_FREE;
  return busy;
}

const struct load handshake_load = {open, start, turn, stop, in_flight};
