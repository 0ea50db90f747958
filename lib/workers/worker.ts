/**
 * The worker's side: one server on an event loop of its own, controlled by the coordinator.
 *
 * @module
 */

import { errorOf } from "../net/message_of.ts";
import { Arrivals } from "../auth/arrivals.ts";
import { LoginGate } from "../auth/login_gate.ts";
import type { SessionInfo } from "../session_info.ts";
import type { EventWish } from "../events.ts";
import type { FtpServer } from "../server/server.ts";
import type { MakeSharedState } from "../options/shared_state.ts";
import { diskUploads } from "../drivers/disk/disk.ts";
import type { LocksElsewhere } from "../vfs/upload_locks.ts";
import { flatErrorOf, fromPortableError } from "../threads/portable_error.ts";
import type {
  Addresses,
  Answered,
  ForgivenNews,
  FromWorker,
  LoginNews,
  OffenceNews,
  Start,
  ToWorker,
} from "./messages.ts";
import { DataThreads } from "../data/thread/pool.ts";
import { Outbox } from "./outbox.ts";
import { RecentUploads } from "../vfs/recent_uploads.ts";
import { RelayedBans } from "./relayed_bans.ts";
import { RelayedThrottle } from "./relayed_throttle.ts";
import { isDataThread, type WorkerScope } from "../threads/scope.ts";
import { serveData } from "../data/thread/serve.ts";
import { SharedCount, SharedCounter } from "./shared_counters.ts";
import { SharedDigests } from "./shared_digests.ts";
import { SharedLocks } from "./shared_locks.ts";
import { sharedLimits } from "./shared_limits.ts";
import { SharedTable } from "./shared_table.ts";
import { sharedUsages } from "./shared_usage.ts";

/** What the program creates from its setup. */
export interface WorkerProgram {
  readonly server: FtpServer;
  /** The state has changed. */
  readonly update: (state: unknown) => void;
  /** An upload elsewhere waits for a file: see `UploadLocks.wanted`. */
  readonly wanted?: (file: string) => void;
}

/** The input for a program. */
export interface ProgramParts extends Pick<Start, "setup" | "state" | "workers" | "addresses" | "place"> {
  /** For the server: what it has in common with the other workers. */
  readonly sharedState: MakeSharedState;
  /** For a `ThreadEngine`; absent: none are wanted. */
  readonly dataThreads: DataThreads | undefined;
  /** Locks of uploads against the other workers. */
  readonly uploadLocks: LocksElsewhere<string>;
  /** Asks the program of the coordinator, which answers with `PoolOptions.answer`. Rejects as that does. */
  readonly ask: (question: unknown) => Promise<unknown>;
}

/** Creates the server of a worker, with this shared state and for a shared port: the one of `addresses`, if given. */
export type MakeProgram = (parts: ProgramParts) => WorkerProgram | Promise<WorkerProgram>;

/** Waits for the coordinator's message and serves. Ends with the thread. */
export function runWorker(scope: WorkerScope, make: MakeProgram): void {
  if (isDataThread(scope)) return void serveData(scope);
  const link = new Link(scope, make);
  scope.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => link.receive(data));
  // Either ends the thread: what led to it must be known.
  for (const type of ["error", "unhandledrejection"] as const) scope.addEventListener(type, () => link.die());
  link.greet();
}

/** The worker's end of the connection to the coordinator. */
class Link {
  readonly #scope: WorkerScope;
  readonly #make: MakeProgram;
  readonly #outbox = new Outbox((events) => this.#post({ type: "events", events }));
  readonly #questions = new Map<number, (sessions: readonly SessionInfo[]) => void>();
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #program: WorkerProgram | undefined;
  #throttle: RelayedThrottle | undefined;
  #bans: RelayedBans | undefined;
  #data: DataThreads | undefined;
  #lastRequest = 0;
  /** What the coordinator wants. */
  #wanted: readonly EventWish[] = [];
  #listening: Disposable | undefined;
  /** A state that arrived while the program was being created. */
  #newer: { readonly state: unknown } | undefined;

  constructor(scope: WorkerScope, make: MakeProgram) {
    this.#scope = scope;
    this.#make = make;
  }

  /** A message that arrives before there is a listener is lost. */
  greet(): void {
    this.#post({ type: "hello" });
  }

  /** Sends the events that wait for others, and that they were the last. */
  die(): void {
    this.#outbox.flush();
    this.#post({ type: "lastWords" });
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case "start":
        return void this.#start(message);
      case "accept":
        return this.#program?.server.accept();
      case "state":
        if (this.#program) return this.#program.update(message.state);
        this.#newer = message;
        return;
      case "eventsWanted":
        return this.#listen(message.events);
      case "login":
        return this.#throttle?.hear(message);
      case "offence":
      case "forgiven":
        return this.#bans?.hear(message);
      case "banned":
        return this.#bans?.put(message.bans);
      case "allowed":
        return this.#bans?.lift(message.key);
      case "wanted":
        diskUploads.wanted(message.file);
        return this.#program?.wanted?.(message.file);
      case "askSessions":
        return this.#post({
          type: "sessions",
          request: message.request,
          sessions: this.#program?.server.sessions() ?? [],
        });
      case "disconnect":
        return this.#post({
          type: "disconnected",
          request: message.request,
          found: this.#program?.server.disconnect(message.session, message.text) ?? false,
        });
      case "answer":
        return this.#answered(message);
      case "sessions":
        this.#questions.get(message.request)?.(message.sessions);
        return void this.#questions.delete(message.request);
      case "shutdown":
        return void this.#shutdown(message.grace);
    }
  }

  /** An error while creating the program ends the worker, like any other uncaught error. */
  async #start(start: Start): Promise<void> {
    const { setup, state, workers, addresses, place, dataThreads, native } = start;
    this.#wanted = start.events;
    if (dataThreads > 0) this.#data = this.#makeData(dataThreads, native);
    // Later they would not be permitted to open the library.
    if (native) await this.#data?.start();
    const table = new SharedTable(start.memory.counts, place);
    const uploadLocks = new SharedLocks(table, (file) => this.#post({ type: "wanted", file }));
    diskUploads.share(uploadLocks);
    const sharedState = this.#sharedState(start, table);
    const ask = (question: unknown) => this.#ask(question);
    const parts = { setup, state, workers, addresses, place, sharedState, uploadLocks, ask };
    const program = await this.#make({ ...parts, dataThreads: this.#data });
    const { server } = program;
    this.#listen(this.#wanted, server);
    if (this.#newer) program.update(this.#newer.state);
    try {
      server.bind();
    } catch (error) {
      const reason = errorOf(error);
      return this.#post({ type: "cannotListen", error: flatErrorOf(reason) });
    }
    this.#program = program;
    this.#post({ type: "listening", addresses: addressesOf(server) });
  }

  /** From now on, or from the moment there is a server. */
  #listen(wanted: readonly EventWish[], server = this.#program?.server): void {
    this.#wanted = wanted;
    const before = this.#listening;
    this.#listening = server?.events.on((event) => this.#outbox.add(event), wanted);
    before?.[Symbol.dispose]();
  }

  async #shutdown(grace: number): Promise<void> {
    await this.#program?.server.shutdown({ grace });
    this.#data?.[Symbol.dispose]();
    this.#outbox.flush();
    this.#post({ type: "over" });
  }

  #makeData(threads: number, native: boolean): DataThreads {
    return new DataThreads({ threads, native, onProblem: (problem) => this.#program?.server.events.emit(problem) });
  }

  #sharedState({ place, idPrefix, memory }: Start, table: SharedTable): MakeSharedState {
    const post = (news: LoginNews | OffenceNews | ForgivenNews) => this.#post(news);
    return ({ throttle, bans, guessInterval, connectRate }) => ({
      idPrefix,
      connections: new SharedCount(table, "connections"),
      sessions: new SharedCount(table, "sessions"),
      perAddress: new SharedCounter(table, "address "),
      strangers: new SharedCounter(table, "stranger "),
      arrivals: new Arrivals({ rate: connectRate, memory: memory.arrivals, now: throttle.now }),
      perAccount: new SharedCounter(table, "account "),
      gate: new LoginGate({
        throttle: this.#throttle = new RelayedThrottle(throttle, post),
        bans: this.#bans = new RelayedBans(bans, post),
        interval: guessInterval,
        memory: memory.paces,
      }),
      digests: new SharedDigests(memory.epochs),
      recentUploads: new RecentUploads({ marks: table, now: throttle.now }),
      usageOf: sharedUsages(memory.usages, { worker: place }),
      limiterOf: sharedLimits(memory.limits),
      others: () => this.#askForOthers(),
      rest: () => this.#bans?.[Symbol.dispose](),
    });
  }

  #ask(question: unknown): Promise<unknown> {
    const request = ++this.#lastRequest;
    const asked = Promise.withResolvers<unknown>();
    this.#asked.set(request, asked);
    this.#post({ type: "ask", request, question });
    return asked.promise;
  }

  #answered({ request, answer, error }: Answered): void {
    const asked = this.#asked.get(request);
    this.#asked.delete(request);
    if (error) asked?.reject(fromPortableError(error));
    else asked?.resolve(answer);
  }

  #askForOthers(): Promise<readonly SessionInfo[]> {
    const request = ++this.#lastRequest;
    const { promise, resolve } = Promise.withResolvers<readonly SessionInfo[]>();
    this.#questions.set(request, resolve);
    this.#post({ type: "askSessions", request });
    return promise;
  }

  #post(message: FromWorker): void {
    this.#scope.postMessage(message);
  }
}

function addressesOf({ address, implicitTlsAddress }: FtpServer): Addresses {
  const plain = ({ hostname, port }: Addresses["control"]) => ({ hostname, port });
  return { control: plain(address), implicitTls: implicitTlsAddress && plain(implicitTlsAddress) };
}
