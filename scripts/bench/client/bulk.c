// Large files: as many bytes as the server can move. Received bytes are read as a real client reads them, or, in the modes that drop,
// thrown away in the kernel (MSG_TRUNC): then the receiver costs next to nothing, as if it were on another machine. What is sent comes
// from one piece of memory.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "modes.h"
#include "wire.h"

enum { PIECE = 1 << 20, MOST_STREAMS = 64 };

// Content of uploads: the same pseudo-random megabyte over and over.
static char *pattern(void) {
  static char piece[PIECE];
  if (!piece[0]) {
    unsigned state = 1;
    for (int i = 0; i < PIECE; i++) piece[i] = (state = state * 1664525 + 1013904223) >> 24 | 1;
  }
  return piece;
}

static int dropping;

static long receive(Control *control, int fd, void *ssl) {
  long total = 0, got;
  static _Thread_local char piece[PIECE];
  while ((got = ssl ? secure_read(ssl, piece, PIECE) : recv(fd, piece, PIECE, dropping ? MSG_TRUNC : 0)) > 0) total += got;
  if (got < 0 && !ssl) die("receive");
  if (ssl) secure_close(ssl);
  close(fd);
  read_reply(control, 2);
  return total;
}

static long retr(Control *control, const char *path) {
  int fd = open_data(control);
  command(control, 1, "RETR %s", path);
  return receive(control, fd, secure_data(control, fd));
}

typedef struct {
  pthread_t thread;
  Control control;
  const char *path;
  const volatile int *stop;
  long bytes;
} Stream;

// One file, or file after file until `stop`.
static void *run_stream(void *given) {
  Stream *stream = given;
  do stream->bytes += retr(&stream->control, stream->path);
  while (stream->stop && !*stream->stop);
  return NULL;
}

static Stream *open_streams(const char *path, int streams, int tls, const volatile int *stop) {
  static Stream all[MOST_STREAMS];
  if (streams > MOST_STREAMS) die("too many streams");
  for (int i = 0; i < streams; i++) {
    open_session(&all[i].control, tls);
    all[i].path = path;
    all[i].stop = stop;
  }
  return all;
}

static long join_streams(Stream *all, int streams) {
  long bytes = 0;
  for (int i = 0; i < streams; i++) {
    pthread_join(all[i].thread, NULL);
    bytes += all[i].bytes;
  }
  return bytes;
}

void retr_mode(const char *path, int streams, int tls, int drop) {
  dropping = drop;
  Stream *all = open_streams(path, streams, tls, NULL);
  double start = now(), cpu = own_cpu();
  for (int i = 0; i < streams; i++) pthread_create(&all[i].thread, NULL, run_stream, &all[i]);
  long bytes = join_streams(all, streams);
  double seconds = now() - start;
  printf("{\"seconds\":%.6f,\"bytes\":%ld,\"cpu\":%.4f}\n", seconds, bytes, own_cpu() - cpu);
  for (int i = 0; i < streams; i++) close_session(&all[i].control);
}

void stor_mode(const char *path, long size, int tls) {
  Control control;
  open_session(&control, tls);
  char *piece = pattern();
  double start = now(), cpu = own_cpu();
  int fd = open_data(&control);
  command(&control, 1, "STOR %s", path);
  void *ssl = secure_data(&control, fd);
  for (long left = size; left > 0; left -= PIECE) {
    size_t part = left < PIECE ? left : PIECE;
    if (!ssl) write_all(fd, piece, part);
    else if (secure_write(ssl, piece, part) != (long)part) die("TLS write");
  }
  if (ssl) secure_close(ssl);
  close(fd);
  read_reply(&control, 2);
  double seconds = now() - start;
  printf("{\"seconds\":%.6f,\"bytes\":%ld,\"cpu\":%.4f}\n", seconds, size, own_cpu() - cpu);
  close_session(&control);
}

// Whether an uploaded file holds what was sent.
void check_mode(const char *file, long size) {
  static char read_back[PIECE];
  int fd = open(file, O_RDONLY);
  if (fd < 0) die(file);
  long total = 0;
  for (long got; (got = read(fd, read_back, PIECE)) > 0; total += got) {
    for (long done = 0, part; done < got; done += part) {
      long at = (total + done) % PIECE;
      part = got - done < PIECE - at ? got - done : PIECE - at;
      if (memcmp(read_back + done, pattern() + at, part) != 0) die("uploaded file differs");
    }
  }
  errno = 0;
  if (total != size) die("uploaded file has another size");
  printf("{\"bytes\":%ld}\n", total);
}

// How long one session's commands take while others download at full rate.
void fair_mode(const char *path, int streams, double seconds) {
  static double samples[1 << 20];
  static volatile int stop;
  Control quiet;
  open_session(&quiet, 0);
  Stream *all = open_streams(path, streams, 0, &stop);
  double start = now(), cpu = own_cpu();
  for (int i = 0; i < streams; i++) pthread_create(&all[i].thread, NULL, run_stream, &all[i]);
  size_t count = 0;
  for (double began = start; count < sizeof samples / sizeof *samples && began - start < seconds; count++) {
    command(&quiet, 2, "NOOP");
    double ended = now();
    samples[count] = ended - began;
    // A person's pace for a machine: without the pause the client's own loop would take a core from the downloads.
    usleep(500);
    began = now();
  }
  stop = 1;
  long bytes = join_streams(all, streams);
  double took = now() - start;
  printf("{\"seconds\":%.6f,\"bytes\":%ld,\"count\":%zu,\"p50\":%.7f,\"p99\":%.7f,\"cpu\":%.4f}\n", took, bytes, count,
         percentile(samples, count, 0.5), percentile(samples, count, 0.99), own_cpu() - cpu);
}
