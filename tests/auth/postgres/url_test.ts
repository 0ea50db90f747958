import { assertEquals, assertThrows } from "@std/assert";
import { findPassword } from "../../../lib/auth/postgres/secrets.ts";
import { type Database, parseDatabaseUrl } from "../../../lib/auth/postgres/url.ts";

const PLAIN: Database = {
  name: "postgres://ftp@db.example:5432/accounts",
  host: "db.example",
  port: 5432,
  user: "ftp",
  database: "accounts",
  sslMode: "verify-full",
};

Deno.test("parseDatabaseUrl reads what libpq reads, and trusts a host elsewhere only with a certificate", () => {
  assertEquals(parseDatabaseUrl("postgres://ftp@db.example/accounts"), PLAIN);
  assertEquals(parseDatabaseUrl("postgresql://ftp:p%40ss@db.example:6000/accounts?sslmode=require"), {
    ...PLAIN,
    name: "postgres://ftp@db.example:6000/accounts",
    port: 6000,
    password: "p@ss",
    sslMode: "require",
  });
  assertEquals(parseDatabaseUrl("postgres://ftp@db.example/accounts?sslrootcert=/ca.pem&passfile=/pass"), {
    ...PLAIN,
    rootCertificate: "/ca.pem",
    passFile: "/pass",
  });
  assertEquals(parseDatabaseUrl("postgres://ftp@db.example/accounts?sslrootcert=system"), PLAIN);
});

Deno.test("parseDatabaseUrl asks a database on this machine for TLS, and never a Unix socket", () => {
  const modes = ["localhost", "127.0.0.1", "[::1]"].map((host) => parseDatabaseUrl(`postgres://ftp@${host}/a`).sslMode);
  assertEquals(modes, ["prefer", "prefer", "prefer"]);
  assertEquals(parseDatabaseUrl("postgres://ftp@[::1]:5433/a").name, "postgres://ftp@[::1]:5433/a");
  assertEquals(parseDatabaseUrl("postgres://ftp@%2Frun%2Fpostgresql/accounts?sslmode=require"), {
    ...PLAIN,
    name: "postgres://ftp@%2Frun%2Fpostgresql:5432/accounts",
    host: "localhost",
    socket: "/run/postgresql/.s.PGSQL.5432",
    sslMode: "disable",
  });
});

for (
  const [url, message] of [
    ["postgres://db.example/accounts", "must name a user and a database"],
    ["postgres://ftp@db.example", "must name a user and a database"],
    ["postgres://ftp@db.example/a/b", "must name a user and a database"],
    ["postgres://ftp@one,two/accounts", "must name one host"],
    ["postgres://ftp@one:1,two:2/accounts", "must be postgres://USER@HOST/DATABASE"],
    ["postgres://ftp@db.example:port/accounts", "must be postgres://USER@HOST/DATABASE"],
    ["postgres://ftp:%zz@db.example/accounts", "two hexadecimal digits"],
    ["postgres://ftp@db.example/accounts?sslmode=allow", "one of disable, prefer, require, verify-ca, verify-full"],
    ["postgres://ftp@db.example/accounts?sslmode=", 'a value for the parameter "sslmode"'],
    ["postgres://ftp@db.example/accounts?connect_timeout=1", 'must not have the parameter "connect_timeout"'],
    ["postgres://ftp@db.example/accounts?password=secret", "must not have its password among the parameters"],
  ] as const
) {
  Deno.test(`parseDatabaseUrl refuses ${url}`, () => {
    assertThrows(() => parseDatabaseUrl(url), RangeError, message);
  });
}

Deno.test("findPassword takes the first line that fits, with its escapes", () => {
  const text = [
    "# host:port:database:user:password",
    "db.example:5432:accounts:other:1",
    "db.example:5432:accounts",
    "",
    "db.example:*:accounts:ftp:a\\:b\\\\c",
    "*:*:*:*:2",
  ];
  assertEquals(findPassword(text.join("\n"), PLAIN), "a:b\\c");
  assertEquals(findPassword(text.join("\r\n"), { ...PLAIN, user: "elsewhere" }), "2");
  assertEquals(findPassword(text.slice(0, 4).join("\n"), PLAIN), undefined);
});
