/**
 * A process full of clients, part of the load: a process may have no more than some thousands of open files. `load.ts`
 * starts it with its {@link Share} as the one argument. It writes a line of JSON when its idle sessions are there, and
 * another one when all is over; the end of its standard input says that the time is up.
 *
 * @module
 */

import type { Account } from "../clients/server_under_test.ts";
import { Idler } from "./idler.ts";
import { Visitor } from "./visitor.ts";
import type { Address } from "./wire.ts";

/** What one driver process is to do. */
export interface Share {
  readonly server: { readonly host: string; readonly port: number; readonly implicitPort: number };
  readonly certificate: string;
  /** The real directory that the server shows. */
  readonly root: string;
  readonly accounts: readonly Account[];
  /** The addresses to come from, in turn. */
  readonly addresses: readonly string[];
  /** Number of the first visitor, so that no two processes have one alike. */
  readonly first: number;
  readonly busy: number;
  readonly idle: number;
  readonly seed: number;
  /** Milliseconds. */
  readonly think: number;
}

/** What a driver writes. */
export type Report =
  | { readonly type: "ready" }
  | {
    readonly type: "over";
    readonly sessions: number;
    readonly deeds: number;
    readonly files: number;
    readonly complaints: readonly string[];
  };

/** Sessions of one process that log in at the same time. */
const ENTER_AT_ONCE = 40;

/** One of four of the busy, and one of sixteen of the idle, uses TLS, half of them on the port that begins with it. */
const TLS_EVERY = { busy: 4, idle: 16 } as const;

function report(line: Report): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
}

function addressOf(share: Share, number: number, every: number): Address {
  const { server: { host, port, implicitPort }, addresses, certificate: ca } = share;
  const from = pick(addresses, number);
  if (number % every !== 0) return { host, port, from };
  const implicit = number % (2 * every) === 0;
  return { host, port: implicit ? implicitPort : port, from, security: { ca, implicit } };
}

function pick<T>(choices: readonly T[], number: number): T {
  const choice = choices[number % choices.length];
  if (choice === undefined) throw new RangeError("The load has no accounts or no addresses");
  return choice;
}

async function enterAll(idlers: readonly Idler[]): Promise<void> {
  const waiting = idlers.values();
  const worker = async () => {
    for (const idler of waiting) await idler.enter();
  };
  await Promise.all(Array.from({ length: ENTER_AT_ONCE }, worker));
}

async function untilInputEnds(): Promise<void> {
  const buffer = new Uint8Array(16);
  while (await Deno.stdin.read(buffer) !== null);
}

async function drive(share: Share): Promise<void> {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => share.first + index);
  const idlers = numbers(share.idle).map((number) =>
    new Idler({
      address: addressOf(share, number, TLS_EVERY.idle),
      account: pick(share.accounts, number),
      seed: share.seed + number * 104_729,
    })
  );
  const visitors = numbers(share.busy).map((number) =>
    new Visitor({
      number,
      address: addressOf(share, number, TLS_EVERY.busy),
      account: pick(share.accounts, number),
      seed: share.seed,
      think: share.think,
    })
  );
  const closing = new AbortController();
  await enterAll(idlers);
  report({ type: "ready" });
  const all = [...idlers, ...visitors].map((client) => client.run(closing.signal));
  await untilInputEnds();
  closing.abort();
  await Promise.all(all);
  const complaints = [...idlers, ...visitors].flatMap((client) => client.complaints);
  for (const { ledger } of visitors) complaints.push(...await ledger.differences(share.root));
  report({
    type: "over",
    sessions: sum([...idlers, ...visitors].map(({ sessions }) => sessions)),
    deeds: sum(visitors.map(({ deeds }) => deeds)),
    files: sum(visitors.map(({ ledger }) => ledger.paths.length)),
    complaints,
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

if (import.meta.main) {
  // The kernel closes what is left, and timers of sockets that are gone keep nobody waiting.
  await drive(JSON.parse(Deno.args[0] ?? "") as Share);
  Deno.exit();
}
