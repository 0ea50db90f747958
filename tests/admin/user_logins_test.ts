import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { Secret, TOTP } from "otpauth";
import { UserLogins } from "../../lib/admin/user_logins.ts";
import { AdminUsers, AdminUsersError } from "../../lib/admin/users.ts";
import { Bans } from "../../lib/auth/bans.ts";
import { hashPassword } from "../../lib/auth/password.ts";
import { HttpError } from "../../lib/http/http_error.ts";

const SECRET = "JBSWY3DPEHPK3PXPJBSW";
const HERE = "192.0.2.1";

/** A file with two users: ann has a secret, bob only a password. */
async function withUsers(body: (users: AdminUsers, path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "denoftpd-admins-" });
  try {
    const path = join(directory, "admins.json");
    const password = await hashPassword("right", { ln: 1 });
    await write(path, [
      { name: "ann", password, roles: ["view", "config"], totp: SECRET },
      { name: "bob", password, roles: ["view"] },
    ]);
    await body(new AdminUsers(path), path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function write(path: string, users: readonly unknown[]): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify({ users }), { mode: 0o600 });
}

/** Logins whose clock the test sets, and those that failed. */
function loginsOf(users: AdminUsers, { limit = 0 } = {}): {
  readonly failed: string[];
  readonly bans: Bans;
  time: number;
  ask(name: string, password: string, code?: string): Promise<unknown>;
} {
  const bans = new Bans({ limit, duration: 60_000 });
  const bed = {
    failed: [] as string[],
    bans,
    time: 1_000_000_000_000,
    ask: async (name: string, password: string, code?: string) => {
      const body = { name, password, ...(code !== undefined && { code }) };
      const who = await logins.check(body, { address: HERE, signal: new AbortController().signal });
      return [...who()?.roles ?? []];
    },
  };
  const logins = new UserLogins({
    users,
    bans,
    failureDelay: 0,
    guessInterval: 0,
    onFailed: (name, address) => bed.failed.push(`${name} ${address}`),
    now: () => bed.time,
  });
  return bed;
}

async function assertStatus(asked: Promise<unknown>, status: number): Promise<void> {
  assertEquals((await assertRejects(() => asked, HttpError)).status, status);
}

Deno.test("UserLogins lets in with the right password and, where there is a secret, an unused code", async () => {
  await withUsers(async (users) => {
    const bed = loginsOf(users);
    const codeAt = (time: number) => new TOTP({ secret: Secret.fromBase32(SECRET) }).generate({ timestamp: time });
    assertEquals(await bed.ask("bob", "right"), ["view"]);
    assertEquals(await bed.ask("ann", "right", codeAt(bed.time)), ["view", "config"]);
    await assertStatus(bed.ask("ann", "right", codeAt(bed.time)), 401);
    bed.time += 60_000;
    await assertStatus(bed.ask("ann", "right"), 401);
    await assertStatus(bed.ask("ann", "wrong", codeAt(bed.time)), 401);
    await assertStatus(bed.ask("ann", "right", codeAt(bed.time + 120_000)), 401);
    assertEquals(await bed.ask("ann", "right", codeAt(bed.time)), ["view", "config"]);
    await assertStatus(bed.ask("nobody", "right"), 401);
    for (const name of ["anonymous", "ftp", "FTP"]) await assertStatus(bed.ask(name, "x@"), 401);
    assertEquals(bed.failed.length, 8);
  });
});

Deno.test("UserLogins answers 429 to an address with too many failures, whatever it sends then", async () => {
  await withUsers(async (users) => {
    const bed = loginsOf(users, { limit: 3 });
    for (let time = 0; time < 3; time++) await assertStatus(bed.ask("bob", "wrong"), 401);
    await assertStatus(bed.ask("bob", "right"), 429);
    bed.bans.lift(HERE);
    assertEquals(await bed.ask("bob", "right"), ["view"]);
    bed.bans[Symbol.dispose]();
  });
});

Deno.test("AdminUsers takes new roles at a reload, and keeps what it has where the file is wrong", async () => {
  await withUsers(async (users, path) => {
    const password = await hashPassword("right", { ln: 1 });
    await write(path, [{ name: "bob", password, roles: ["sessions"] }]);
    users.reload();
    assertEquals([...users.callerOf("bob")?.roles ?? []], ["sessions"]);
    assertEquals(users.callerOf("ann"), undefined);
    const wrong: [unknown, string][] = [
      [{ name: "ftp", password, roles: ["view"] }, "users[0].name: Must not be anonymous, nor ftp"],
      [{ name: "x", password: "clear", roles: ["view"] }, "users[0].password: Must be a hash by scrypt or PBKDF2"],
      [{ name: "x", password, roles: ["root"] }, "users[0].roles[0]: Must be one of view, sessions, accounts, config"],
      [{ name: "x", password, roles: [] }, "users[0].roles: Must have at least one role"],
      [{ name: "x", password, roles: ["view"], totp: "no" }, "users[0].totp: Must be a secret in base 32"],
      [{ name: "token", password, roles: ["view"] }, "users[0].name: Must not be token or socket"],
      [{ name: "x", password, roles: ["view"], root: "/" }, "users[0].root: Unknown field"],
    ];
    for (const [user, message] of wrong) {
      await write(path, [user]);
      assertThrows(() => users.reload(), AdminUsersError, message);
    }
    if (Deno.build.os !== "windows") {
      await write(path, []);
      await Deno.chmod(path, 0o644);
      assertThrows(() => users.reload(), AdminUsersError, "Others can read it");
    }
    assertEquals([...users.callerOf("bob")?.roles ?? []], ["sessions"]);
  });
});
