#define _GNU_SOURCE
#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "meter.h"
#include "tcp.h"

static const uint64_t OPENING_TIMEOUT_NS = 10000000000u;

uint32_t connections_opening;

static void leave_opening(struct connection *connection, enum connection_state state) {
  if (connection->state == CONNECTION_CONNECTING || connection->state == CONNECTION_OPENING) connections_opening--;
  connection->state = state;
  free(connection->head);
  connection->head = NULL;
}

static void lose(struct connection *connection, const char *what) {
  if (connection->state == CONNECTION_ENDED) return;
  leave_opening(connection, CONNECTION_ENDED);
  close(connection->endpoint.fd);
  meter_count_lost("%s", what);
}

static void lose_by_error(struct connection *connection, const char *call, int error) {
  char what[64];
  snprintf(what, sizeof what, "%s %s", call, strerrorname_np(error));
  lose(connection, what);
}

static void wait_to_write(struct connection *connection, bool wait) {
  if (connection->waits_to_write == wait) return;
  connection->waits_to_write = wait;
  poller_change(&connection->endpoint, wait ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* Returns whether requests can follow. */
static bool flush_prelude(struct connection *connection) {
  while (connection->prelude_left > 0) {
    ssize_t sent = send(connection->endpoint.fd, connection->prelude, connection->prelude_left, MSG_NOSIGNAL | MSG_MORE);
    if (sent < 0 && errno != EAGAIN) lose_by_error(connection, "write", errno);
    else if (sent < 0) wait_to_write(connection, true);
    if (sent < 0) return false;
    connection->prelude += sent;
    connection->prelude_left -= (size_t)sent;
  }
  return true;
}

static void flush(struct connection *connection) {
  const struct traffic *traffic = &connection->spec->traffic;
  const size_t period_bytes = traffic->request_offsets[traffic->period];
  if (!flush_prelude(connection)) return;
  while (connection->to_send > 0) {
    size_t until_end = traffic->requests_size - connection->send_offset;
    size_t size = connection->to_send < until_end ? connection->to_send : until_end;
    ssize_t sent = send(connection->endpoint.fd, traffic->requests + connection->send_offset, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      lose_by_error(connection, "write", errno);
      return;
    }
    if (sent < 0) break;
    connection->to_send -= (size_t)sent;
    connection->send_offset = (connection->send_offset + (size_t)sent) % period_bytes;
    if ((size_t)sent < size) break;
  }
  wait_to_write(connection, connection->to_send > 0);
}

void connection_send(struct connection *connection, uint32_t count) {
  if (connection->state != CONNECTION_OPEN) return;
  const struct traffic *traffic = &connection->spec->traffic;
  const uint32_t *offsets = traffic->request_offsets + connection->next_request;
  connection->to_send += offsets[count] - offsets[0];
  connection->next_request = (connection->next_request + count) % traffic->period;
  flush(connection);
}

static void request_upgrade(struct connection *connection) {
  int error = tcp_connect_error(connection->endpoint.fd);
  if (error != 0) {
    lose_by_error(connection, "connect", error);
    return;
  }
  poller_change(&connection->endpoint, EPOLLIN);
  if (!connection->spec->websocket) {
    leave_opening(connection, CONNECTION_OPEN);
    return;
  }
  connection->state = CONNECTION_OPENING;
  connection->head = malloc(MAX_HEAD_BYTES);
  char request[MAX_REQUEST_BYTES];
  const char *offer = connection->spec->traffic.deflate.offer;
  size_t length = upgrade_encode(request, connection->port, connection->target, connection->opening->key, offer);
  // A fresh socket takes so little in one piece.
  if (send(connection->endpoint.fd, request, length, MSG_NOSIGNAL) != (ssize_t)length) lose(connection, "write");
}

/* Returns how many bytes of the chunk belong to the answer's head. */
static size_t take_head(struct connection *connection, size_t length) {
  size_t before = connection->head_bytes;
  size_t taken = length < MAX_HEAD_BYTES - before ? length : MAX_HEAD_BYTES - before;
  memcpy(connection->head + before, chunk, taken);
  connection->head_bytes += taken;
  size_t head_bytes = upgrade_head_bytes(connection->head, connection->head_bytes);
  if (head_bytes == 0) {
    if (connection->head_bytes == MAX_HEAD_BYTES) lose(connection, "an answer to the upgrade without end");
    return length;
  }
  char fault[256];
  if (upgrade_is_right(connection->head, head_bytes, connection->opening->accept,
                       connection->spec->traffic.deflate.answer, fault)) {
    leave_opening(connection, CONNECTION_OPEN);
  } else {
    lose(connection, fault);
  }
  return head_bytes - before;
}

static void read_chunk(struct connection *connection) {
  ssize_t result = recv(connection->endpoint.fd, chunk, CHUNK_BYTES, 0);
  if (result < 0 && errno == EAGAIN) return;
  if (result < 0) {
    lose_by_error(connection, "read", errno);
    return;
  }
  if (result == 0) {
    lose(connection, "the server closed the connection");
    return;
  }
  size_t length = (size_t)result;
  size_t at = connection->state == CONNECTION_OPENING ? take_head(connection, length) : 0;
  if (connection->state != CONNECTION_OPEN || at == length) return;
  bool is_compressed = traffic_is_compressed(&connection->spec->traffic);
  uint32_t count = is_compressed ? deflate_reader_read(&connection->deflate_reader, chunk + at, length - at)
                                 : reply_reader_read(&connection->reader, chunk + at, length - at);
  const char *fault = is_compressed ? connection->deflate_reader.fault : connection->reader.fault;
  if (count > 0) connection->received(connection, count, clock_now_ns());
  if (fault[0] != 0) lose(connection, fault);
}

static void ready(struct endpoint *endpoint, uint32_t events) {
  struct connection *connection = (struct connection *)endpoint;
  if (connection->state == CONNECTION_CONNECTING) {
    request_upgrade(connection);
    return;
  }
  if ((events & EPOLLOUT) != 0) flush(connection);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && connection->state != CONNECTION_ENDED) read_chunk(connection);
}

static void begin_traffic(struct connection *connection, uint64_t first) {
  const struct traffic *traffic = &connection->spec->traffic;
  connection->next_request = first % traffic->period;
  connection->send_offset = traffic->request_offsets[connection->next_request];
  if (!traffic_is_compressed(traffic)) {
    reply_reader_begin(&connection->reader, traffic, first);
    return;
  }
  const struct deflate_traffic *deflate = &traffic->deflate;
  deflate_reader_begin(&connection->deflate_reader, traffic, first);
  if (deflate->prelude_count == 0) return;
  const uint32_t *offsets = deflate->prelude_offsets + connection->next_request % deflate->prelude_count;
  connection->prelude = deflate->preludes + offsets[0];
  connection->prelude_left = offsets[1] - offsets[0];
}

void connection_open(struct connection *connection, const struct spec *spec, uint32_t number, int port,
                     const char *target, uint64_t first, connection_received received) {
  memset(connection, 0, sizeof *connection);
  connection->spec = spec;
  connection->opening = &spec->openings[spec->opening_count > 0 ? number % spec->opening_count : 0];
  connection->port = port;
  connection->target = target;
  connection->received = received;
  connection->begun_ns = clock_now_ns();
  begin_traffic(connection, first);
  int fd = tcp_connect(port);
  if (fd < 0) {
    connection->state = CONNECTION_ENDED;
    meter_count_lost("connect %s", strerrorname_np(errno));
    return;
  }
  connection->endpoint = (struct endpoint){.fd = fd, .ready = ready};
  connection->state = CONNECTION_CONNECTING;
  connections_opening++;
  poller_add(&connection->endpoint, EPOLLIN | EPOLLOUT);
}

void connection_check_time(struct connection *connection, uint64_t now_ns) {
  bool opening = connection->state == CONNECTION_CONNECTING || connection->state == CONNECTION_OPENING;
  if (opening && now_ns - connection->begun_ns > OPENING_TIMEOUT_NS) lose(connection, "no answer to the upgrade");
}
