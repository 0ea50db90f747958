// What costs by the operation: small files, listings, logins under TLS, commands.

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "modes.h"
#include "wire.h"

enum { SMALL = 4096, BATCH = 100 };

static long drain(int fd) {
  static char buffer[1 << 18];
  long total = 0, got;
  while ((got = read(fd, buffer, sizeof buffer)) > 0) total += got;
  close(fd);
  return total;
}

// `most` files of 4 KiB at most, `directory`/0 and up, one after the other in one session, for as long as time allows.
void small_mode(const char *verb, const char *directory, int most, double limit) {
  static char content[SMALL];
  int upload = strcmp(verb, "STOR") == 0;
  Control control;
  open_session(&control, 0);
  memset(content, 'x', SMALL);
  double start = now(), cpu = own_cpu();
  int count = 0;
  for (; count < most && now() - start < limit; count++) {
    int fd = open_data(&control);
    command(&control, 1, "%s %s/%d", verb, directory, count);
    if (upload) {
      write_all(fd, content, SMALL);
      close(fd);
    } else if (drain(fd) != SMALL) die("a small file has another size");
    read_reply(&control, 2);
  }
  double seconds = now() - start;
  printf("{\"seconds\":%.6f,\"count\":%d,\"cpu\":%.4f}\n", seconds, count, own_cpu() - cpu);
  close_session(&control);
}

void list_mode(const char *verb, const char *path) {
  Control control;
  open_session(&control, 0);
  command(&control, 2, "CWD %s", path);
  double start = now(), cpu = own_cpu();
  int fd = open_data(&control);
  command(&control, 1, "%s", verb);
  long bytes = drain(fd);
  read_reply(&control, 2);
  double seconds = now() - start;
  printf("{\"seconds\":%.6f,\"bytes\":%ld,\"cpu\":%.4f}\n", seconds, bytes, own_cpu() - cpu);
  close_session(&control);
}

// Visits under TLS one after the other, `most` at most, for as long as time allows. None resumes an earlier session.
void secure_login_mode(int most, double limit) {
  double start = now(), cpu = own_cpu();
  int count = 0;
  for (; count < most && now() - start < limit; count++) {
    Control control;
    open_session(&control, 1);
    close_session(&control);
  }
  printf("{\"seconds\":%.6f,\"count\":%d,\"cpu\":%.4f}\n", now() - start, count, own_cpu() - cpu);
}

void noop_mode(int alone, int together) {
  Control control;
  open_session(&control, 0);
  exchange_noops(&control, alone, together);
  close_session(&control);
}

void exchange_noops(Control *control, int alone, int together) {
  double *samples = calloc(alone, sizeof *samples), cpu = own_cpu();
  for (int i = 0; i < alone; i++) {
    double start = now();
    command(control, 2, "NOOP");
    samples[i] = now() - start;
  }
  char batch[BATCH * 6];
  for (int i = 0; i < BATCH; i++) memcpy(batch + i * 6, "NOOP\r\n", 6);
  double start = now();
  // Two batches in flight, so that the server always has one to work on.
  write_all(control->fd, batch, sizeof batch);
  for (int sent = BATCH; sent <= together; sent += BATCH) {
    if (sent < together) write_all(control->fd, batch, sizeof batch);
    for (int i = 0; i < BATCH; i++) read_reply(control, 2);
  }
  double seconds = now() - start;
  printf("{\"p50\":%.7f,\"p99\":%.7f,\"seconds\":%.6f,\"count\":%d,\"cpu\":%.4f}\n", percentile(samples, alone, 0.5),
         percentile(samples, alone, 0.99), seconds, together, own_cpu() - cpu);
}
