// One FTP session seen from the client: connecting, commands and replies, data connections, clocks.
// Any failure ends the program with a line on stderr: a benchmark that lost a transfer has no number to give.

#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>

// Where the server is, what to connect from (NULL: whatever the system chooses), and who logs in.
extern const char *server_address;
extern int server_port;
// Where the least server listens if the client is to reach it by a proxy at `server_port`; 0: anywhere, without one.
extern int port_behind;
// Whether data connections go where PASV says, instead of to a port that EPSV names.
extern int believes_pasv;
extern const char *own_address;
extern const char *user_name;
extern const char *user_password;

// A control connection; `ssl` is NULL in clear.
typedef struct {
  int fd;
  void *ssl;
  size_t from, to;
  char buffer[8192];
} Control;

_Noreturn void die(const char *what);

// Seconds on a clock that never goes back, and processor seconds of this program.
double now(void);
double own_cpu(void);

// Connects to a port of the server.
int connect_to(int port);

// Connects, logs in, and asks for binary transfers; `tls` puts control and data under TLS first.
void open_session(Control *control, int tls);
void close_session(Control *control);

// Sends one command and returns the code of its reply; dies when that is not in the class `expected` (1 to 5; 0: any).
int command(Control *control, int expected, const char *format, ...) __attribute__((format(printf, 3, 4)));
void send_command(Control *control, const char *format, ...) __attribute__((format(printf, 2, 3)));
int read_reply(Control *control, int expected);

// EPSV, then a connection to the port it names.
int open_data(Control *control);

// Handshake of a data connection, taking up the session of the control connection; NULL without TLS.
void *secure_data(Control *control, int fd);
long secure_read(void *ssl, void *buffer, size_t size);
long secure_write(void *ssl, const void *buffer, size_t size);
void secure_close(void *ssl);

void write_all(int fd, const void *data, size_t size);

// The value below which a share of the samples lies; sorts them.
double percentile(double *samples, size_t count, double share);

#endif
