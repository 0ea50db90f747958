/**
 * Several sessions with one server that share the work of a job.
 *
 * @module
 */

import type { Client } from "../../client/client.ts";
import { ClientError } from "../../client/errors.ts";
import { retrying, type RetryOptions } from "../../client/retry.ts";
import { AgentError, isDiskFullHere } from "../errors.ts";
import type { Site } from "../site/site.ts";

/** The options of a {@link Crew}. */
export interface CrewOptions {
  /** Sessions at once, 1 or more. Fewer if the server accepts no more. @default 4 */
  readonly parallel?: number;
  /** Further tries of what failed in a way that may pass. @default 3 */
  readonly retries?: number;
  /** Milliseconds before the first of them, and the longest. */
  readonly waits?: Pick<RetryOptions, "firstWait" | "longestWait">;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Called if the server accepts fewer sessions than {@link parallel}, with how many. */
  readonly onFewer?: (sessions: number) => void;
}

/** One piece of work. */
export interface WorkOptions {
  /** Bytes to move: larger ones go first. @default 0 */
  readonly size?: number;
  /** Called before each further try, with its failure and the milliseconds until then. */
  readonly onRetry?: (error: ClientError, wait: number) => void;
  /** It is tried once only, whatever its failure, because its input cannot be read again. @default false */
  readonly once?: boolean;
}

interface Work {
  readonly size: number;
  readonly run: (slot: Slot, moved: () => void) => Promise<void>;
  readonly fail: (error: unknown) => void;
}

/** One session, and what runs on it. */
interface Slot {
  client: Promise<Client> | undefined;
  /** The sizes of what runs, or waits behind it on the same session. */
  readonly running: number[];
}

/** Above this, sending commands ahead gains nothing, and what waits behind it could run elsewhere. */
const SMALL = 256 * 1024;
/** Pieces of small work on one session: one runs, the commands of the next are sent, a third is being prepared. */
const LANES = 3;

/** Runs pieces of work on the sessions of one server, the largest first. */
export class Crew implements AsyncDisposable {
  readonly site: Site;
  readonly signal: AbortSignal;
  readonly #options: CrewOptions;
  readonly #slots: Slot[] = [];
  /** Sorted by size, the largest last. */
  readonly #queue: Work[] = [];
  #limit: number;
  #hasConnected = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(site: Site, options: CrewOptions) {
    this.site = site;
    this.#options = options;
    this.signal = options.signal;
    this.#limit = Math.max(1, options.parallel ?? 4);
    this.signal.addEventListener("abort", this.#onAbort);
  }

  /**
   * Runs `work` on one of the sessions, again if its failure may pass. `work` may call `moved` when what it still does
   * needs no data connection: other work goes on beside it.
   *
   * @throws its last failure; what ended the whole crew; or the reason of the signal.
   */
  run<T>(work: (client: Client, moved: () => void) => Promise<T>, options: WorkOptions = {}): Promise<T> {
    if (this.#failure) return Promise.reject(this.#failure.error);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const attempt = async (slot: Slot, moved: () => void): Promise<void> => {
      try {
        resolve(await this.#retrying(() => this.#attempt(slot, work, moved), options));
      } catch (error) {
        if (isForAll(error)) this.fail(error);
        reject(error);
      }
    };
    this.#enqueue({ size: options.size ?? 0, run: attempt, fail: reject });
    this.#dispatch();
    return promise;
  }

  /** Whether it has ended: nothing runs on it any more. */
  get isOver(): boolean {
    return this.#failure !== undefined;
  }

  /** Ends the crew: what waits rejects with `error`. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    for (const work of this.#queue.splice(0)) work.fail(this.#failure.error);
  }

  /** Closes all sessions. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal.removeEventListener("abort", this.#onAbort);
    this.fail(new AgentError("incomplete", "The job is over"));
    await Promise.all(this.#slots.map(async ({ client }) => {
      await (await client?.catch(() => undefined))?.close();
    }));
  }

  readonly #onAbort = (): void => this.fail(this.signal.reason);

  #enqueue(work: Work): void {
    let [low, high] = [0, this.#queue.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      // Among equals, what came first is nearer to the end and goes first.
      if ((this.#queue[middle]?.size ?? 0) < work.size) low = middle + 1;
      else high = middle;
    }
    this.#queue.splice(low, 0, work);
  }

  #dispatch(): void {
    for (;;) {
      const next = this.#queue.at(-1);
      const slot = next && this.#slotFor(next.size);
      if (!next || !slot) return;
      this.#queue.pop();
      void this.#perform(slot, next);
    }
  }

  async #perform(slot: Slot, work: Work): Promise<void> {
    slot.running.push(work.size);
    let isCounted = true;
    const moved = (): void => {
      if (!isCounted) return;
      isCounted = false;
      slot.running.splice(slot.running.indexOf(work.size), 1);
      this.#dispatch();
    };
    await work.run(slot, moved);
    moved();
  }

  /** Idle sessions first, then a new one, then one where `size` can wait without being late. */
  #slotFor(size: number): Slot | undefined {
    const idle = this.#slots.find(({ running }) => running.length === 0);
    if (idle) return idle;
    // The first session alone: it may have to ask for a password, or to be refused.
    if (this.#slots.length < this.#limit && (this.#hasConnected || this.#slots.length === 0)) {
      const slot: Slot = { client: undefined, running: [] };
      this.#slots.push(slot);
      return slot;
    }
    const isAhead = this.site.ahead && this.site.ahead.state !== "no";
    if (!isAhead || size > SMALL || !this.#hasConnected) return undefined;
    const free = this.#slots.filter(({ running }) => running.length < LANES && running.every((one) => one <= SMALL));
    return free.toSorted((a, b) => a.running.length - b.running.length)[0];
  }

  #retrying<T>(work: () => Promise<T>, { onRetry, once }: WorkOptions): Promise<T> {
    const { retries = 3, waits } = this.#options;
    return retrying(async () => {
      try {
        if (this.#failure) throw this.#failure.error;
        return await work();
      } catch (error) {
        // Nothing is tried again on a crew that has ended.
        throw this.#failure ? new Final(error) : error;
      }
    }, { ...waits, tries: once ? 1 : retries + 1, signal: this.signal, ...(onRetry && { onRetry }) }).catch(unwrap);
  }

  async #attempt<T>(
    slot: Slot,
    work: (client: Client, moved: () => void) => Promise<T>,
    moved: () => void,
  ): Promise<T> {
    const client = await this.#clientOf(slot);
    try {
      return await work(client, moved);
    } catch (error) {
      if (error instanceof ClientError && error.kind === "sessionTaken") await this.#goOnAlone(client);
      throw error;
    }
  }

  /**
   * The server wants each data connection to resume the TLS session of its control connection, and the runtime keeps
   * only the latest session of a host: all work goes on with one session, which logs in anew to be the latest.
   */
  async #goOnAlone(client: Client): Promise<void> {
    if (this.#limit > 1) {
      this.#limit = 1;
      this.#options.onFewer?.(1);
    }
    const others = this.#slots.splice(1);
    await client.close();
    for (const other of others) await (await other.client?.catch(() => undefined))?.close();
  }

  /** The session of `slot`, opened anew if it is not open. */
  async #clientOf(slot: Slot): Promise<Client> {
    const [sole] = this.#slots;
    if (sole && !this.#slots.includes(slot)) return await this.#clientOf(sole);
    const pending = slot.client;
    const client = await pending?.catch(() => undefined);
    if (client?.isOpen) return client;
    // Another piece of work on this slot may have begun to connect in the meantime.
    if (slot.client !== pending) return await this.#clientOf(slot);
    slot.client = this.#connect(slot);
    // A failure ends the crew, or this slot; whoever waits here learns of it.
    slot.client.catch(() => {});
    return await slot.client;
  }

  async #connect(slot: Slot): Promise<Client> {
    try {
      const client = await this.#retryingToConnect(slot);
      this.#hasConnected = true;
      this.#dispatch();
      return client;
    } catch (error) {
      if (isTooMany(error) && this.#others(slot).length > 0) return await this.#retire(slot);
      this.fail(error);
      throw error;
    }
  }

  #retryingToConnect(slot: Slot): Promise<Client> {
    const { retries = 3, waits } = this.#options;
    return retrying(async () => {
      try {
        return await this.site.connect(this.signal);
      } catch (error) {
        // A server that was never reached is more likely to be a mistake than to be busy.
        const isFutile = !this.#hasConnected && error instanceof ClientError && error.kind !== "reply";
        const isEnough = isTooMany(error) && this.#others(slot).length > 0;
        if (isFutile || isEnough) throw new Final(error);
        throw error;
      }
    }, { ...waits, tries: retries + 1, signal: this.signal }).catch(unwrap);
  }

  #others(slot: Slot): Slot[] {
    return this.#slots.filter((other) => other !== slot && other.client !== undefined);
  }

  /** The server accepts no further session: the work of `slot` goes on with another one. */
  async #retire(slot: Slot): Promise<Client> {
    const at = this.#slots.indexOf(slot);
    if (at >= 0) {
      this.#slots.splice(at, 1);
      this.#limit = Math.max(1, this.#slots.length);
      this.#options.onFewer?.(this.#limit);
    }
    const [other] = this.#others(slot).toSorted((a, b) => a.running.length - b.running.length);
    if (!other) throw new AgentError("incomplete", "There is no session left");
    return await this.#clientOf(other);
  }
}

/** A failure that is not tried again, whatever it says of itself. */
class Final extends Error {
  constructor(cause: unknown) {
    super("", { cause });
  }
}

function unwrap(error: unknown): never {
  throw error instanceof Final ? error.cause : error;
}

function isTooMany(error: unknown): boolean {
  return error instanceof ClientError && error.isTemporary && (error.code === 421 || error.code === 530);
}

/** Nothing else of the job would fare better: a full disk at either end, a password that nobody can give. */
function isForAll(error: unknown): boolean {
  if (error instanceof AgentError) return error.kind === "wrongUse";
  if (!(error instanceof ClientError)) return false;
  if (error.kind === "reply") return error.code === 452 || error.code === 552;
  return isDiskFullHere(error);
}
