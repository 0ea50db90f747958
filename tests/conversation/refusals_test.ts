import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { CommandRefused, ServerEvent } from "../../lib/events.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import type { FileSource, VirtualPath } from "../../lib/vfs/vfs.ts";
import { VfsError } from "../../lib/vfs/vfs.ts";
import { conversation, plainConversation, rulesOf, tlsConversation } from "../helpers/server.ts";

/** What a line is answered, and what the event about it says. */
type Case = readonly [line: string, code: number, fields: Partial<CommandRefused>];

const refusals = (events: readonly ServerEvent[]): CommandRefused[] =>
  events.filter((event) => event.type === "refused");

const CASES: readonly Case[] = [
  ["STOR pub/a", 553, { reason: "exists" }],
  ["DELE pub/a", 550, { reason: "access", right: "delete", path: "/pub/a", rule: "/pub" }],
  ["RETR shut/b", 550, { reason: "access", right: "read", path: "/shut/b", rule: "/shut" }],
  ["MKD pub/new", 550, { reason: "access", right: "mkdir", path: "/pub/new", rule: "/pub" }],
  ["CWD shut", 550, { reason: "access", right: "list", path: "/shut", rule: "/shut" }],
  ["RNFR pub/a", 550, { reason: "access", right: "rename", path: "/pub/a", rule: "/pub" }],
  ["RETR missing", 550, { reason: "missing" }],
  ["CWD pub/a", 550, { reason: "notDirectory" }],
  ["REST nonsense", 501, { reason: "argument" }],
  ["RNTO new", 503, { reason: "sequence" }],
  ["TYPE E", 504, { reason: "parameter" }],
  ["PORT 127,0,0,1,0,21", 501, { reason: "argument" }],
  ["SMNT x", 502, { reason: "unavailable" }],
  ["NONSENSE with words", 500, { reason: "unknownCommand" }],
];

conversation("Every refused command is an event with its reason as data", {
  files: { "/pub/a": "a", "/shut/b": "b" },
  account: { rules: rulesOf(["/", "rw"], ["/pub", "list,read,write,no-overwrite"], ["/shut", "none"]) },
}, async ({ ftp, events }) => {
  for (const [line, code] of CASES) {
    if (/^(?:STOR|RETR)/.test(line)) await ftp.expect("EPSV", 229);
    await ftp.expect(line, code);
  }
  await ftp.expect("NOOP", 200);
  const found = refusals(events);
  assertEquals(found.map(({ line }) => line), CASES.map(([line]) => line));
  for (const [index, [line, code, fields]] of CASES.entries()) {
    const { time: _time, session: _session, address, user, cwd, reply, error: _error, ...rest } = found[index] ??
      ({} as CommandRefused);
    assertEquals(rest, { type: "refused", line, code, ...fields } as typeof rest);
    assertEquals([user, cwd], ["demo", "/"]);
    assertMatch(address, /^[\d.:a-f]+$/);
    assertEquals(reply.length > 3, true);
  }
});

conversation("A name that the account hides or denies is refused by that field", {
  account: { deny: ["*.exe"] },
}, async ({ ftp, event }) => {
  await ftp.expect("MKD x.exe", 550);
  assertEquals((await event("refused")).field, "deny");
});

conversation("A right that no rule gives has no rule in its event", {
  account: { rules: rulesOf(["/in", "rw"]) },
}, async ({ ftp, event }) => {
  await ftp.expect("MKD new", 550);
  const { rule, right, path } = await event("refused");
  assertEquals([rule, right, path], [undefined, "mkdir", "/new"]);
});

conversation("Lines that are not commands, and commands before the login, are refusals as well", {
  login: false,
}, async ({ ftp, events }) => {
  await ftp.expect("RETR secret", 530);
  await ftp.expect("PASS early", 503);
  await ftp.sendRaw("ABC\0\r\n");
  await ftp.expectReply(500);
  assertEquals(refusals(events).map(({ line, reason, cwd }) => [line, reason, cwd]), [
    ["RETR secret", "login", undefined],
    ["PASS ***", "sequence", undefined],
    [undefined, "badLine", undefined],
  ]);
});

conversation("A failed login is one event, with its reason and what protects it", { login: false }, async (stage) => {
  const { ftp, events } = stage;
  await ftp.expect("USER demo", 331);
  await ftp.expect("PASS wrong", 530);
  await ftp.expect("USER who", 331);
  await ftp.expect("PASS wrong", 530);
  await ftp.login();
  const logins = events.filter((event) => event.type === "login");
  assertEquals(logins.map(({ name, ok, reason }) => [name, ok, reason]), [
    ["demo", false, "password"],
    ["who", false, "unknown"],
    ["demo", true, undefined],
  ]);
  const secure = stage.server.sessions()[0]?.secure ?? false;
  for (const { protection } of logins) assertMatch(protection, secure ? /^TLSv1\.[23]$/ : /^clear$/);
  assertEquals(refusals(events), []);
});

tlsConversation("USER in clear is refused for want of TLS where that is required", {
  login: false,
  tls: { login: "required" },
}, async ({ ftp, event }) => {
  await ftp.expect("USER demo", 530);
  const { reason, line } = await event("refused");
  assertEquals([reason, line], ["tls", "USER demo"]);
});

plainConversation("A command that the embedding program refuses says so", {
  login: false,
  options: { before: ({ verb }) => verb === "NOOP" ? { code: 550, text: "Not today" } : undefined },
}, async ({ ftp, event }) => {
  await ftp.expect("NOOP", 550);
  const { reason, reply } = await event("refused");
  assertEquals([reason, reply], ["hook", "Not today"]);
});

/** Files that the system does not let the process read, and a disk that is full. */
class RefusingVfs extends MemoryVfs {
  override openRead(path: VirtualPath): Promise<FileSource> {
    const cause = Object.assign(new Deno.errors.PermissionDenied(`Permission denied: open '/srv${path}'`), {
      code: "EACCES",
    });
    return Promise.reject(new VfsError("denied", `Cannot read "${path}"`, { cause }));
  }
}

conversation("A right that the process lacks has the code of the system and the real path", {
  vfs: () => new RefusingVfs({ files: { "/a": "a" } }),
}, async ({ ftp, event }) => {
  await ftp.expect("EPSV", 229);
  assertEquals((await ftp.expect("RETR a", 550)).text.includes("/srv"), false);
  const { reason, system, error } = await event("refused");
  assertEquals([reason, system], ["disk", "EACCES"]);
  assertStringIncludes(String((error as Error).cause), "/srv/a");
});

plainConversation("A transfer that fails is one event, and its quota is its reason", {
  account: { quota: 1000 },
}, async ({ ftp, events, event }) => {
  const data = await ftp.passive();
  await ftp.expect("STOR big", 150);
  await data.write(new Uint8Array(5000));
  await data.closeWrite();
  await ftp.expectReply(552);
  data.close();
  const { reason, error } = await event("transfer");
  assertEquals(reason, "quota");
  assertEquals(error instanceof VfsError, true);
  assertEquals(refusals(events), []);
});
