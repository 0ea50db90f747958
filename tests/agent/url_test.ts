import { assertEquals, assertThrows } from "@std/assert";
import { AgentError } from "../../lib/agent/errors.ts";
import { formatFtpUrl, type FtpUrl, parseFtpUrl, tlsModeOf } from "../../lib/agent/site/url.ts";

const PLAIN: FtpUrl = {
  scheme: "ftp",
  user: undefined,
  password: undefined,
  host: "h",
  port: undefined,
  path: "",
  isDirectory: true,
  isText: false,
};

const CASES: readonly (readonly [string, Partial<FtpUrl>])[] = [
  ["ftp://h", {}],
  ["FTP://H/", {}],
  ["ftp://h:2121/a", { port: 2121, path: "a", isDirectory: false }],
  ["ftp://h/a/b/", { path: "a/b" }],
  ["ftp://h//etc/motd", { path: "/etc/motd", isDirectory: false }],
  ["ftp://h/%2Fetc/motd", { path: "/etc/motd", isDirectory: false }],
  ["ftp://h//", { path: "/" }],
  ["ftp://u@h/", { user: "u" }],
  ["ftp://u:p@h/", { user: "u", password: "p" }],
  ["ftp://u:@h/", { user: "u", password: "" }],
  ["ftp://a%40b:p%3Aq%2F@h/", { user: "a@b", password: "p:q/" }],
  ["ftp://me@example.org:p@w@h/", { user: "me@example.org", password: "p@w" }],
  ["ftpes://h/x", { scheme: "ftpes", path: "x", isDirectory: false }],
  ["ftps://[::1]:990/x", { scheme: "ftps", host: "::1", port: 990, path: "x", isDirectory: false }],
  ["ftp://[fe80::1%25eth0]/x", { host: "fe80::1%eth0", path: "x", isDirectory: false }],
  ["ftp://h/a b#c?d", { path: "a b#c?d", isDirectory: false }],
  ["ftp://h/100%", { path: "100%", isDirectory: false }],
  ["ftp://h/%C3%A4%E2%86%92", { path: "ä→", isDirectory: false }],
  ["ftp://h/notes.txt;type=a", { path: "notes.txt", isDirectory: false, isText: true }],
  ["ftp://h/dir;type=d", { path: "dir", isDirectory: true }],
  ["ftp://h/a;b", { path: "a;b", isDirectory: false }],
];

for (const [text, expected] of CASES) {
  Deno.test(`parseFtpUrl reads ${text}`, () => {
    assertEquals(parseFtpUrl(text), { ...PLAIN, ...expected });
  });
}

Deno.test("formatFtpUrl writes what parseFtpUrl reads, without the password", () => {
  for (const [text] of CASES) {
    const { password: _password, ...url } = parseFtpUrl(text);
    const again = formatFtpUrl({ ...url, password: undefined });
    assertEquals({ ...parseFtpUrl(again), isText: url.isText }, { ...url, password: undefined }, again);
  }
});

Deno.test("parseFtpUrl refuses what is no URL, and shows no password", () => {
  const wrong = ["ftp:h", "http://h/", "ftp://", "ftp:///x", "ftp://u:secret@h:99999/", "ftp://u:secret@h:x/"];
  for (const text of [...wrong, "ftp://u:secret@h/%0d%0aDELE%20x", "ftp://h/%00", "ftp://u:secret@h/%ff"]) {
    const { message, kind } = assertThrows(() => parseFtpUrl(text), AgentError);
    assertEquals([message.includes("secret"), kind], [false, "wrongUse"], message);
  }
});

Deno.test("tlsModeOf maps the scheme", () => {
  assertEquals(["ftp", "ftpes", "ftps"].map((scheme) => tlsModeOf(parseFtpUrl(`${scheme}://h/`))), [
    "optional",
    "required",
    "implicit",
  ]);
});
