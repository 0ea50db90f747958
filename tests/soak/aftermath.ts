/**
 * Whether a server is as it was before its clients came.
 *
 * @module
 */

import type { Account, ServerUnderTest } from "../clients/server_under_test.ts";
import { type Holdings, holdings } from "./proc.ts";
import { Control } from "./wire.ts";

const SETTLED_WITHIN_MS = 30_000;

/** Everybody who may log in. */
export const ACCOUNTS: readonly Account[] = ["alice", "bob", "carol", "dave"].map((user) => ({
  user,
  password: `${user}-on-tour`,
}));

/** An account for the `number`th client. */
export function accountOf(number: number): Account {
  const account = ACCOUNTS[number % ACCOUNTS.length];
  if (account === undefined) throw new RangeError("The soak has no account");
  return account;
}

/** What a server with nothing to do holds. */
export interface Rest {
  readonly listeners: number;
  /** Default: not looked at. */
  readonly descriptors?: number;
}

/** What the server holds once nothing is left of its clients, or what it still holds after half a minute. */
export async function settle(server: ServerUnderTest, rest: Rest): Promise<Holdings> {
  const end = Date.now() + SETTLED_WITHIN_MS;
  for (;;) {
    const now = holdings(server.pid, server.root);
    // A data thread closes a port some milliseconds after the session that gave it up is gone.
    if (leaks(now, rest).length === 0 || Date.now() > end) return now;
    // There is no event to wait for: the kernel is asked from outside, on purpose.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What is left that was not there before, a line each. */
export function leaks({ listeners, connections, files, descriptors }: Holdings, rest: Rest): string[] {
  const lines: string[] = [];
  if (listeners !== rest.listeners) lines.push(`${listeners} listeners are left instead of ${rest.listeners}`);
  if (connections !== 0) lines.push(`${connections} connections are still open`);
  if (files !== 0) lines.push(`${files} files are still open`);
  if (descriptors > (rest.descriptors ?? Infinity)) {
    lines.push(`${descriptors} descriptors are open instead of ${rest.descriptors}`);
  }
  return lines;
}

/** Sessions that the server itself counts, the asking one left out. */
export async function liveSessions(server: ServerUnderTest): Promise<number> {
  const { user, password } = accountOf(0);
  const control = await Control.open(server);
  await control.expectReply("the greeting", 220);
  await control.expect(`USER ${user}`, 331);
  await control.expect(`PASS ${password}`, 230);
  const { lines } = await control.expect("SITE WHO", 200, 211);
  await control.expect("QUIT", 221);
  control.leave("FIN");
  // The first line and the last are about the list, and one of the sessions is this one.
  return lines.length - 3;
}

/** Asks the server to end; resolves to what is wrong with its end and its log. */
export async function farewell(server: ServerUnderTest): Promise<string[]> {
  const problems: string[] = [];
  const sessions = await liveSessions(server).catch((error: unknown) => String(error));
  if (sessions !== 0) problems.push(`The server counts ${sessions} sessions`);
  const status = await server.stop();
  if (status.code !== 0) problems.push(`The server ended with ${status.signal ?? status.code}`);
  if (/unhandled|uncaught|panicked/i.test(server.log())) problems.push("The log tells of an unhandled error");
  return problems;
}
