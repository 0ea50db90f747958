#!/bin/sh
# A test over TLS with nothing but a shell and curl. DENOFTPD names the executable, if it is not on the search path.
set -eu

work=$(mktemp -d)
mkfifo "$work/ready"
"${DENOFTPD:-denoftpd}" fixture --user test:secret --anonymous --tls --ca-file "$work/ca.pem" >"$work/ready" &
pid=$!
trap 'kill $pid; wait $pid || true; rm -r "$work"' EXIT

# Returns as soon as the server is ready: no sleep, no fixed port.
read -r ready <"$work/ready"
port=$(printf '%s' "$ready" | sed 's/.*"port":\([0-9]*\).*/\1/')

ftp() {
  curl -sS --ssl-reqd --cacert "$work/ca.pem" "$@"
}

echo "hello" >"$work/hello.txt"
ftp --ftp-create-dirs -T "$work/hello.txt" "ftp://test:secret@127.0.0.1:$port/in/hello.txt"
test "$(ftp "ftp://127.0.0.1:$port/in/hello.txt")" = "hello"

# Who is not logged in may not write.
if ftp -T "$work/hello.txt" "ftp://127.0.0.1:$port/" 2>"$work/error"; then
  echo "anonymous could write" >&2
  exit 1
fi
echo "ok"
