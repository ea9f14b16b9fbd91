#include "process-cpu.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Fields of /proc/PID/stat behind the name in parentheses, counted from 0 (proc(5): 14 and 15 of all). */
enum { USER_FIELD = 11, KERNEL_FIELD = 12 };

/* Whether the file could be read, as a string. */
static int read_file(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, size - 1);
  close(fd);
  if (length <= 0) return 0;
  text[length] = 0;
  return 1;
}

static uint64_t threads_ns(int pid) {
  char path[320];
  char text[128];
  uint64_t sum = 0;
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *threads = opendir(path);
  if (threads == NULL) return 0;
  for (struct dirent *thread; (thread = readdir(threads)) != NULL;) {
    if (thread->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%.32s/schedstat", pid, thread->d_name);
    if (read_file(path, text, sizeof text)) sum += strtoull(text, NULL, 10);
  }
  closedir(threads);
  return sum;
}

struct process_cpu process_cpu_read(int pid) {
  struct process_cpu cpu = {.ns = threads_ns(pid)};
  char path[64];
  char text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (!read_file(path, text, sizeof text)) return cpu;
  char *at = strrchr(text, ')');
  for (int field = -1; at != NULL; field++, at = strchr(at + 1, ' ')) {
    if (field == USER_FIELD) cpu.user_ticks = strtoull(at, NULL, 10);
    if (field == KERNEL_FIELD) cpu.kernel_ticks = strtoull(at, NULL, 10);
  }
  return cpu;
}

uint64_t process_cpu_own_ns(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  uint64_t us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
                (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  return us * 1000;
}
