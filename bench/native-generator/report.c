#include "report.h"

#include <stdio.h>

#include "meter.h"

static void print_string(const char *text) {
  putchar('"');
  for (const char *at = text; *at != 0; at++) {
    uint8_t byte = (uint8_t)*at;
    if (byte == '"' || byte == '\\') printf("\\%c", byte);
    // Of what a server sent, only ASCII is sure to be text.
    else if (byte < 0x20 || byte > 0x7e) printf("\\u%04x", byte);
    else putchar(byte);
  }
  putchar('"');
}

static void print_process(const struct process *process, struct process_cpu before, struct process_cpu after) {
  uint64_t user = after.user_ticks - before.user_ticks;
  uint64_t all = user + after.kernel_ticks - before.kernel_ticks;
  printf("{\"name\":");
  print_string(process->name);
  printf(",\"role\":");
  print_string(process->role);
  printf(",\"cpuUs\":%.3f,\"userShare\":%.6f}", ((double)after.ns - (double)before.ns) / 1000,
         all > 0 ? (double)user / (double)all : 0.0);
}

void report_print(const struct spec *spec, const struct measured *measured, uint64_t missing) {
  printf("{\"kind\":\"traffic\",\"generator\":\"c\",\"secs\":%.6f,\"messages\":%llu,\"processes\":[",
         (double)measured->ns / 1e9, (unsigned long long)meter.messages);
  for (uint32_t i = 0; i < spec->process_count; i++) {
    if (i > 0) putchar(',');
    print_process(&spec->processes[i], measured->before[i], measured->after[i]);
  }
  printf("],\"generatorCpuUs\":%.3f,\"p50Us\":%.1f,\"p99Us\":%.1f", (double)measured->generator_cpu_ns / 1000,
         meter_quantile_us(0.5), meter_quantile_us(0.99));
  printf(",\"faults\":{\"wrong\":%llu,\"lost\":%llu,\"missing\":%llu,\"notes\":[", (unsigned long long)meter.wrong,
         (unsigned long long)meter.lost, (unsigned long long)(meter_has_faults() ? 0 : missing));
  for (uint32_t i = 0; i < meter.note_count; i++) {
    if (i > 0) putchar(',');
    print_string(meter.notes[i]);
  }
  printf("]}}\n");
}
