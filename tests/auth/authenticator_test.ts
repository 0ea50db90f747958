import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { type Account, type AccountsStore, createAccount, MemoryAccounts } from "../../lib/auth/accounts.ts";
import { type AuthenticatorOptions, type AuthResult, PasswordAuthenticator } from "../../lib/auth/authenticator.ts";
import { hashPassword } from "../../lib/auth/password.ts";
import { parseNetwork } from "../../lib/net/ip.ts";

const NOW = 1_700_000_000_000;

function accountOf(name: string, more: Partial<Account> = {}): Account {
  const passwordHash = name === "anonymous" ? {} : { passwordHash: `hash of ${name}` };
  return createAccount({ name, rootPath: "/srv", rules: [], ...passwordHash, ...more });
}

/** A stand-in for scrypt that counts: the password of a hash is the hash itself. */
function authenticatorOf(store: AccountsStore, options: AuthenticatorOptions = {}) {
  const checks: [string, string][] = [];
  const clock = { now: NOW };
  const authenticator = new PasswordAuthenticator(store, {
    now: () => clock.now,
    verify: (password, encoded) => {
      checks.push([password, encoded]);
      return Promise.resolve(password === encoded);
    },
    ...options,
  });
  const login = (name: string, password = `hash of ${name}`, more: { address?: string; secure?: boolean } = {}) =>
    authenticator.authenticate({ name, password, address: "192.0.2.1", secure: false, ...more });
  return { login, checks, clock };
}

function reasonOf(result: AuthResult): string {
  return result.ok ? "ok" : result.reason;
}

Deno.test("PasswordAuthenticator checks real hashes", async () => {
  const passwordHash = await hashPassword("secret", { ln: 4 });
  const store = new MemoryAccounts([accountOf("bob", { passwordHash })]);
  const authenticator = new PasswordAuthenticator(store);
  const attempt = { name: "bob", password: "secret", address: "::1", secure: false };
  const result = await authenticator.authenticate(attempt);
  assert(result.ok);
  assertEquals(result.account.name, "bob");
  assertEquals(reasonOf(await authenticator.authenticate({ ...attempt, password: "Secret" })), "password");
});

Deno.test("PasswordAuthenticator says why it refuses", async () => {
  const network = parseNetwork("198.51.100.0/24");
  assert(network !== undefined);
  const { login } = authenticatorOf(
    new MemoryAccounts([
      accountOf("bob"),
      accountOf("off", { enabled: false }),
      accountOf("old", { validUntil: NOW }),
      accountOf("young", { validUntil: NOW + 1 }),
      accountOf("far", { allowFrom: [network] }),
      accountOf("safe", { tls: "required" }),
    ]),
  );
  const cases: [string, string | undefined, string][] = [
    ["bob", undefined, "ok"],
    ["bob", "wrong", "password"],
    ["bob", "", "password"],
    ["Bob", undefined, "unknown"],
    ["nobody", "x", "unknown"],
    ["off", undefined, "disabled"],
    ["off", "wrong", "password"],
    ["old", undefined, "expired"],
    ["young", undefined, "ok"],
    ["far", undefined, "address"],
    ["safe", undefined, "tls"],
    ["safe", "wrong", "password"],
  ];
  for (const [name, password, reason] of cases) assertEquals(reasonOf(await login(name, password)), reason, name);
  assertEquals(reasonOf(await login("far", undefined, { address: "198.51.100.9" })), "ok");
  assertEquals(reasonOf(await login("safe", undefined, { secure: true })), "ok");
});

Deno.test("PasswordAuthenticator takes any password for anonymous, at once", () => {
  const { login, checks } = authenticatorOf(new MemoryAccounts([accountOf("anonymous", { tls: "required" })]));
  for (const name of ["anonymous", "ftp", "FTP", "Anonymous"]) {
    const result = login(name, "", { secure: true });
    assert(!(result instanceof Promise));
    assertEquals(reasonOf(result), "ok");
  }
  const refused = login("ftp", "me@example.org");
  assert(!(refused instanceof Promise));
  assertEquals(reasonOf(refused), "tls");
  assertEquals(checks, []);
});

Deno.test("PasswordAuthenticator does the same work for an unknown name", async () => {
  const { login, checks } = authenticatorOf(new MemoryAccounts([accountOf("bob"), accountOf("alice")]));
  await login("nobody", "x");
  await login("nobody", "x");
  assertEquals(checks.length, 2);
  assert(["hash of bob", "hash of alice"].includes(checks[0]?.[1] ?? ""));
  assertEquals(checks[0], checks[1], "the same name costs the same each time");
  const names = Array.from({ length: 40 }, (_, index) => `nobody${index}`);
  for (const name of names) await login(name, "x");
  assertEquals(new Set(checks.map(([, encoded]) => encoded)).size, 2, "what it costs is spread over the accounts");
});

Deno.test("PasswordAuthenticator remembers nothing about an unknown name, even with another's password", async () => {
  const { login, checks } = authenticatorOf(new MemoryAccounts([accountOf("bob")]));
  assertEquals(reasonOf(await login("nobody", "hash of bob")), "unknown");
  assertEquals(reasonOf(await login("nobody", "hash of bob")), "unknown");
  assertEquals(checks.length, 2);
});

Deno.test("PasswordAuthenticator has a hash to hold against when no account has one", async () => {
  const { login, checks } = authenticatorOf(new MemoryAccounts([accountOf("anonymous")]));
  assertEquals(reasonOf(await login("bob", "x")), "unknown");
  assert(checks[0]?.[1].startsWith("$scrypt$ln=14,r=8,p=1$"));
});

Deno.test("PasswordAuthenticator answers a repeated login at once, a wrong one never", async () => {
  const { login, checks, clock } = authenticatorOf(new MemoryAccounts([accountOf("bob"), accountOf("alice")]));
  assert(login("bob") instanceof Promise);
  await login("bob");
  clock.now += 299_999;
  const again = login("bob");
  assert(!(again instanceof Promise) && again.ok);
  assertEquals(checks.length, 1);
  await login("bob", "wrong");
  await login("bob", "wrong");
  await login("alice", "hash of bob");
  assertEquals(checks.length, 4);
  clock.now += 299_999;
  assert(!(login("bob") instanceof Promise), "each use makes it last on");
  clock.now += 300_000;
  assert(login("bob") instanceof Promise);
});

Deno.test("PasswordAuthenticator looks at the rest of the account on every login", async () => {
  const { login, clock } = authenticatorOf(new MemoryAccounts([accountOf("bob", { validUntil: NOW + 10 })]));
  assertEquals(reasonOf(await login("bob")), "ok");
  clock.now += 10;
  assertEquals(reasonOf(await login("bob")), "expired");
});

Deno.test("PasswordAuthenticator does the same work for every refusal, so that time reveals nothing", async () => {
  const network = parseNetwork("198.51.100.0/24");
  assert(network !== undefined);
  const { login, checks, clock } = authenticatorOf(
    new MemoryAccounts([
      accountOf("off", { enabled: false }),
      accountOf("far", { allowFrom: [network] }),
      accountOf("safe", { tls: "required" }),
      accountOf("brief", { validUntil: NOW + 10 }),
    ]),
  );
  const inside = { address: "198.51.100.9", secure: true };
  assertEquals(reasonOf(await login("far", undefined, inside)), "ok");
  assertEquals(reasonOf(await login("safe", undefined, inside)), "ok");
  assertEquals(reasonOf(await login("brief")), "ok");
  clock.now += 10;
  checks.length = 0;
  const refused = ["off", "far", "safe", "brief"];
  for (const name of [...refused, ...refused]) assert(!(await login(name)).ok);
  assertEquals(checks.length, 8);
});

Deno.test("PasswordAuthenticator lets only the addresses of one IPv6 network wait for each other", async () => {
  const order: string[] = [];
  const { login } = authenticatorOf(new MemoryAccounts([accountOf("bob")]), {
    concurrency: 1,
    verify: (password) => {
      order.push(password);
      return Promise.resolve(false);
    },
  });
  await Promise.all([
    ...[1, 2, 3, 4].map((host) => login("bob", `flood ${host}`, { address: `2001:db8::${host}` })),
    login("bob", "guest", { address: "2001:db8:0:1::1" }),
  ]);
  assertEquals(order, ["flood 1", "flood 2", "guest", "flood 3", "flood 4"]);
});

Deno.test("PasswordAuthenticator forgets a right password when the hash changes", async () => {
  let store = new MemoryAccounts([accountOf("bob")]);
  const { login } = authenticatorOf({ find: (name) => store.find(name), list: () => store.list() });
  await login("bob");
  store = new MemoryAccounts([accountOf("bob", { passwordHash: "another hash" })]);
  assertEquals(reasonOf(await login("bob")), "password");
  assertEquals(reasonOf(await login("bob", "another hash")), "ok");
});

Deno.test("PasswordAuthenticator goes by the accounts there are when the check ends", async () => {
  let store = new MemoryAccounts([accountOf("bob"), accountOf("alice"), accountOf("carol")]);
  const { login } = authenticatorOf({ find: (name) => store.find(name), list: () => store.list() });
  const results = [login("bob"), login("alice"), login("carol")];
  store = new MemoryAccounts([accountOf("bob", { enabled: false }), accountOf("alice", { passwordHash: "another" })]);
  assertEquals((await Promise.all(results)).map(reasonOf), ["disabled", "password", "unknown"]);
});

Deno.test("PasswordAuthenticator remembers a bounded number of right passwords", async () => {
  const names = ["a", "b", "c"];
  const store = new MemoryAccounts(names.map((name) => accountOf(name)));
  const { login } = authenticatorOf(store, { proofCapacity: 2 });
  for (const name of ["a", "b", "a", "c"]) await login(name);
  assertEquals(names.map((name) => login(name) instanceof Promise), [false, true, false]);
});

Deno.test("PasswordAuthenticator computes equal logins once, others separately, up to the limit", async () => {
  let running = 0;
  let most = 0;
  let total = 0;
  const { login } = authenticatorOf(new MemoryAccounts([accountOf("bob")]), {
    concurrency: 2,
    verify: async (password, encoded) => {
      total++;
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return password === encoded;
    },
  });
  const same = Array.from({ length: 5 }, () => login("bob"));
  const others = Array.from({ length: 5 }, (_, index) => login("bob", `guess ${index}`));
  const reasons = (await Promise.all([...same, ...others])).map(reasonOf);
  assertEquals(reasons, [...Array(5).fill("ok"), ...Array(5).fill("password")]);
  assertEquals(total, 6);
  assertEquals(most, 2);
});

Deno.test("PasswordAuthenticator computes nothing for clients that left, unless another waits", async () => {
  const begun: string[] = [];
  const first = Promise.withResolvers<boolean>();
  const authenticator = new PasswordAuthenticator(new MemoryAccounts([accountOf("bob")]), {
    concurrency: 1,
    verify: (password, encoded) => {
      begun.push(password);
      return password === "first" ? first.promise : Promise.resolve(password === encoded);
    },
  });
  const login = async (password: string, signal?: AbortSignal) => {
    const attempt = { name: "bob", password, address: "192.0.2.1", secure: false };
    return reasonOf(await authenticator.authenticate(signal ? { ...attempt, signal } : attempt));
  };
  const gone = new AbortController();
  const busy = login("first");
  const left = ["a", "hash of bob"].map((password) => login(password, gone.signal));
  const patient = login("hash of bob");
  gone.abort(new Error("Has gone"));
  for (const each of left) await assertRejects(() => each, Error, "Has gone");
  const again = login("a");
  first.resolve(false);
  assertEquals(await Promise.all([busy, patient, again]), ["password", "ok", "password"]);
  assertEquals(begun, ["first", "hash of bob", "a"]);
});

Deno.test("PasswordAuthenticator recovers from a check that failed", async () => {
  let broken = true;
  const { login } = authenticatorOf(new MemoryAccounts([accountOf("bob")]), {
    concurrency: 1,
    verify: () => broken ? Promise.reject(new Error("No memory")) : Promise.resolve(true),
  });
  await assertRejects(async () => await login("bob"), Error, "No memory");
  broken = false;
  assertEquals(reasonOf(await login("bob")), "ok");
});

Deno.test("MemoryAccounts finds a name however its letters are composed", () => {
  const store = new MemoryAccounts([accountOf("ren\u00e9"), accountOf("anonymous")]);
  assertEquals(store.find("rene\u0301")?.name, "ren\u00e9");
  assertEquals(store.find("ftp")?.name, "anonymous");
  assertEquals(store.find("René"), undefined);
  assertNotEquals(store.list().length, 0);
});
