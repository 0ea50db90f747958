/**
 * The coordinator: starts workers that serve one port together, relays messages between them, replaces one that has
 * died, and ends them all together. It serves no clients itself, so that signals and messages never wait for a
 * transfer.
 *
 * @module
 */

import { type Ban, type BanOrder, Bans, type BanSettings } from "../auth/bans.ts";
import { EventStream } from "../events.ts";
import type { SocketAddress } from "../net/connection.ts";
import { banEvents } from "../server/ban_events.ts";
import type { ServerControl, ShutdownOptions } from "../server/server.ts";
import { runningTransfers, type SessionInfo, type TransferInfo } from "../session_info.ts";
import type { Usage } from "../vfs/usage.ts";
import { Member, type News } from "./member.ts";
import { fromPortableError } from "../threads/portable_error.ts";
import { type Addresses, sessionPrefix, type ToWorker } from "./messages.ts";
import { hearOf } from "./relayed_bans.ts";
import { RestartBackoff } from "../threads/restart_backoff.ts";
import { requireFree } from "./port_check.ts";
import { makeSharedMemory, type SharedMemory } from "./shared_memory.ts";
import { SharedTable } from "./shared_table.ts";
import { abandonCounts, sharedUsages } from "./shared_usage.ts";
import { DEFAULT_GRACE } from "../options/defaults.ts";

/** Milliseconds beyond the grace time in which workers close the remaining sessions. */
const PATIENCE = 5_000;

/** The options of a {@link WorkerPool}. */
export interface PoolOptions {
  /** The module that calls `runWorker`. */
  readonly module: string | URL;
  /** At least 1. */
  readonly workers: number;
  /**
   * The most threads per worker that transfer large downloads.
   *
   * @default 1
   */
  readonly dataThreads?: number;
  /**
   * Whether these use the C library, if permitted.
   *
   * @default false
   */
  readonly native?: boolean;
  /**
   * Where the workers will listen. Fixed ports, as opposed to those chosen by the system, must not be shared with
   * another program.
   */
  readonly place: { readonly hostname: string; readonly ports: readonly number[] };
  /** Name of this node of several: ids of sessions begin with it. */
  readonly node?: string;
  /** Which addresses are shut out, by all workers. Default: none. */
  readonly bans?: BanSettings;
  /** Answers what the program of the worker in this place asks. */
  readonly answer: (place: number, question: unknown) => Promise<unknown>;
  /** Called when the worker in this place, from 0, has died. */
  readonly onLost?: (place: number) => void;
  /** Sent once to every worker; cloned. */
  readonly setup: unknown;
  /** Sent to every worker at its start and at each {@link WorkerPool.refresh}; cloned. */
  readonly state: () => unknown;
}

/** Several event loops that share one port. */
export class WorkerPool implements AsyncDisposable, ServerControl {
  /**
   * All events of all workers, in order for each worker. Only events of types that have a listener are sent: those of a
   * type that is new to the workers come as soon as they know.
   */
  readonly events: EventStream = new EventStream({
    onWanted: (events) => this.#tell({ type: "eventsWanted", events }),
  });
  readonly #options: PoolOptions;
  readonly #memory: SharedMemory;
  readonly #members = new Map<number, Member>();
  readonly #respawns = new RestartBackoff();
  readonly #bans: Bans;
  readonly #usageOf: (rootPath: string) => Usage;
  #lastNumber = 0;
  #addresses: Addresses | undefined;
  #accepting = false;
  #stopping = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#memory = makeSharedMemory(options.workers);
    this.#bans = this.#makeBans(options.bans);
    this.#usageOf = sharedUsages(this.#memory.usages, { worker: options.workers });
  }

  /** The address of the control port. @throws {Error} before {@link bind}. */
  get address(): SocketAddress {
    if (!this.#addresses) throw new Error("The workers are not listening");
    return this.#addresses.control;
  }

  /** The address of the implicit TLS listener; `undefined` without one. */
  get implicitTlsAddress(): SocketAddress | undefined {
    return this.#addresses?.implicitTls;
  }

  /**
   * Starts the workers; resolves when all have the ports. The first binds them, as the system may choose the number.
   */
  async bind(): Promise<void> {
    const { place: { hostname, ports }, workers } = this.#options;
    try {
      for (const port of ports) requireFree(hostname, port);
      // Threads take a while to load the program: all do so at the same time.
      const first = this.#spawn(0, Promise.resolve(undefined));
      const others = Array.from({ length: workers - 1 }, (_, index) => this.#spawn(index + 1, first.listening));
      this.#addresses = await first.listening;
      await Promise.all(others.map(({ listening }) => listening));
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Accepts connections from now on. */
  accept(): void {
    this.#accepting = true;
    this.#tell({ type: "banned", bans: this.#bans.list() });
    for (let place = 0; place < this.#options.workers; place++) {
      const member = this.#members.get(place);
      if (member) member.post({ type: "accept" });
      // It has died since it got the ports.
      else this.#respawns.plan(place, () => this.#replace(place));
    }
  }

  /** The live sessions of all workers; without those of {@link silentWorkers}. */
  sessions(): Promise<readonly SessionInfo[]> {
    return this.#collect();
  }

  /** The running transfers of all workers; without those of {@link silentWorkers}. */
  async transfers(): Promise<readonly TransferInfo[]> {
    return runningTransfers(await this.#collect());
  }

  /** Ends a session like `FtpServer.disconnect`. Resolves to `false`, too, if its worker does not answer in time. */
  async disconnect(id: string, text?: string): Promise<boolean> {
    const { node } = this.#options;
    const member = [...this.#members.values()].find(({ number }) => id.startsWith(sessionPrefix(number, node)));
    return member !== undefined && await member.disconnect(id, text);
  }

  /** The bans in force. */
  bans(): readonly Ban[] {
    return this.#bans.list();
  }

  /** Shuts out an address as `ServerControl.ban` says. */
  ban(address: string, order: BanOrder): Ban | undefined {
    return this.#bans.ban(address, order);
  }

  /** Ends the ban of an address; returns whether there was one. */
  unban(address: string): boolean {
    return this.#bans.lift(address);
  }

  /** The bytes in use below the root of an account, as all workers count them. */
  usageOf(rootPath: string): Usage {
    return this.#usageOf(rootPath);
  }

  /** Numbers of the workers that did not answer the last question within two seconds. */
  get silentWorkers(): readonly number[] {
    return Array.from(this.#members.values()).flatMap(({ number, silent }) => silent ? [number] : []);
  }

  /** Sends the current state to every worker. */
  refresh(): void {
    this.#tell({ type: "state", state: this.#options.state() });
  }

  /** Shuts down all workers at the same time, like a single server. */
  async shutdown({ grace = DEFAULT_GRACE }: ShutdownOptions = {}): Promise<void> {
    this.#stopping = true;
    this.#respawns[Symbol.dispose]();
    await Promise.all(Array.from(this.#members.values(), (member) => member.shutdown({ grace, patience: PATIENCE })));
    this.#members.clear();
    this.#bans[Symbol.dispose]();
  }

  /** {@link shutdown} without grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown({ grace: 0 });
  }

  #spawn(place: number, found: Promise<Addresses | undefined>): Member {
    const { module, workers, dataThreads = 1, native = false, node, setup, state } = this.#options;
    const number = ++this.#lastNumber;
    const own = { type: "start", place, number, idPrefix: sessionPrefix(number, node), memory: this.#memory } as const;
    const member = new Member(module, {
      place,
      number,
      makeStart: async () => {
        const addresses = await found;
        // Everything else is as it is now.
        return { ...own, workers, setup, dataThreads, native, addresses, events: this.events.wanted, state: state() };
      },
      answer: (question) => this.#options.answer(place, question),
      onNews: (news) => this.#hear(member, news),
      onDeath: (error) => this.#lose(member, error),
      onSilence: () => this.#report("warning", `Worker ${number} does not answer; its sessions are not listed`),
    });
    this.#members.set(place, member);
    return member;
  }

  /** Its sessions are lost; those of the others continue. */
  #lose({ place, number }: Member, error: Error): void {
    this.#members.delete(place);
    new SharedTable(this.#memory.counts, place).clear();
    abandonCounts(this.#memory.usages, place);
    this.#options.onLost?.(place);
    if (this.#stopping) return;
    this.#report("error", `Worker ${number} crashed and its sessions were lost; starting a replacement`, error);
    if (this.#accepting) this.#respawns.plan(place, () => this.#replace(place));
  }

  async #replace(place: number): Promise<void> {
    const member = this.#spawn(place, Promise.resolve(this.#addresses));
    try {
      await member.listening;
      member.post({ type: "banned", bans: this.#bans.list() });
      member.post({ type: "accept" });
    } catch (error) {
      // Its death has already been handled.
      if (this.#members.get(place) !== member || this.#stopping) return;
      // Ports below 1024 are out of reach once root is given up.
      this.#report("error", `Worker ${member.number} cannot listen on the port of the worker it replaces`, error);
      member.end();
      this.#members.delete(place);
      this.#respawns.plan(place, () => this.#replace(place));
    }
  }

  #hear(from: Member, news: News): void {
    switch (news.type) {
      case "events":
        return news.events.forEach((event) =>
          this.events.emit("error" in event ? { ...event, error: fromPortableError(event.error) } : event)
        );
      case "offence":
      case "forgiven":
        // The others first: what follows from it here may be a ban.
        this.#tell(news, from);
        return hearOf(this.#bans, news);
      case "login":
      case "wanted":
        return this.#tell(news, from);
      case "askSessions":
        return void this.#collect(from).then((sessions) => {
          from.post({ type: "sessions", request: news.request, sessions });
        });
    }
  }

  #makeBans(settings: BanSettings = { limit: 0, duration: 0 }): Bans {
    const { onBanned, onAllowed } = banEvents(this.events);
    return new Bans({
      ...settings,
      onBanned: (ban) => {
        this.#tell({ type: "banned", bans: [ban] });
        onBanned(ban);
      },
      onAllowed: (ban) => {
        this.#tell({ type: "allowed", key: ban.key });
        onAllowed(ban);
      },
    });
  }

  async #collect(asking?: Member): Promise<SessionInfo[]> {
    const others = [...this.#members.values()].filter((member) => member !== asking);
    return (await Promise.all(others.map((member) => member.sessions()))).flat();
  }

  #tell(message: ToWorker, except?: Member): void {
    for (const member of this.#members.values()) if (member !== except) member.post(message);
  }

  #report(level: "warning" | "error", message: string, error?: unknown): void {
    this.events.emit({ type: "problem", level, message, ...(error !== undefined && { error }) });
  }
}
