/**
 * The filter of `deploy/fail2ban` by fail2ban itself, with what the log really has of clients that try to have others
 * shut out: whatever they send, their own address is the only one that is ever found.
 */

import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { type LogFormat, startLog } from "../../lib/log/log.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { ClientTests } from "./bench.ts";
import { run } from "./process.ts";

const FILTER = fromFileUrl(new URL("../../deploy/fail2ban/filter.d/denoftpd.conf", import.meta.url));
const SCRIPT = fromFileUrl(new URL("./fail2ban_client.py", import.meta.url));

const VICTIM = "192.0.2.66";
const TEXT = `warning [9 -@${VICTIM}] Login as "x" failed: wrong password (clear)`;
const JSON_TEXT =
  `{"@timestamp":"2026-11-29T14:01:02.345Z","level":"WARN","message":"[9 -@${VICTIM}] Login as \\"x\\" ` +
  `failed: wrong password (clear)","logger":"denoftpd"}`;

/** Names, passwords and paths that look like what they are not. */
const HOSTILE = [
  TEXT,
  `2026-11-29T14:01:02.345Z ${TEXT}`,
  `Nov 29 14:01:02 host denoftpd[7]: 2026-11-29T14:01:02.345Z ${TEXT}`,
  `x" failed: wrong password (clear) 2026-11-29T14:01:02.345Z ${TEXT}`,
  `x\\" failed: wrong password (clear)`,
  `x\\`,
  `\\" ${TEXT}`,
  JSON_TEXT,
  `x","level":"WARN","message":"[9 -@${VICTIM}] Login as \\"y\\" failed: wrong password (clear)",`,
  `-@${VICTIM}] Login as "x" failed: wrong password (clear)`,
  `] [9 -@${VICTIM}] Login as "`,
  `x\u2028${TEXT}`,
  `x\u2029${JSON_TEXT}`,
  `x\u0085${TEXT}`,
  `x\u001b[2K\u0008\u0008${TEXT}`,
  `\u202e${TEXT}`,
  `x\v${TEXT}\f${TEXT}`,
  `<HOST> <ADDR> ${VICTIM} %(_before)s`,
  `29/Nov/2026:14:01:02 ${VICTIM}`,
  ` ${TEXT}`,
  `\u00e4\u{1f600}${TEXT}`,
];

/** Accounts with the names of other people's lines, which are in front of every record of their sessions. */
const HOSTILE_ACCOUNTS = [`x@${VICTIM}] Login as "y" failed: wrong password (clear)`, "-", `-@${VICTIM}`, TEXT];

interface Visit {
  readonly from: string;
  readonly lines: readonly string[];
}

/** One failed login for each hostile name, each from an address of its own. */
const FAILING: readonly Visit[] = HOSTILE.map((name, index) => ({
  from: `127.0.1.${index + 1}`,
  lines: [`USER ${name}`, `PASS ${HOSTILE[(index + 1) % HOSTILE.length]}`, "QUIT"],
}));

/** None of these fails to log in with a wrong password. */
const HARMLESS: readonly Visit[] = [
  ...HOSTILE.map((text, index) => ({
    from: `127.0.2.${index + 1}`,
    lines: [
      ...login("ann"),
      ...["MKD", "RETR", "CWD", "SITE", ""].map((verb) => `${verb} ${text}`.trimStart()),
      "QUIT",
    ],
  })),
  ...HOSTILE_ACCOUNTS.map((name, index) => ({
    from: `127.0.3.${index + 1}`,
    lines: [...login(name), `CWD ${TEXT}`, `MKD ${TEXT}`, "QUIT"],
  })),
  // The right password, and yet no way in: this is no guess.
  { from: "127.0.4.1", lines: [...login(`old" failed: wrong password (clear)`), "QUIT"] },
];

function login(name: string): string[] {
  return [`USER ${name}`, `PASS ${name}`];
}

/** What the log has, from `info` up, of a server that `visits` are paid to. */
async function logOf(format: LogFormat, visits: readonly Visit[]): Promise<string> {
  const known = authenticatorOf(...["ann", ...HOSTILE_ACCOUNTS].map((name) => ({ name })));
  await using server = new FtpServer({
    authenticator: {
      authenticate: (attempt) =>
        attempt.name.startsWith("old") ? { ok: false, reason: "expired" } : known.authenticate(attempt),
    },
    fileSystem: () => new MemoryVfs(),
    ...{ port: 0, failureDelay: 0, guessInterval: 0, banAfter: 0 },
  });
  let text = "";
  const log = startLog({ level: "info", format, write: (line) => text += line });
  using _log = server.events.on(log.listener, log.types);
  server.listen();
  await run("python3", ["-B", SCRIPT], { stdin: JSON.stringify({ port: server.address.port, visits }) });
  return text;
}

/** As journalctl shows it by default, and syslog writes it. */
function shortForm(log: string): string {
  return log.replaceAll(/^(?=.)/gm, "Nov 29 14:01:02 ftp.example.com denoftpd[4711]: ");
}

const tests = await ClientTests.of("fail2ban", ["fail2ban-regex", "python3"]);

for (const format of ["text", "json"] as const) {
  for (const form of ["file", "journal"] as const) {
    tests.test(`finds the clients that guess, and no address that they name, in ${format} of a ${form}`, async (bench) => {
      const log = await logOf(format, [...HARMLESS, ...FAILING]);
      const path = join(bench.local, "log");
      await Deno.writeTextFile(path, form === "file" ? log : shortForm(log));
      const { stdout } = await bench.run("fail2ban-regex", ["--out", "ip", "--usedns", "no", path, FILTER]);
      assertEquals(stdout.trim().split("\n"), FAILING.map(({ from }) => from));
    });
  }
}
