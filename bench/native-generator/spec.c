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
  const struct {
    const char *name;
    size_t *size;
  } sizes[] = {
      {"payload-bytes", &traffic->payload_bytes}, {"request-bytes", &traffic->request_bytes},
      {"reply-bytes", &traffic->reply_bytes},     {"requests", &traffic->requests_size},
      {"replies", &traffic->replies_size},
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
  else if (strcmp(name, "opening") == 0) parse_opening(spec, values);
  else if (strcmp(name, "process") == 0) parse_process(spec, values);
  else refuse("an unknown name in what is asked for");
}

static uint8_t *read_bytes(size_t size) {
  uint8_t *bytes = malloc(size > 0 ? size : 1);
  if (bytes == NULL || fread(bytes, 1, size, stdin) != size) refuse("stdin ended early");
  return bytes;
}

static void check(const struct spec *spec) {
  if (spec->connections == 0 || spec->connect_port == 0) refuse("nothing to connect to");
  if (spec->websocket && spec->opening_count == 0) refuse("no key for upgrades");
  if (spec->workload == WORKLOAD_HANDSHAKE) return;
  const struct traffic *traffic = &spec->traffic;
  if (traffic->period == 0 || spec->depth == 0 || traffic->reply_bytes < traffic->payload_bytes) refuse("no messages");
  if (traffic->requests_size < (traffic->period + spec->depth) * traffic->request_bytes) refuse("too few requests");
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
  spec->traffic.requests = read_bytes(spec->traffic.requests_size);
  spec->traffic.replies = read_bytes(spec->traffic.replies_size);
  check(spec);
}
