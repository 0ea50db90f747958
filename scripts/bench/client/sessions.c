// Many sessions: one loop over all of them, as a thread each would cost more than what is measured.

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "modes.h"
#include "wire.h"

enum { AT_ONCE_WHEN_IDLE = 32, EVENTS = 64, PROBE_PAUSE = 200, MOST_PATIENCE = 600 };

// What a session has got so far.
enum Stage { GREETING, NAME, PASSWORD, FAREWELL };

typedef struct {
  int fd;
  enum Stage stage;
} Visit;

static int poller;

static void say(Visit *visit, const char *verb, const char *argument) {
  char line[256];
  write_all(visit->fd, line, snprintf(line, sizeof line, "%s%s\r\n", verb, argument));
}

static void begin(Visit *visit) {
  visit->fd = connect_to(server_port);
  visit->stage = GREETING;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = visit};
  epoll_ctl(poller, EPOLL_CTL_ADD, visit->fd, &event);
}

// Takes one reply. Returns whether the visit is where it should go: logged in, or at its end.
static int advance(Visit *visit, int leave) {
  char reply[1024] = {0};
  ssize_t got = read(visit->fd, reply, sizeof reply - 1);
  errno = 0;
  if (got <= 0) {
    if (visit->stage != FAREWELL) die("a session ended early");
    close(visit->fd);
    return 1;
  }
  // A greeting of several lines may come in several packets: only its last line counts.
  char *last = reply;
  for (char *end; (end = strchr(last, '\n')) && end[1];) last = end + 1;
  if (last[3] == '-') return 0;
  if (last[0] != "2322"[visit->stage]) die(last);
  switch (visit->stage++) {
    case GREETING: say(visit, "USER ", user_name); return 0;
    case NAME: say(visit, "PASS ", user_password); return 0;
    case PASSWORD:
      if (!leave) return 1;
      say(visit, "QUIT", "");
      return 0;
    default: visit->stage = FAREWELL; return 0;
  }
}

// Makes `most` visits, `at_once` of them in progress at a time, and begins no more after `limit` seconds. Returns how many.
static int visit_all(Visit *visits, int most, int at_once, int leave, double limit) {
  struct epoll_event events[EVENTS];
  poller = epoll_create1(EPOLL_CLOEXEC);
  double start = now();
  int begun = 0, done = 0;
  while (begun < at_once && begun < most) begin(&visits[begun++]);
  while (done < begun) {
    int ready = epoll_wait(poller, events, EVENTS, 10000);
    if (ready <= 0) die("no answer from the server");
    for (int i = 0; i < ready; i++) {
      if (!advance(events[i].data.ptr, leave)) continue;
      done++;
      if (begun < most && now() - start < limit) begin(&visits[begun++]);
    }
  }
  return done;
}

// Visits from the greeting to the end of the connection.
void login_mode(int most, int at_once, double limit) {
  double start = now(), cpu = own_cpu();
  int count = visit_all(calloc(most, sizeof(Visit)), most, at_once, 1, limit);
  printf("{\"seconds\":%.6f,\"count\":%d,\"cpu\":%.4f}\n", now() - start, count, own_cpu() - cpu);
}

// Sessions that stay, and one more that goes on working. They go when stdin ends, so that the caller can look at the server.
void idle_mode(int total, int noops) {
  double start = now(), cpu = own_cpu();
  visit_all(calloc(total, sizeof(Visit)), total, AT_ONCE_WHEN_IDLE, 0, MOST_PATIENCE);
  double seconds = now() - start, *samples = calloc(noops, sizeof *samples);
  Control probe;
  open_session(&probe, 0);
  for (int i = 0; i < noops; i++) {
    double asked = now();
    command(&probe, 2, "NOOP");
    samples[i] = now() - asked;
    usleep(PROBE_PAUSE);
  }
  printf("{\"seconds\":%.6f,\"count\":%d,\"p50\":%.7f,\"p99\":%.7f,\"cpu\":%.4f}\n", seconds, total,
         percentile(samples, noops, 0.5), percentile(samples, noops, 0.99), own_cpu() - cpu);
  fflush(stdout);
  char nothing;
  while (read(STDIN_FILENO, &nothing, 1) > 0) continue;
}
