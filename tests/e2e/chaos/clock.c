// Another clock for a program, by LD_PRELOAD: that of the system, and CLOCK_AHEAD seconds more. What only ever counts on
// (CLOCK_MONOTONIC) stays as it is.
//
// libfaketime does the same for most programs, but workerd hangs in it before it has begun. So this looks nothing up and allocates
// nothing.

#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long ahead(void) {
  const char *seconds = getenv("CLOCK_AHEAD");
  return seconds ? atol(seconds) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  long failed = syscall(SYS_clock_gettime, clock, now);
  int real = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (!failed && real) now->tv_sec += ahead();
  return (int)failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec at;
  if (clock_gettime(CLOCK_REALTIME, &at)) return -1;
  now->tv_sec = at.tv_sec;
  now->tv_usec = at.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *now) {
  struct timespec at;
  if (clock_gettime(CLOCK_REALTIME, &at)) return -1;
  if (now) *now = at.tv_sec;
  return at.tv_sec;
}
