// The client of the benchmark: `client PORT MODE ARGUMENTS…`, one measurement a run, one line of JSON on stdout.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modes.h"

int main(int count, char **words) {
  if (count < 3) die("usage: client PORT MODE ARGUMENTS...");
  server_port = atoi(words[1]);
  if (getenv("BENCH_USER")) user_name = getenv("BENCH_USER");
  if (getenv("BENCH_PASSWORD")) user_password = getenv("BENCH_PASSWORD");
  if (getenv("BENCH_HOST")) server_address = getenv("BENCH_HOST");
  if (getenv("BENCH_BEHIND")) port_behind = atoi(getenv("BENCH_BEHIND"));
  believes_pasv = getenv("BENCH_PASV") != NULL;
  own_address = getenv("BENCH_FROM");
  const char *mode = words[2], *none = "";
  const char *a = count > 3 ? words[3] : none, *b = count > 4 ? words[4] : none, *c = count > 5 ? words[5] : none;
  const char *d = count > 6 ? words[6] : none;
#define MODE(name) else if (strcmp(mode, name) == 0)
  if (0) return 0;
  MODE("retr") retr_mode(a, atoi(b), 0, 0);
  MODE("retr-drop") retr_mode(a, atoi(b), 0, 1);
  MODE("retr-tls") retr_mode(a, atoi(b), 1, 0);
  MODE("stor") stor_mode(a, atol(b), 0);
  MODE("stor-tls") stor_mode(a, atol(b), 1);
  MODE("check") check_mode(a, atol(b));
  MODE("fair") fair_mode(a, atoi(b), atof(c));
  MODE("small") small_mode(a, b, atoi(c), atof(d));
  MODE("list") list_mode(a, b);
  MODE("noop") noop_mode(atoi(a), atoi(b));
  MODE("login") login_mode(atoi(a), atoi(b), atof(c));
  MODE("login-tls") secure_login_mode(atoi(a), atof(b));
  MODE("idle") idle_mode(atoi(a), atoi(b));
  MODE("raw-retr") raw_bulk_mode(a, atoi(b), 0);
  MODE("raw-retr-drop") raw_bulk_mode(a, atoi(b), 1);
  MODE("raw-receive") raw_receive_mode(atol(a));
  MODE("raw-lines") raw_lines_mode(atoi(a), atoi(b));
  else die("unknown mode");
  return 0;
}
