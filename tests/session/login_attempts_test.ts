import { assert, assertEquals } from "@std/assert";
import { createAccount } from "../../lib/auth/accounts.ts";
import type { Authenticator, AuthResult } from "../../lib/auth/authenticator.ts";
import { resolveOptions } from "../../lib/options/resolve.ts";
import { LoginAttempts } from "../../lib/session/login_attempts.ts";
import { Bans } from "../../lib/auth/bans.ts";
import { LoginGate } from "../../lib/auth/login_gate.ts";
import { FailureThrottle } from "../../lib/auth/throttle.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";

const RIGHT: AuthResult = {
  ok: true,
  account: createAccount({ name: "ann", rootPath: "/", rules: [] }),
};

/** So many sessions of one client log in at once. Resolves to how many of them watch their clients meanwhile. */
async function crowd(sessions: number, authenticator: Authenticator): Promise<number> {
  const options = resolveOptions({ authenticator, fileSystem: () => new MemoryVfs() });
  using bans = new Bans({ limit: 0, duration: 0, now: Date.now });
  const gate = new LoginGate({ throttle: new FailureThrottle({ delay: 0 }), bans, interval: options.guessInterval });
  let waiting = 0;
  const visitor = {
    control: { remote: { hostname: "192.0.2.1", port: 1 } },
    watchPeer: () => void waiting++,
    loginFailed: (_name: string, reason: string) => assert(false, reason),
  };
  const outcomes = await Promise.all(
    Array.from({ length: sessions }, () => {
      const attempts = new LoginAttempts({ options, gate }, visitor);
      return attempts.attempt({ name: "ann", password: "secret", secure: false });
    }),
  );
  assertEquals(outcomes.filter((outcome) => !("account" in outcome)), []);
  return waiting;
}

Deno.test("LoginAttempts of a crowd do not wait for each other where each is answered at once", async () => {
  assertEquals(await crowd(50, { authenticate: () => RIGHT }), 0);
});

Deno.test("LoginAttempts wait for their turn beside those that are being answered", async () => {
  assert(await crowd(10, { authenticate: () => Promise.resolve(RIGHT) }) > 0);
});
