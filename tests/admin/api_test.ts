import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import * as v from "valibot";
import { OPERATIONS } from "../../lib/admin/operations.ts";
import { Wire } from "../helpers/wire.ts";
import { ALICE } from "../clients/server_under_test.ts";
import { AdminUnderTest, type AskOptions } from "./admin_under_test.ts";

async function logIn(port: number, user = ALICE.user, password = ALICE.password): Promise<Wire> {
  const wire = await Wire.connect(port);
  await wire.expectReply(220);
  await wire.login(user, password);
  return wire;
}

/** The answer of an operation, which must have the form that the document says. */
async function asked<T = Record<string, unknown>>(
  admin: AdminUnderTest,
  line: string,
  { status = 200, ...options }: AskOptions & { readonly status?: number } = {},
): Promise<T> {
  const answer = await admin.ask(line, options);
  assertEquals(answer.status, status, JSON.stringify(answer.json));
  const path = (line.split("?")[0] ?? "").split("/");
  const shape = OPERATIONS.find(({ route }) => {
    const pattern = route.split("/");
    return pattern.length === path.length &&
      pattern.every((part, index) => part.startsWith(":") || part === path[index]);
  });
  if (status === 200 && shape?.answer) v.parse(shape.answer, answer.json);
  // The form has been checked.
  return answer.json as T;
}

interface Listed {
  readonly sessions: readonly {
    readonly id: string;
    readonly user?: string;
    readonly lastCommand: string;
    readonly transfer?: { readonly verb: string; readonly bytes: number };
  }[];
}

for (const workers of [1, 2]) {
  Deno.test(`the API lists sessions and transfers, and ends them, with ${workers} event loop(s)`, async () => {
    await using admin = await AdminUnderTest.start({ workers });
    const { port, root } = admin.server;
    await Deno.writeFile(`${root}/big`, new Uint8Array(64 * 1024 * 1024));
    await using stays = await logIn(port);
    await using ends = await logIn(port);
    await stays.expect("TYPE I", 200);
    await ends.expect("TYPE I", 200);
    const data = await ends.begin("RETR big");
    const { sessions } = await asked<Listed>(admin, "GET /api/sessions");
    assertEquals(sessions.map(({ user }) => user), ["alice", "alice"]);
    const busy = sessions.find(({ transfer }) => transfer !== undefined);
    assertEquals(busy?.transfer?.verb, "RETR");
    const { transfers } = await asked<{ transfers: readonly { session: string }[] }>(admin, "GET /api/transfers");
    assertEquals(transfers.map(({ session }) => session), [busy?.id]);
    const { sessions: counts } = await asked<{ sessions: unknown }>(admin, "GET /api/overview");
    assertEquals(counts, { all: 2, loggedIn: 2, secure: 0 });
    await asked(admin, "DELETE /api/sessions/999-999", { status: 404 });
    await asked(admin, `DELETE /api/sessions/${busy?.id}?text=Lunch%0d%0a220%20hi`, { status: 400 });
    await asked(admin, `DELETE /api/sessions/${busy?.id}?text=Time%20for%20lunch`);
    data.close();
    await ends.expectReply(426);
    assertEquals((await ends.reply()).lines, ["421 Time for lunch"]);
    await stays.expect("NOOP", 200);
    assertEquals(await asked(admin, "POST /api/sessions/end", { body: { user: "alice" } }), { ended: 1 });
    assertEquals((await stays.reply()).lines, ["421 Disconnected by an administrator"]);
  });

  Deno.test(`the API shuts an address out and lets it in again, with ${workers} event loop(s)`, async () => {
    await using admin = await AdminUnderTest.start({ workers, flags: ["--ban-after", "1000"] });
    const { port } = admin.server;
    await using ends = await logIn(port);
    const body = { address: "127.0.0.1", seconds: 400 * 86_400 };
    await asked(admin, "POST /api/bans", { body, status: 400 });
    const made = await asked<{ ended: number; ban: { since: number; until: number } }>(admin, "POST /api/bans", {
      body: { ...body, seconds: 40 * 86_400, reason: "a scan" },
    });
    assertEquals([made.ended, made.ban.until - made.ban.since], [1, 40 * 86_400_000]);
    assertEquals((await ends.reply()).lines, ["421 Your address is shut out"]);
    await using refused = await Wire.connect(port);
    assertEquals((await refused.reply()).code, 421);
    const { bans } = await asked<{ bans: readonly { address: string; reason: string }[] }>(admin, "GET /api/bans");
    assertEquals(bans.map(({ address, reason }) => [address, reason]), [["127.0.0.1", "a scan"]]);
    await asked(admin, "DELETE /api/bans/127.0.0.1");
    await asked(admin, "DELETE /api/bans/127.0.0.1", { status: 404 });
    await using again = await logIn(port);
    await again.expect("NOOP", 200);
  });

  Deno.test(`the API tells how much of its quota an account uses, if asked, with ${workers} event loop(s)`, async () => {
    await using admin = await AdminUnderTest.start({
      workers,
      accounts: [{ ...ALICE, flags: ["--quota", "10 KiB"] }, { user: "bob", password: "wonder-land.8" }],
    });
    const { port, root } = admin.server;
    await Deno.writeFile(`${root}/before`, new Uint8Array(3_000));
    type Shown = { readonly name: string; readonly usage?: { readonly bytes: number; readonly limit: number } };
    const used = async () => {
      const { accounts } = await asked<{ accounts: readonly Shown[] }>(admin, "GET /api/accounts?usage=true");
      return Object.fromEntries(accounts.map(({ name, usage }) => [name, usage]));
    };
    // Counted for the answer: nobody has uploaded anything yet.
    assertEquals(await used(), { alice: { bytes: 3_000, limit: 10_240 }, bob: undefined });
    await using wire = await logIn(port);
    await wire.expect("TYPE I", 200);
    await wire.upload("STOR more", new Uint8Array(4_000));
    assertEquals(await used(), { alice: { bytes: 7_000, limit: 10_240 }, bob: undefined });
    const { usage } = await asked<Shown>(admin, "GET /api/accounts/alice?usage=true");
    assertEquals(usage, { bytes: 7_000, limit: 10_240 });
    assertEquals((await asked<Shown>(admin, "GET /api/accounts/alice")).usage, undefined);
  });

  Deno.test(`the API changes accounts, from the next login on, with ${workers} event loop(s)`, async () => {
    await using admin = await AdminUnderTest.start({ workers });
    const { port } = admin.server;
    const body = { name: "bob", password: "a long password", root: "./root", permissions: "ro" };
    const added = await admin.ask("POST /api/accounts", { body });
    assertEquals(added.status, 200, JSON.stringify(added.json));
    assertEquals([added.json["name"], added.json["state"]], ["bob", "enabled"]);
    assertEquals(added.json["fields"], { root: "./root", permissions: "ro" });
    await asked(admin, "POST /api/accounts", { body, status: 409 });
    await using bob = await logIn(port, "bob", "a long password");
    await bob.expect("MKD x", 550);
    const version = added.headers.get("etag") ?? "";
    const change = { body: { permissions: "rw", comment: null }, headers: { "if-match": version } };
    await asked(admin, "PATCH /api/accounts/bob?endSessions=true", change);
    assertEquals((await bob.reply()).code, 421);
    await asked(admin, "PATCH /api/accounts/bob", { ...change, status: 412 });
    await using again = await logIn(port, "bob", "a long password");
    await again.expect("MKD x", 257);
    await asked(admin, "PATCH /api/accounts/bob", { body: { quota: "10 XiB" }, status: 400 });
    await asked(admin, "PATCH /api/accounts/bob", { body: { root: null }, status: 422 });
    await asked(admin, "PATCH /api/accounts/nobody", { body: { quota: 1 }, status: 404 });
    await asked(admin, "DELETE /api/accounts/bob");
    assertEquals((await again.reply()).lines, ["421 This account is closed"]);
    await asked(admin, "GET /api/accounts/bob", { status: 404 });
    const { accounts } = await asked<{ accounts: readonly { name: string }[] }>(admin, "GET /api/accounts");
    assertEquals(accounts.map(({ name }) => name), ["alice"]);
    assert(!(await admin.ask("GET /api/accounts")).json["accounts"]?.toString().includes("$scrypt"));
  });

  Deno.test(`the API reports events as they happen, with ${workers} event loop(s)`, async () => {
    await using admin = await AdminUnderTest.start({ workers });
    const wanted = "types=login,transfer,command&user=alice";
    const response = await fetch(`${admin.origin}/api/events?${wanted}`, {
      headers: { authorization: `Bearer ${admin.token}` },
    });
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await reader.read()).value, ":\n\n");
    await using wire = await logIn(admin.server.port);
    await wire.expect("NOOP", 200);
    let text = "";
    while (!text.includes("NOOP")) text += (await reader.read()).value ?? "";
    const [login = ""] = text.split("\n\n");
    assertMatch(login, /^event: login\ndata: \{/);
    const { ok, user, level, message } = JSON.parse(login.replace(/^.*\n?data: /s, ""));
    assertEquals([ok, user, level], [true, "alice", "info"]);
    assertStringIncludes(message, "Logged in");
    await reader.cancel();
    await asked(admin, "GET /api/events?types=logins", { status: 400 });
  });
}

Deno.test("the API tells settings with their sources, certificates with their days, and nothing secret", async () => {
  await using admin = await AdminUnderTest.start({ tls: true, flags: ["--banner", "ftp://me:secret@host/"] });
  const { settings } = await asked<{ settings: readonly { name: string; value: string; origin: string }[] }>(
    admin,
    "GET /api/config",
  );
  const banner = settings.find(({ name }) => name === "banner");
  assertEquals([banner?.value, banner?.origin], ["ftp://***@host/", "flag --banner"]);
  const { certificates } = await asked<{ certificates: readonly { names: string[]; daysLeft: number }[] }>(
    admin,
    "GET /api/certificates",
  );
  assertEquals(certificates.map(({ names }) => names.includes("localhost")), [true]);
  assert((certificates[0]?.daysLeft ?? 0) > 0);
  const about = await asked<{ caller: unknown }>(admin, "GET /api/about");
  assertEquals(about.caller, { name: "token", means: "token", roles: ["view", "sessions", "accounts", "config"] });
});

Deno.test("the API reloads like SIGHUP, and drains like SIGTERM", async () => {
  await using admin = await AdminUnderTest.start();
  const { server } = admin;
  await asked(admin, "POST /api/reload");
  await server.untilLogged(/Reloaded 1 account from/);
  await using wire = await logIn(server.port);
  await asked(admin, "POST /api/drain");
  assertEquals((await wire.reply()).code, 421);
  await server.untilLogged(/Stopped by request/);
});

Deno.test("the API takes no request without the token, nor one with a wrong one", async () => {
  await using admin = await AdminUnderTest.start();
  for (const { route } of OPERATIONS) {
    const line = route.replace(/:\w+/, "x");
    assertEquals((await admin.ask(line, { withToken: false })).status, 401, line);
    const headers = { authorization: `Bearer ${admin.token.slice(1)}0` };
    assertEquals((await admin.ask(line, { withToken: false, headers })).status, 401, line);
  }
});

Deno.test("the API serves its own document", async () => {
  await using admin = await AdminUnderTest.start();
  const { json } = await admin.ask("GET /api/openapi.json");
  assertEquals(json, JSON.parse(await Deno.readTextFile(new URL("../../docs/openapi.json", import.meta.url))));
});
