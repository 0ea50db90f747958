/**
 * Sessions that are logged in and do nothing, at one server or at several, and what the kernel keeps for them.
 *
 * @module
 */

import type { Client, Report, Target } from "./client.ts";

/**
 * Logins before memory is looked at for the first time: what the first sessions cost a server for good is not the price
 * of a session. No more than that: what logins leave to the garbage collector makes room for the sessions to come, and
 * after thousands of them 500 sessions would seem to cost less than they hold.
 */
export const LOGINS_BEFORE = 200;

/** So many sessions with one server, all of one client process. */
export interface Crowd {
  readonly target: Target;
  /** At least 2. */
  readonly sessions: number;
}

/** Sessions that stay open until they are disposed of. */
export class IdleSessions implements AsyncDisposable {
  /** What each client has reported. */
  readonly reports: readonly Report[];
  readonly #leave: () => void;
  readonly #holding: readonly Promise<void>[];

  private constructor(reports: readonly Report[], leave: () => void, holding: readonly Promise<void>[]) {
    this.reports = reports;
    this.#leave = leave;
    this.#holding = holding;
  }

  /**
   * Opens them, all crowds at the same time; the last session of each sends this many NOOPs, at least 1.
   *
   * @throws {Error} if one of them fails: then none is left.
   */
  static async open(client: Client, crowds: readonly Crowd[], noops = 1): Promise<IdleSessions> {
    const reports: Report[] = [];
    const [allThere, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const look = async (report: Report) => {
      if (reports.push(report) === crowds.length) allThere.resolve();
      await left.promise;
    };
    const holding = crowds.map(({ target, sessions }) => client.hold(target, look, "idle", sessions - 1, noops));
    const idle = new IdleSessions(reports, () => left.resolve(), holding);
    try {
      await Promise.race([allThere.promise, Promise.all(holding)]);
      return idle;
    } catch (error) {
      await idle[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Sessions a second, until the last of the clients had all of its own. */
  get perSecond(): number {
    const sessions = this.reports.reduce((sum, { count = 0 }) => sum + count, 0);
    return sessions / Math.max(...this.reports.map(({ seconds = 1 }) => seconds));
  }

  /** The clients end, and with them their connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
    await Promise.allSettled(this.#holding);
  }
}

/**
 * What the kernel keeps for a connection: the socket, its file, and its place in the server's list of events. The
 * dentries of sockets are left out: they are not told from those of files, which come and go.
 */
const CACHES: readonly string[] = ["TCP", "sock_inode_cache", "filp", "eventpoll_epi", "ep_head"];
const PAGE = 4096;

/** Bytes that the kernel keeps for all connections of this machine; `NaN` for all but root. */
export function kernelBytes(): number {
  let slabInfo: string;
  try {
    slabInfo = Deno.readTextFileSync("/proc/slabinfo");
  } catch {
    return NaN;
  }
  const slabs = slabInfo.split("\n").map((line) => line.split(/\s+/));
  const queues = Number(/^TCP:.* mem (\d+)$/m.exec(Deno.readTextFileSync("/proc/net/sockstat"))?.[1] ?? 0) * PAGE;
  return slabs.filter(([name = ""]) => CACHES.includes(name))
    .reduce((sum, [, active, , size]) => sum + Number(active) * Number(size), queues);
}

/** Files that a process here may open. */
export function openFilesLimit(): number {
  const limits = Deno.readTextFileSync("/proc/self/limits");
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? 1024);
}
