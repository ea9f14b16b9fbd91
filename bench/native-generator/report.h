/* What a run gave, as one line of JSON: TrafficReport of ../generator/load-spec.ts. */
#ifndef REPORT_H
#define REPORT_H

#include "process-cpu.h"
#include "spec.h"

/* What was measured between two moments. */
struct measured {
  uint64_t ns;
  uint64_t generator_cpu_ns;
  struct process_cpu before[MAX_PROCESSES];
  struct process_cpu after[MAX_PROCESSES];
};

/* Prints it; `missing` messages had not come when the run was over. */
void report_print(const struct spec *spec, const struct measured *measured, uint64_t missing);

#endif
