#include "spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcp.h"

static void refuse(const char *what) {
  fprintf(stderr, "load generator: %s\n", what);
  exit(2);
}

static uint64_t microseconds(const char *text) { return strtoull(text, NULL, 10) * 1000; }

static enum workload parse_workload(const char *name) {
  if (strcmp(name, "echo") == 0) return WORKLOAD_ECHO;
  if (strcmp(name, "fan-out") == 0) return WORKLOAD_FAN_OUT;
  if (strcmp(name, "handshake") == 0) return WORKLOAD_HANDSHAKE;
  refuse("an unknown workload");
  return WORKLOAD_ECHO;
}

static void parse_opening(struct spec *spec, const char *values) {
  if (spec->opening_count == MAX_OPENINGS) refuse("too many keys");
  struct opening *opening = &spec->openings[spec->opening_count++];
  if (sscanf(values, "%31s %31s", opening->key, opening->accept) != 2) refuse("a key without its accept value");
}

static void parse_process(struct spec *spec, const char *values) {
  if (spec->process_count == MAX_PROCESSES) refuse("too many processes");
  struct process *process = &spec->processes[spec->process_count++];
  if (sscanf(values, "%d %31s %31s", &process->pid, process->role, process->name) != 3) refuse("a process without name");
}

static void parse_line(struct spec *spec, const char *name, const char *values) {
  struct traffic *traffic = &spec->traffic;
  struct deflate_traffic *deflate = &traffic->deflate;
  const struct {
    const char *name;
    size_t *size;
  } sizes[] = {
      {"payload-bytes", &traffic->payload_bytes},
      {"reply-bytes", &traffic->reply_bytes},
      {"requests", &traffic->requests_size},
      {"request-offsets", &traffic->request_offsets_size},
      {"replies", &traffic->replies_size},
      {"ring", &deflate->ring_size},
      {"window-bytes", &deflate->window_bytes},
      {"history-bytes", &deflate->history_bytes},
      {"preludes", &deflate->preludes_size},
      {"prelude-offsets", &deflate->prelude_offsets_size},
  };
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    if (strcmp(name, sizes[i].name) != 0) continue;
    *sizes[i].size = strtoull(values, NULL, 10);
    return;
  }
  if (strcmp(name, "workload") == 0) spec->workload = parse_workload(values);
  else if (strcmp(name, "protocol") == 0) spec->websocket = strcmp(values, "websocket") == 0;
  else if (strcmp(name, "connect-port") == 0) spec->connect_port = atoi(values);
  else if (strcmp(name, "publish-port") == 0) spec->publish_port = atoi(values);
  else if (strcmp(name, "connections") == 0) spec->connections = (uint32_t)atoi(values);
  else if (strcmp(name, "depth") == 0) spec->depth = (uint32_t)atoi(values);
  else if (strcmp(name, "settle-us") == 0) spec->settle_ns = microseconds(values);
  else if (strcmp(name, "warm-up-us") == 0) spec->warm_up_ns = microseconds(values);
  else if (strcmp(name, "window-us") == 0) spec->window_ns = microseconds(values);
  else if (strcmp(name, "drain-us") == 0) spec->drain_ns = microseconds(values);
  else if (strcmp(name, "period") == 0) traffic->period = strtoull(values, NULL, 10);
  else if (strcmp(name, "opcode") == 0) traffic->opcode = atoi(values);
  else if (strcmp(name, "framing") == 0) traffic->exact = strcmp(values, "exact") == 0;
  else if (strcmp(name, "offer") == 0) snprintf(deflate->offer, EXTENSION_BYTES, "%s", values);
  else if (strcmp(name, "answer") == 0) snprintf(deflate->answer, EXTENSION_BYTES, "%s", values);
  else if (strcmp(name, "opening") == 0) parse_opening(spec, values);
  else if (strcmp(name, "process") == 0) parse_process(spec, values);
  else refuse("an unknown name in what is asked for");
}

static uint8_t *read_bytes(size_t size) {
  uint8_t *bytes = malloc(size > 0 ? size : 1);
  if (bytes == NULL || fread(bytes, 1, size, stdin) != size) refuse("stdin ended early");
  return bytes;
}

/* Numbers of 32 bits as this machine has them. */
static uint32_t *read_offsets(size_t size) { return (uint32_t *)(void *)read_bytes(size); }

/* Whether offsets, `count` and one for the end, are of what is in `size` bytes. */
static bool are_offsets(const uint32_t *offsets, size_t offsets_size, uint64_t count, size_t size) {
  if (offsets_size != (count + 1) * sizeof *offsets || offsets[0] != 0 || offsets[count] > size) return false;
  for (uint64_t i = 0; i < count; i++) {
    if (offsets[i] > offsets[i + 1]) return false;
  }
  return true;
}

static void check_deflate(const struct traffic *traffic) {
  const struct deflate_traffic *deflate = &traffic->deflate;
  size_t once = traffic->period * traffic->payload_bytes;
  if (deflate->ring_size != 2 * once) refuse("the text of messages is not that of all of them, twice");
  if (deflate->window_bytes > once || deflate->history_bytes > once) refuse("less text than a window");
  if (deflate->history_bytes > 0 && deflate->prelude_count == 0) refuse("no preludes");
  if (!are_offsets(deflate->prelude_offsets, deflate->prelude_offsets_size, deflate->prelude_count, deflate->preludes_size)) {
    refuse("preludes that are not where they should be");
  }
}

static void check(const struct spec *spec) {
  if (spec->connections == 0 || spec->connect_port == 0) refuse("nothing to connect to");
  if (spec->websocket && spec->opening_count == 0) refuse("no key for upgrades");
  if (spec->workload == WORKLOAD_HANDSHAKE) return;
  const struct traffic *traffic = &spec->traffic;
  if (traffic->period == 0 || spec->depth == 0) refuse("no messages");
  uint64_t requests = traffic->period + spec->depth;
  if (!are_offsets(traffic->request_offsets, traffic->request_offsets_size, requests, traffic->requests_size)) {
    refuse("requests that are not where they should be");
  }
  if (traffic_is_compressed(traffic)) {
    check_deflate(traffic);
    return;
  }
  if (traffic->reply_bytes < traffic->payload_bytes) refuse("no replies");
  if (traffic->replies_size < traffic->period * traffic->reply_bytes + CHUNK_BYTES) refuse("too few replies");
}

void spec_read(struct spec *spec) {
  char line[256];
  memset(spec, 0, sizeof *spec);
  for (;;) {
    if (fgets(line, sizeof line, stdin) == NULL) refuse("stdin ended early");
    size_t length = strcspn(line, "\n");
    if (line[length] != '\n') refuse("a line too long");
    line[length] = 0;
    if (length == 0) break;
    char *values = strchr(line, ' ');
    if (values == NULL) refuse("a name without a value");
    *values++ = 0;
    parse_line(spec, line, values);
  }
  struct traffic *traffic = &spec->traffic;
  traffic->requests = read_bytes(traffic->requests_size);
  traffic->request_offsets = read_offsets(traffic->request_offsets_size);
  traffic->replies = read_bytes(traffic->replies_size);
  struct deflate_traffic *deflate = &traffic->deflate;
  deflate->ring = read_bytes(deflate->ring_size);
  deflate->preludes = read_bytes(deflate->preludes_size);
  deflate->prelude_offsets = read_offsets(deflate->prelude_offsets_size);
  if (deflate->prelude_offsets_size > 0) deflate->prelude_count = deflate->prelude_offsets_size / sizeof(uint32_t) - 1;
  check(spec);
}
