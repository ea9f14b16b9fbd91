#include "meter.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STEPS = 64 };

struct meter meter;

void meter_count_message(uint64_t latency_ns) {
  meter.arrived++;
  if (!meter.measuring) return;
  meter.messages++;
  uint64_t units = latency_ns / 100;
  if (units > 0x7fffffff) units = 0x7fffffff;
  uint32_t doublings = units < STEPS ? 0 : 26 - (uint32_t)__builtin_clz((uint32_t)units);
  meter.latencies[doublings * STEPS + (doublings == 0 ? units : (units >> (doublings - 1)) - STEPS)]++;
}

double meter_quantile_us(double share) {
  int64_t left = (int64_t)(share * (double)meter.messages);
  for (uint32_t slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
    left -= meter.latencies[slot];
    if (left >= 0) continue;
    uint32_t doublings = slot / STEPS;
    uint64_t units = doublings == 0 ? slot : (uint64_t)(STEPS + slot % STEPS) << (doublings - 1);
    return (double)units / 10;
  }
  return 0;
}

static void note(const char *kind, const char *format, va_list values) {
  char text[NOTE_BYTES];
  int length = snprintf(text, sizeof text, "%s: ", kind);
  vsnprintf(text + length, sizeof text - (size_t)length, format, values);
  if (meter.note_count == MAX_NOTES) return;
  for (uint32_t i = 0; i < meter.note_count; i++) {
    if (strcmp(meter.notes[i], text) == 0) return;
  }
  strcpy(meter.notes[meter.note_count++], text);
}

void meter_count_wrong(const char *format, ...) {
  va_list values;
  va_start(values, format);
  note("wrong", format, values);
  va_end(values);
  meter.wrong++;
}

void meter_count_lost(const char *format, ...) {
  va_list values;
  va_start(values, format);
  note("lost", format, values);
  va_end(values);
  meter.lost++;
}
