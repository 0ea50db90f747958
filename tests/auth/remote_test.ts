import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Account, createAccount, MemoryAccounts } from "../../lib/auth/accounts.ts";
import { type LoginAttempt, PasswordAuthenticator } from "../../lib/auth/authenticator.ts";
import { accountFrom } from "../../lib/auth/remote/account.ts";
import { type Backend, type BackendAnswer, BackendDown, RememberingBackend } from "../../lib/auth/remote/backend.ts";
import { ChainAuthenticator } from "../../lib/auth/remote/chain.ts";
import { HttpBackend } from "../../lib/auth/remote/http.ts";
import { escapeFilter } from "../../lib/auth/remote/ldap.ts";
import { parseAccess } from "../../lib/vfs/access_rules.ts";
import { plainConversation } from "../helpers/server.ts";

const RULES = [{ path: "/", ...parseAccess("rw") }];

function account(name: string, fields: Partial<Account> = {}): Account {
  return createAccount({ name, rootPath: "/", rules: RULES, ...fields });
}

function attempt(name: string, password = "right", fields: Partial<LoginAttempt> = {}): LoginAttempt {
  return { name, password, address: "192.0.2.1", secure: false, ...fields };
}

/** A backend that a test answers for. */
class Scripted implements Backend {
  readonly name = "the test";
  readonly asked: string[] = [];
  answer: () => BackendAnswer | Promise<BackendAnswer>;

  constructor(answer: () => BackendAnswer | Promise<BackendAnswer>) {
    this.answer = answer;
  }

  async ask({ name, password }: LoginAttempt): Promise<BackendAnswer> {
    this.asked.push(`${name}:${password}`);
    return await this.answer();
  }
}

function down(): never {
  throw new Error("Connection refused");
}

/** A remembering backend, its clock, and what it reported. */
function remembering(backend: Backend, timeout = 5_000) {
  const clock = { now: 1_000_000 };
  const changes: string[] = [];
  const remembered = new RememberingBackend(backend, {
    fresh: 60_000,
    stale: 600_000,
    timeout,
    onChange: (error) => changes.push(error === undefined ? "up" : "down"),
    now: () => clock.now,
  });
  return { remembered, clock, changes };
}

Deno.test("RememberingBackend asks once within the time, and each time about a wrong password", async () => {
  const backend = new Scripted(() => account("ann"));
  const { remembered, clock } = remembering(backend);
  for (let time = 0; time < 3; time++) await remembered.check(attempt("ann"));
  assertEquals(backend.asked, ["ann:right"]);
  clock.now += 60_000;
  await remembered.check(attempt("ann"));
  assertEquals(backend.asked.length, 2);
  backend.answer = () => "wrong";
  for (let time = 0; time < 2; time++) assertEquals(await remembered.check(attempt("ann", "guess")), "wrong");
  assertEquals(backend.asked.length, 4);
});

Deno.test("RememberingBackend goes on with known logins while it is down, and reports it once", async () => {
  const backend = new Scripted(() => account("ann"));
  const { remembered, clock, changes } = remembering(backend);
  await remembered.check(attempt("ann"));
  backend.answer = down;
  clock.now += 61_000;
  for (let time = 0; time < 3; time++) assertEquals((await remembered.check(attempt("ann")) as Account).name, "ann");
  await assertRejects(async () => await remembered.check(attempt("ann", "other")), BackendDown);
  assertEquals([backend.asked.length, changes], [2, ["down"]]);
  clock.now += 540_000;
  await assertRejects(async () => await remembered.check(attempt("ann")), BackendDown);
  backend.answer = () => account("ann");
  clock.now += 3_000;
  await remembered.check(attempt("ann"));
  assertEquals(changes, ["down", "up"]);
});

Deno.test("RememberingBackend forgets a login that is refused now", async () => {
  const backend = new Scripted(() => account("ann"));
  const { remembered, clock } = remembering(backend);
  await remembered.check(attempt("ann"));
  clock.now += 61_000;
  backend.answer = () => "wrong";
  assertEquals(await remembered.check(attempt("ann")), "wrong");
  backend.answer = down;
  await assertRejects(async () => await remembered.check(attempt("ann")), BackendDown);
});

Deno.test("RememberingBackend does not wait for a backend that hangs, nor ask it again at once", async () => {
  const backend = new Scripted(() => new Promise(() => {}));
  const { remembered } = remembering(backend, 20);
  await assertRejects(async () => await remembered.check(attempt("ann")), BackendDown, "within 20 ms");
  await assertRejects(async () => await remembered.check(attempt("bob")), BackendDown, "a moment ago");
  assertEquals(backend.asked.length, 1);
});

function chain(...backends: readonly Backend[]): ChainAuthenticator {
  return chainOf(backends.map((backend) => remembering(backend, 500).remembered));
}

function chainOf(backends: readonly RememberingBackend[]): ChainAuthenticator {
  const accounts = new MemoryAccounts([account("local")]);
  const authenticator = new PasswordAuthenticator(accounts, {
    verify: (password) => Promise.resolve(password === "right"),
  });
  return new ChainAuthenticator({ accounts, authenticator, backends });
}

Deno.test("ChainAuthenticator asks the file, then the first backend that knows the name", async () => {
  const first = new Scripted(() => "unknown");
  const second = new Scripted(() => account("ann"));
  const logins = chain(first, second);
  assertEquals((await logins.authenticate(attempt("local", "guess"))).ok, false);
  assertEquals([first.asked, second.asked], [[], []]);
  assertEquals((await logins.authenticate(attempt("ann"))).ok, true);
  assertEquals([first.asked, second.asked], [["ann:right"], ["ann:right"]]);
  first.answer = () => "wrong";
  assertEquals(await logins.authenticate(attempt("bob")), { ok: false, reason: "password" });
  assertEquals(second.asked.length, 1);
  [first, second].forEach((backend) => backend.answer = () => "unknown");
  assertEquals(await logins.authenticate(attempt("carl")), { ok: false, reason: "unknown" });
});

Deno.test("ChainAuthenticator asks none after one that is down, nor about an empty password", async () => {
  const first = new Scripted(down);
  const second = new Scripted(() => account("ann"));
  const logins = chain(first, second);
  assertEquals(await logins.authenticate(attempt("ann")), { ok: false, reason: "backend" });
  assertEquals((await logins.authenticate(attempt("ann", ""))).ok, false);
  assertEquals([first.asked.length, second.asked.length], [1, 0]);
});

Deno.test("ChainAuthenticator refuses what the account of a backend forbids", async () => {
  const backend = new Scripted(() => account("ann", { tls: "required" }));
  assertEquals(await chain(backend).authenticate(attempt("ann")), { ok: false, reason: "tls" });
  assertEquals((await chain(backend).authenticate(attempt("ann", "right", { secure: true }))).ok, true);
});

const hanging = chain(new Scripted(() => new Promise(() => {})));
plainConversation(
  "A login whose backend does not answer keeps nobody waiting and is answered 421",
  { login: false, options: { authenticator: { authenticate: (login) => hanging.authenticate(login) } } },
  async ({ ftp, connect, event }) => {
    await ftp.expect("USER ann", 331);
    await ftp.send("PASS right");
    const other = await connect();
    await other.expect("NOOP", 200);
    await other.expect("USER local", 331);
    await other.expect("PASS guess", 530);
    assertEquals((await ftp.reply()).code, 421);
    assertEquals((await event("login", ({ name }) => name === "ann")).reason, "backend");
  },
);

Deno.test("accountFrom takes the fields of the accounts file, and says what is wrong", () => {
  const made = accountFrom({ root: "/srv/ftp/%u", permissions: "rw", quota: "1 MiB" }, { name: "ann", source: "x" });
  assertEquals([made.name, made.rootPath, made.quota, made.passwordHash], ["ann", "/srv/ftp/ann", 1048576, undefined]);
  for (
    const [fields, message] of [
      [[], "not an object"],
      [{ root: "/srv" }, 'field "permissions"'],
      [{ name: "bob", root: "/srv", permissions: "rw" }, "another name"],
      [{ password: "x", root: "/srv", permissions: "rw" }, 'a field "password"'],
    ] as const
  ) {
    assertThrows(() => accountFrom(fields, { name: "ann", source: "x" }), BackendDown, message);
  }
  for (const name of ["..", "a/b", ".", ""]) {
    assertThrows(() => accountFrom({ root: "/srv/%u", permissions: "rw" }, { name, source: "x" }), BackendDown);
  }
});

Deno.test("HttpBackend posts the login, and judges by the status", async () => {
  const seen: unknown[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const body = await request.json();
    seen.push(body);
    if (body.name === "moved") return Response.redirect("http://127.0.0.1:9/", 307);
    if (body.name === "large") return new Response("x".repeat(70_000));
    if (body.name === "ann") return Response.json({ root: "/srv/%u", permissions: "ro" });
    return new Response(null, { status: Number(body.name) });
  });
  const backend = new HttpBackend(new URL(`http://127.0.0.1:${server.addr.port}/login`));
  const ask = (name: string) => backend.ask(attempt(name), new AbortController().signal);
  assertEquals((await ask("ann") as Account).rootPath, "/srv/ann");
  assertEquals(seen[0], { name: "ann", password: "right", address: "192.0.2.1", tls: false });
  assertEquals([await ask("401"), await ask("404")], ["wrong", "unknown"]);
  for (const name of ["500", "204", "403", "large", "moved"]) await assertRejects(() => ask(name));
});

Deno.test("escapeFilter leaves nothing that a filter could take for its own", () => {
  assertEquals(escapeFilter("ann.b-c_d@e"), "ann.b-c_d@e");
  assertEquals(escapeFilter("*)(uid=*"), "\\2a\\29\\28uid\\3d\\2a");
  assertEquals(escapeFilter("ä\0\\"), "\\c3\\a4\\00\\5c");
});
