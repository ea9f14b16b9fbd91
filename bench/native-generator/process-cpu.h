/* CPU time of processes, all threads, kernel included (Linux: /proc). */
#ifndef PROCESS_CPU_H
#define PROCESS_CPU_H

#include <stdint.h>

struct process_cpu {
  /* User and kernel time, exact (the scheduler's own statistics). */
  uint64_t ns;
  /* The same split by clock ticks: coarse, so good for shares of a second or more. */
  uint64_t user_ticks;
  uint64_t kernel_ticks;
};

/* Zeros when the process is gone: its connections count as lost. */
struct process_cpu process_cpu_read(int pid);

/* That of this process. */
uint64_t process_cpu_own_ns(void);

#endif
