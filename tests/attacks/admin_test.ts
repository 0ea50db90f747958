/**
 * Attacks on the listener of `--admin`: from pages, from programs of the machine without the token, and by guessing.
 * Each is refused, and what the server is for goes on beside it.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { AdminUnderTest } from "../admin/admin_under_test.ts";
import { ALICE } from "../clients/server_under_test.ts";
import { hashPassword } from "../../lib/auth/password.ts";
import { OLD_RUNTIME } from "../helpers/old_runtime.ts";
import { Wire } from "../helpers/wire.ts";
import { residentMiB } from "../soak/proc.ts";
import { LONG, report, rounds } from "./stage.ts";

/** Sends text to the listener, and resolves to all that comes back until it closes. */
async function exchange(admin: AdminUnderTest, text: string | Uint8Array): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(admin.origin).port) });
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  let answer = "";
  const reading = (async () => {
    const buffer = new Uint8Array(65_536);
    for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
      answer += new TextDecoder().decode(buffer.subarray(0, count));
    }
  })();
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  } catch {
    // It has been answered and closed before the end.
  }
  await reading.catch(() => {});
  return answer;
}

function request(admin: AdminUnderTest, line: string, fields: Readonly<Record<string, string>>, body = ""): string {
  const all = { host: new URL(admin.origin).host, connection: "close", ...fields };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `${line} HTTP/1.1\r\n${head}content-length: ${body.length}\r\n\r\n${body}`;
}

/** Somebody who has done nothing still gets their replies, and their session is still the only one. */
async function assertUnharmed(admin: AdminUnderTest, wire: Wire): Promise<void> {
  await wire.expect("NOOP", 200);
  const { json } = await admin.ask("GET /api/sessions");
  assertEquals((json["sessions"] as readonly unknown[]).length, 1);
}

async function logIn(admin: AdminUnderTest): Promise<Wire> {
  const wire = await Wire.connect(admin.server.port);
  await wire.expectReply(220);
  await wire.login(ALICE.user, ALICE.password);
  return wire;
}

const TOKEN = (admin: AdminUnderTest) => ({ authorization: `Bearer ${admin.token}` });

Deno.test("pages of others change nothing through a browser on the machine, even with a cookie", async () => {
  await using admin = await AdminUnderTest.start();
  await using wire = await logIn(admin);
  const { headers } = await admin.ask("POST /api/login");
  const cookie = headers.get("set-cookie") ?? "";
  assertMatch(cookie, /^denoftpd=[\w-]{43}=?; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
  const session = { cookie: cookie.split(";")[0] ?? "" };
  const own = await exchange(admin, request(admin, "GET /api/about", session));
  assertMatch(own, /^HTTP\/1\.1 200 /);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const tries: [string, Record<string, string>, number][] = [
    ["DNS rebinding", { ...session, host: "evil.example" }, 403],
    ["DNS rebinding with the port", { ...session, host: `evil.example:${new URL(admin.origin).port}` }, 403],
    ["a foreign origin", { ...session, origin: "http://evil.example" }, 403],
    ["another port of the machine", { ...session, origin: "http://127.0.0.1:1" }, 403],
    ["a sandboxed page", { ...session, origin: "null" }, 403],
    ["another site, by an image", { ...session, "sec-fetch-site": "cross-site" }, 403],
    ["another host of the domain", { ...session, "sec-fetch-site": "same-site" }, 403],
    ["a form of an old browser", { ...session, ...form }, 415],
    ["text, which needs no question", { ...session, "content-type": "text/plain" }, 415],
    ["two hosts", { ...session, host: "127.0.0.1, evil.example" }, 400],
  ];
  for (const [what, fields, status] of tries) {
    const answer = await exchange(admin, request(admin, "POST /api/sessions/end", fields, '{"user":"alice"}'));
    assertMatch(answer, new RegExp(`^HTTP/1\\.1 ${status} `), what);
  }
  await assertUnharmed(admin, wire);
});

Deno.test("no path leads past the check of who is asking, nor to a file of the server", async () => {
  await using admin = await AdminUnderTest.start();
  await using wire = await logIn(admin);
  const paths = [
    ...["/api/sessions", "//api/sessions", "/api//sessions", "/api/./sessions", "/api/x/../sessions", "/API/sessions"],
    ...["/api/sessions/", "/api/sessions?x=/", "/api/sessions;x", "/api/sessions%2f1", "/%61pi/sessions", "/api/%00"],
    ...[
      "/../../etc/passwd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/..%2f..%2fetc/passwd",
      "/....//etc/passwd",
      "/\\etc\\passwd",
    ],
  ];
  for (const path of paths) {
    const answer = await exchange(admin, request(admin, `GET ${path}`, {}));
    assertMatch(answer, /^HTTP\/1\.1 (400|401|404|405) /, path);
    assert(!/root:|alice|127\.0\.0\.1:\d+-/.test(answer), path);
  }
  for (const method of ["TRACE", "CONNECT", "PROPFIND", "GET\t"]) {
    const answer = await exchange(admin, request(admin, `${method} /api/sessions`, {}));
    assert(!/^HTTP\/1\.1 2/.test(answer), method);
  }
  await assertUnharmed(admin, wire);
});

Deno.test("guessing tokens and passwords is refused, slowed and counted", async () => {
  const users = await Deno.makeTempFile({ prefix: "denoftpd-admins-" });
  try {
    const password = await hashPassword("the right one", { ln: 1 });
    await Deno.writeTextFile(users, JSON.stringify({ users: [{ name: "ann", password, roles: ["view"] }] }));
    await Deno.chmod(users, 0o600);
    await using admin = await AdminUnderTest.start({
      flags: ["--admin-users", users, "--ban-after", "5"],
      readable: [users],
      logLevel: "info",
    });
    const guesses = rounds({ short: 50, long: 2_000 });
    for (let guess = 0; guess < guesses; guess++) {
      const headers = { authorization: `Bearer ${String(guess).padStart(64, "0")}` };
      assertEquals((await admin.ask("GET /api/about", { withToken: false, headers })).status, 401);
    }
    // The log has a line a second at most, and all are counted in it.
    const lines = admin.server.log().split("\n").filter((line) => line.includes("The token is wrong"));
    assert(lines.length < guesses / 2, `${lines.length} lines`);
    const log = async (name: string, secret: string): Promise<number> => {
      const body = { name, password: secret };
      return (await admin.ask("POST /api/login", { withToken: false, body })).status;
    };
    assertEquals(await log("ann", "the right one"), 200);
    const statuses = await Promise.all(Array.from({ length: 8 }, (_, each) => log("ann", `wrong ${each}`)));
    assertEquals(statuses.toSorted(), [401, 401, 401, 401, 401, 429, 429, 429]);
    assertEquals(await log("ann", "the right one"), 429);
    // By FTP, too; the token still opens what it opens.
    await using refused = await Wire.connect(admin.server.port);
    assertEquals((await refused.reply()).code, 421);
    const { json } = await admin.ask("GET /api/bans");
    assertMatch(JSON.stringify(json), /"reason":"failed logins at the admin interface"/);
    report("guessing", { guesses, lines: lines.length });
  } finally {
    await Deno.remove(users);
  }
});

Deno.test("a user has the roles of the file and no others", async () => {
  const users = await Deno.makeTempFile({ prefix: "denoftpd-admins-" });
  try {
    const password = await hashPassword("the right one", { ln: 1 });
    await Deno.writeTextFile(users, JSON.stringify({ users: [{ name: "ann", password, roles: ["view"] }] }));
    await Deno.chmod(users, 0o600);
    await using admin = await AdminUnderTest.start({ flags: ["--admin-users", users], readable: [users] });
    const body = { name: "ann", password: "the right one" };
    const { json, headers } = await admin.ask("POST /api/login", { withToken: false, body });
    assertEquals(json, { name: "ann", roles: ["view"] });
    const cookie = (headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const asAnn = { withToken: false, headers: { cookie } };
    assertEquals((await admin.ask("GET /api/sessions", asAnn)).status, 200);
    for (
      const line of ["DELETE /api/sessions/1", "POST /api/reload", "POST /api/drain", "DELETE /api/accounts/alice"]
    ) {
      assertEquals((await admin.ask(line, asAnn)).status, 403, line);
    }
    await Deno.writeTextFile(users, JSON.stringify({ users: [] }));
    assertEquals((await admin.ask("POST /api/reload")).status, 200);
    assertEquals((await admin.ask("GET /api/sessions", asAnn)).status, 401);
    assertEquals((await admin.ask("POST /api/logout", asAnn)).status, 200);
  } finally {
    await Deno.remove(users);
  }
});

Deno.test("large bodies hold neither memory nor the sessions of others", async () => {
  await using admin = await AdminUnderTest.start({ logLevel: "info" });
  await using wire = await logIn(admin);
  const before = residentMiB(admin.server.pid);
  const body = "x".repeat(10 * 1024 * 1024);
  const json = { "content-type": "application/json" };
  for (let round = 0; round < rounds({ short: 4, long: 40 }); round++) {
    const stranger = await exchange(admin, request(admin, "POST /api/bans", json, body));
    assertMatch(stranger, /^HTTP\/1\.1 401 /);
    const known = await exchange(admin, request(admin, "POST /api/bans", { ...json, ...TOKEN(admin) }, body));
    assertMatch(known, /^HTTP\/1\.1 413 /);
  }
  const grown = residentMiB(admin.server.pid) - before;
  if (LONG) report("bodies and headers", { "MiB grown": grown });
  assert(grown < 150, `${grown} MiB more`);
  await assertUnharmed(admin, wire);
});

Deno.test({
  name: "slow headers are cut off, and of one address there are so many and no more",
  // docs/deploy.md: a runtime before 2.9 waits for them.
  ignore: OLD_RUNTIME,
  async fn() {
    await using admin = await AdminUnderTest.start({ logLevel: "info" });
    await using wire = await logIn(admin);
    // As many as an address may have, and more: those are closed at once.
    const port = Number(new URL(admin.origin).port);
    const slow = await Promise.all(Array.from({ length: 80 }, () => Deno.connect({ hostname: "127.0.0.1", port })));
    try {
      const half = new TextEncoder().encode("GET /api/sessions HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ");
      await Promise.all(slow.map((each) => each.write(half).catch(() => {})));
      await wire.expect("NOOP", 200);
      const ends = await Promise.all(slow.map((each) => new Response(each.readable).text().catch(() => "reset")));
      // The others were told that it took too long.
      const late = ends.filter((text) => text.startsWith("HTTP/1.1 408 ")).length;
      assert(late > 0 && late <= 64, `${late} were answered 408`);
    } finally {
      for (const each of slow) {
        try {
          each.close();
        } catch {
          // Its stream has closed it.
        }
      }
    }
    await assertUnharmed(admin, wire);
  },
});
