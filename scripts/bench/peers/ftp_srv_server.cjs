// ftp-srv as the benchmark runs it: every account leads to one root, no logs, no limits, TLS on request.
const { readFileSync } = require("node:fs");
const { FtpSrv } = require("ftp-srv");

const [port, root, cert, key] = process.argv.slice(2);
const quiet = { child: () => quiet };
for (const level of ["trace", "debug", "info", "warn", "error", "fatal"]) quiet[level] = () => {};

const server = new FtpSrv({
  url: `ftp://127.0.0.1:${port}`,
  pasv_url: "127.0.0.1",
  log: quiet,
  tls: cert ? { cert: readFileSync(cert), key: readFileSync(key) } : false,
});
server.on("login", (_login, resolve) => resolve({ root }));
server.listen();
