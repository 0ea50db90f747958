// What loopback itself allows, with the same client and the least server there can be: the limit that no FTP server passes.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "modes.h"
#include "wire.h"

enum { PIECE = 1 << 20 };

// At a port that the system chooses, which is then the one to connect to; or at the port behind a proxy.
static int listen_anywhere(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port_behind)};
  socklen_t size = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // Its last connections may be in TIME_WAIT.
  if (port_behind) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 64) < 0) die("listen");
  getsockname(fd, (struct sockaddr *)&address, &size);
  if (!port_behind) server_port = ntohs(address.sin_port);
  return fd;
}

// What a proxy sends ahead: bytes that were not read would reset the connection at its end.
static void skip_header(int fd) {
  char header[16 + 12];
  if (recv(fd, header, sizeof header, MSG_WAITALL) != sizeof header) die("no PROXY header of version 2 for IPv4");
}

// Accepts `connections` of them, each served by a process of its own.
static void serve(int connections, void (*handle)(int fd, const char *argument), const char *argument) {
  int listener = listen_anywhere();
  fflush(stdout);
  for (int i = 0; i < connections; i++) {
    if (fork() != 0) continue;
    int fd = accept(listener, NULL, NULL), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (port_behind) skip_header(fd);
    handle(fd, argument);
    _exit(0);
  }
  close(listener);
}

static void send_file(int fd, const char *path) {
  int file = open(path, O_RDONLY);
  while (sendfile(fd, file, NULL, 1 << 30) > 0) continue;
}

static void discard(int fd, const char *unused) {
  static char piece[PIECE];
  while (read(fd, piece, PIECE) > 0) continue;
}

static void answer_lines(int fd, const char *unused) {
  char lines[1 << 16], replies[sizeof lines * 2];
  for (ssize_t got; (got = read(fd, lines, sizeof lines)) > 0;) {
    size_t length = 0;
    for (ssize_t i = 0; i < got; i++) {
      if (lines[i] == '\n') length = stpcpy(replies + length, "200 OK\r\n") - replies;
    }
    write_all(fd, replies, length);
  }
}

static int dropping;

static void *swallow(void *given) {
  int fd = *(int *)given;
  static _Thread_local char piece[PIECE];
  while (recv(fd, piece, PIECE, dropping ? MSG_TRUNC : 0) > 0) continue;
  return NULL;
}

void raw_bulk_mode(const char *file, int streams, int drop) {
  dropping = drop;
  struct stat info;
  pthread_t threads[64];
  int fds[64];
  if (stat(file, &info) < 0 || streams > 64) die(file);
  serve(streams, send_file, file);
  double start = now(), cpu = own_cpu();
  for (int i = 0; i < streams; i++) {
    fds[i] = connect_to(server_port);
    pthread_create(&threads[i], NULL, swallow, &fds[i]);
  }
  for (int i = 0; i < streams; i++) pthread_join(threads[i], NULL);
  double seconds = now() - start;
  printf("{\"seconds\":%.6f,\"bytes\":%ld,\"cpu\":%.4f}\n", seconds, streams * (long)info.st_size, own_cpu() - cpu);
}

void raw_receive_mode(long size) {
  static char piece[PIECE];
  serve(1, discard, NULL);
  double start = now(), cpu = own_cpu();
  int fd = connect_to(server_port);
  for (long left = size; left > 0; left -= PIECE) write_all(fd, piece, left < PIECE ? left : PIECE);
  close(fd);
  while (wait(NULL) > 0) continue;
  double seconds = now() - start;
  printf("{\"seconds\":%.6f,\"bytes\":%ld,\"cpu\":%.4f}\n", seconds, size, own_cpu() - cpu);
}

void raw_lines_mode(int alone, int together) {
  serve(1, answer_lines, NULL);
  Control control = {.fd = connect_to(server_port)};
  exchange_noops(&control, alone, together);
}
