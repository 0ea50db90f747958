#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

const char *server_address = "127.0.0.1";
int server_port;
int port_behind;
int believes_pasv;
const char *own_address;
const char *user_name = "bench";
const char *user_password = "bench";

void die(const char *what) {
  fprintf(stderr, "%s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
  exit(1);
}

double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

double own_cpu(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static struct sockaddr_in address_of(const char *host, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die("no IPv4 address");
  return address;
}

int connect_to(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0) die("socket");
  if (own_address) {
    // The port is chosen when it connects, so that there are as many as the ports for each server.
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct sockaddr_in own = address_of(own_address, 0);
    if (bind(fd, (struct sockaddr *)&own, sizeof own) < 0) die("bind");
  }
  struct sockaddr_in server = address_of(server_address, port);
  if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void write_all(int fd, const void *data, size_t size) {
  for (const char *at = data, *end = at + size; at < end;) {
    ssize_t sent = write(fd, at, end - at);
    if (sent < 0) die("write");
    at += sent;
  }
}

#ifdef WITH_TLS
#include <openssl/ssl.h>

static SSL *handshake(int fd, SSL_SESSION *session) {
  static SSL_CTX *context;
  if (!context) context = SSL_CTX_new(TLS_client_method());
  SSL *ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  if (session) SSL_set_session(ssl, session);
  errno = 0;
  if (SSL_connect(ssl) != 1) die("TLS handshake");
  return ssl;
}

void *secure_data(Control *control, int fd) {
  return control->ssl ? handshake(fd, SSL_get_session(control->ssl)) : NULL;
}

long secure_read(void *ssl, void *buffer, size_t size) { return SSL_read(ssl, buffer, size); }

long secure_write(void *ssl, const void *buffer, size_t size) { return SSL_write(ssl, buffer, size); }

// What the peer still says (its tickets) must be read: closing a socket with unread bytes resets the connection, and what was sent
// may be lost.
void secure_close(void *ssl) {
  char rest[4096];
  SSL_shutdown(ssl);
  shutdown(SSL_get_fd(ssl), SHUT_WR);
  while (read(SSL_get_fd(ssl), rest, sizeof rest) > 0) continue;
  SSL_free(ssl);
}

static void secure_control(Control *control) {
  command(control, 2, "AUTH TLS");
  control->ssl = handshake(control->fd, NULL);
}
#else
static const char no_tls[] = "this client was built without OpenSSL";

void *secure_data(Control *control, int fd) { return NULL; }

long secure_read(void *ssl, void *buffer, size_t size) { die(no_tls); }

long secure_write(void *ssl, const void *buffer, size_t size) { die(no_tls); }

void secure_close(void *ssl) { die(no_tls); }

static void secure_control(Control *control) { die(no_tls); }
#endif

// The next line without its end; it is valid until the next call.
static char *read_line(Control *control) {
  for (;;) {
    char *start = control->buffer + control->from;
    char *end = memchr(start, '\n', control->to - control->from);
    if (end) {
      control->from = end + 1 - control->buffer;
      *end = 0;
      return start;
    }
    memmove(control->buffer, start, control->to -= control->from);
    control->from = 0;
    size_t room = sizeof control->buffer - control->to;
    char *at = control->buffer + control->to;
    long got = control->ssl ? secure_read(control->ssl, at, room) : read(control->fd, at, room);
    errno = 0;
    if (got <= 0) die("control connection ended");
    control->to += got;
  }
}

int read_reply(Control *control, int expected) {
  char *line = read_line(control);
  int code = atoi(line);
  if (line[3] == '-') {
    char last[5];
    snprintf(last, sizeof last, "%03d ", code);
    while (strncmp(line = read_line(control), last, 4) != 0) continue;
  }
  errno = 0;
  if (expected && code / 100 != expected) die(line);
  return code;
}

static void send_formatted(Control *control, const char *format, va_list arguments) {
  char line[1024];
  int length = vsnprintf(line, sizeof line - 2, format, arguments);
  memcpy(line + length, "\r\n", 2);
  if (control->ssl) secure_write(control->ssl, line, length + 2);
  else write_all(control->fd, line, length + 2);
}

void send_command(Control *control, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  send_formatted(control, format, arguments);
  va_end(arguments);
}

int command(Control *control, int expected, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  send_formatted(control, format, arguments);
  va_end(arguments);
  return read_reply(control, expected);
}

void open_session(Control *control, int tls) {
  memset(control, 0, offsetof(Control, buffer));
  control->fd = connect_to(server_port);
  read_reply(control, 2);
  if (tls) secure_control(control);
  command(control, 3, "USER %s", user_name);
  command(control, 2, "PASS %s", user_password);
  if (tls) {
    command(control, 2, "PBSZ 0");
    command(control, 2, "PROT P");
  }
  command(control, 2, "TYPE I");
}

void close_session(Control *control) {
  command(control, 2, "QUIT");
  if (control->ssl) secure_close(control->ssl);
  close(control->fd);
}

// Where the reply to PASV says, which need not be where the control connection goes.
static int open_named(Control *control) {
  unsigned a, b, c, d, high, low;
  char host[sizeof "255.255.255.255"];
  send_command(control, "PASV");
  char *parenthesis = strchr(read_line(control), '(');
  errno = 0;
  if (!parenthesis || sscanf(parenthesis, "(%3u,%3u,%3u,%3u,%3u,%3u)", &a, &b, &c, &d, &high, &low) != 6) {
    die("no address in the reply to PASV");
  }
  snprintf(host, sizeof host, "%u.%u.%u.%u", a & 255, b & 255, c & 255, d & 255);
  const char *control_address = server_address;
  server_address = host;
  int fd = connect_to(high * 256 + low);
  server_address = control_address;
  return fd;
}

int open_data(Control *control) {
  if (believes_pasv) return open_named(control);
  send_command(control, "EPSV");
  char *bar = strstr(read_line(control), "|||");
  errno = 0;
  if (!bar) die("no port in the reply to EPSV");
  return connect_to(atoi(bar + 3));
}

static int ascending(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

double percentile(double *samples, size_t count, double share) {
  qsort(samples, count, sizeof *samples, ascending);
  size_t index = share * count;
  return samples[index < count ? index : count - 1];
}
