/*
 * Keeps a WebSocket server busy, verifies every byte that it sends and measures what that costs it: one thread, epoll.
 * stdin says what to do (spec.h); stdout gets one line of JSON (report.h). Ends when stdin ends.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "load.h"
#include "meter.h"
#include "poller.h"
#include "report.h"
#include "tcp.h"

/*
 * Slow workloads need more than their seconds until the server's code has been compiled, and so does a server that gets little of
 * its core; large messages never get so far.
 */
enum { WARM_UP_MESSAGES = 5000, MAX_WARM_UPS = 5 };
/* Opening thousands of connections, beside what has a time of its own. */
enum { SPARE_SECS = 60 };

static const uint64_t NS_PER_SEC = 1000000000u;
static const uint64_t WARM_UP_STEP_NS = 20000000u;

static const struct load *load;

/* Turns until the time has come. */
static void run_until(uint64_t deadline_ns) {
  while (clock_now_ns() < deadline_ns) {
    poller_turn(deadline_ns);
    load->turn();
  }
}

/* CPU time of all processes that are watched. */
static uint64_t watched_ns(const struct spec *spec) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < spec->process_count; i++) sum += process_cpu_read(spec->processes[i].pid).ns;
  return sum;
}

/* Until there were messages enough, and the processes have had half of these seconds for themselves. */
static void warm_up(const struct spec *spec) {
  uint64_t begin_ns = clock_now_ns();
  uint64_t latest_ns = begin_ns + spec->warm_up_ns * MAX_WARM_UPS;
  uint64_t enough_ns = spec->process_count > 0 ? watched_ns(spec) + spec->warm_up_ns / 2 : 0;
  run_until(begin_ns + spec->warm_up_ns);
  while (!meter_has_faults() && clock_now_ns() < latest_ns) {
    if (meter.arrived >= WARM_UP_MESSAGES && watched_ns(spec) >= enough_ns) return;
    run_until(clock_now_ns() + WARM_UP_STEP_NS);
  }
}

static void measure(const struct spec *spec, struct measured *measured) {
  uint64_t begin_ns = clock_now_ns();
  uint64_t own_ns = process_cpu_own_ns();
  for (uint32_t i = 0; i < spec->process_count; i++) measured->before[i] = process_cpu_read(spec->processes[i].pid);
  meter.measuring = true;
  run_until(clock_now_ns() + spec->window_ns);
  meter.measuring = false;
  for (uint32_t i = 0; i < spec->process_count; i++) measured->after[i] = process_cpu_read(spec->processes[i].pid);
  measured->generator_cpu_ns = process_cpu_own_ns() - own_ns;
  measured->ns = clock_now_ns() - begin_ns;
}

/* Waits for what is in flight, unless the run is spoilt already. Returns what has not come. */
static uint64_t drain(uint64_t ns) {
  uint64_t deadline_ns = clock_now_ns() + ns;
  while (load->in_flight() > 0 && !meter_has_faults() && clock_now_ns() < deadline_ns) poller_turn(deadline_ns);
  return load->in_flight();
}

static void parent_ready(struct endpoint *endpoint, uint32_t events) {
  (void)events;
  char ignored[256];
  if (read(endpoint->fd, ignored, sizeof ignored) == 0) exit(1);
}

/* Without the program that asked there is nobody to answer. */
static void watch_parent(void) {
  static struct endpoint parent = {.fd = STDIN_FILENO, .ready = parent_ready};
  fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
  poller_add(&parent, EPOLLIN);
}

static const struct load *load_of(enum workload workload) {
  if (workload == WORKLOAD_FAN_OUT) return &fan_out_load;
  return workload == WORKLOAD_HANDSHAKE ? &handshake_load : &echo_load;
}

int main(void) {
  static struct spec spec;
  static struct measured measured;
  spec_read(&spec);
  // Whatever happens, it does not run for ever.
  alarm((unsigned)((spec.settle_ns + spec.warm_up_ns * MAX_WARM_UPS + spec.window_ns + spec.drain_ns) / NS_PER_SEC) +
        SPARE_SECS);
  load = load_of(spec.workload);
  tcp_raise_file_limit();
  poller_open();
  watch_parent();
  load->open(&spec);
  run_until(clock_now_ns() + spec.settle_ns);
  load->start();
  warm_up(&spec);
  measure(&spec, &measured);
  load->stop();
  report_print(&spec, &measured, drain(spec.drain_ns));
  return 0;
}
