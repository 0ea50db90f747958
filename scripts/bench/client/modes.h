// What the client can do: each prints one JSON object on stdout.

#ifndef MODES_H
#define MODES_H

#include "wire.h"

void retr_mode(const char *path, int streams, int tls, int drop);
void stor_mode(const char *path, long size, int tls);
void check_mode(const char *file, long size);
void fair_mode(const char *path, int streams, double seconds);
void small_mode(const char *verb, const char *directory, int most, double limit);
void list_mode(const char *verb, const char *path);
void noop_mode(int alone, int together);
// NOOP `alone` times, each when the last is answered, then `together`, many in flight.
void exchange_noops(Control *control, int alone, int together);
void login_mode(int most, int at_once, double limit);
void secure_login_mode(int most, double limit);
void idle_mode(int total, int noops);
void raw_bulk_mode(const char *file, int streams, int drop);
void raw_receive_mode(long size);
void raw_lines_mode(int alone, int together);

#endif
