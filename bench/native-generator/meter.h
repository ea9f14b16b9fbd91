/* What a run counts. */
#ifndef METER_H
#define METER_H

#include <stdbool.h>
#include <stdint.h>

enum { MAX_NOTES = 5, NOTE_BYTES = 256, HISTOGRAM_SLOTS = 64 * 32 };

struct meter {
  /* Messages and latencies count only while this is set; arrivals and faults always. */
  bool measuring;
  uint64_t arrived;
  uint64_t messages;
  /* Latencies in 64 linear steps for each power of two, so a quantile is exact to 1.6 %. Unit: 0.1 us. */
  uint32_t latencies[HISTOGRAM_SLOTS];
  /* Messages that were not as expected. */
  uint64_t wrong;
  /* Connections that failed. */
  uint64_t lost;
  /* What was wrong, each kind once. */
  char notes[MAX_NOTES][NOTE_BYTES];
  uint32_t note_count;
};

extern struct meter meter;

void meter_count_message(uint64_t latency_ns);
/* Take a text as printf does. */
void meter_count_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
void meter_count_lost(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline bool meter_has_faults(void) { return meter.wrong > 0 || meter.lost > 0; }

/* The latency in us below which this share of the messages lies; 0 when there are none. */
double meter_quantile_us(double share);

#endif
