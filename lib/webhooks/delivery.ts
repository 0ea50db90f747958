/**
 * Delivers events from the queue: to each service those of one session one after the other, those of several sessions
 * at the same time. An event that does not arrive holds up those of its session alone.
 *
 * @module
 */

import { messageOf } from "../net/message_of.ts";
import { postLetter } from "./post.ts";
import type { Letter, LetterQueue } from "./queue.ts";

/** All in milliseconds. */
export interface DeliveryTiming {
  /** After the first failure; it doubles with each one. */
  readonly firstDelay: number;
  readonly longestDelay: number;
  /** From being queued to being given up. */
  readonly lifetime: number;
  /** The time that a service has to answer. */
  readonly timeout: number;
  /** Between two looks for what has become due. */
  readonly tick: number;
  /** For what is left at the end of the server. */
  readonly linger: number;
  /** Between two reports about one service. */
  readonly reportInterval: number;
}

/** What the server uses. */
export const TIMING: DeliveryTiming = {
  firstDelay: 1_000,
  longestDelay: 3_600_000,
  lifetime: 24 * 3_600_000,
  timeout: 10_000,
  tick: 1_000,
  linger: 2_000,
  reportInterval: 60_000,
};

/** Posts to one service at the same time. */
const MOST_POSTS = 8;
/** Milliseconds in which what is queued is looked for once. */
const GATHER = 5;

/** The options of a {@link Delivery}. */
export interface DeliveryOptions {
  readonly queue: LetterQueue;
  /** The secret of each service, by its URL. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** Letters that are kept for each service; the oldest beyond it die. */
  readonly most: number;
  /** What an administrator should look at. */
  readonly report: (message: string, error?: unknown) => void;
  /** What differs from {@link TIMING}. */
  readonly timing?: Partial<DeliveryTiming>;
}

/** Delivers until it is disposed. What is then left is delivered by the next one. */
export class Delivery implements AsyncDisposable {
  readonly #options: DeliveryOptions;
  readonly #timing: DeliveryTiming;
  /** The sessions of which a letter is on its way, by service. */
  readonly #lanes = new Map<string, Map<string, Promise<void>>>();
  readonly #reported = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #ticks: ReturnType<typeof setInterval>;
  #gathering: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    for (const url of options.secrets.keys()) this.#lanes.set(url, new Map());
    this.#buryOthers();
    this.#ticks = setInterval(() => this.#tick(), this.#timing.tick);
    this.wake();
  }

  /** Something was queued. */
  wake(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#fillAll();
    }, GATHER);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticks);
    clearTimeout(this.#gathering);
    this.#fillAll();
    const limit = setTimeout(() => this.#stop.abort(), this.#timing.linger);
    const running = () => [...this.#lanes.values()].flatMap((lanes) => [...lanes.values()]);
    for (let lanes = running(); lanes.length > 0; lanes = running()) await Promise.all(lanes);
    clearTimeout(limit);
    this.#stop.abort();
  }

  #tick(): void {
    const { queue, most } = this.#options;
    this.#buryOthers();
    for (const url of this.#lanes.keys()) {
      const died = this.#guard(() => queue.trim(url, { most, now: Date.now() })) ?? 0;
      if (died > 0) this.#report(url, `${died} events for ${nameOf(url)} became dead letters: more than ${most} wait`);
    }
    this.#fillAll();
  }

  /** Of URLs that no webhook has: those that were queued for another start, and those that are replayed. */
  #buryOthers(): void {
    const { queue, secrets } = this.#options;
    this.#guard(() => queue.buryOthers([...secrets.keys()], Date.now()));
  }

  #fillAll(): void {
    for (const url of this.#lanes.keys()) this.#fill(url);
  }

  /** Starts a lane for each session that has something to deliver, while there is room. */
  #fill(url: string): void {
    const lanes = this.#lanes.get(url);
    if (!lanes || lanes.size >= MOST_POSTS || this.#stop.signal.aborted) return;
    const heads = this.#guard(() => this.#options.queue.heads(url, { now: Date.now(), most: MOST_POSTS + lanes.size }));
    for (const letter of heads ?? []) {
      if (lanes.size >= MOST_POSTS) return;
      if (lanes.has(letter.session)) continue;
      const lane = this.#deliver(letter).catch((error) => {
        // It is still in the queue.
        this.#report(url, "Cannot change the queue of webhooks", error);
        return false;
      }).then((goesOn) => {
        lanes.delete(letter.session);
        if (goesOn) this.#fill(url);
      });
      lanes.set(letter.session, lane);
    }
  }

  /** Delivers `first`, and what follows it in its session. Resolves to whether the service takes what it is sent. */
  async #deliver(first: Letter): Promise<boolean> {
    const { queue } = this.#options;
    const { signal } = this.#stop;
    let letter: Letter | undefined = first;
    while (letter && !signal.aborted) {
      if (!await this.#post(letter)) return false;
      letter = queue.next(letter.endpoint, letter.session, Date.now());
    }
    return true;
  }

  /** Resolves to whether the next letter of the session may follow. */
  async #post(letter: Letter): Promise<boolean> {
    const { queue, secrets } = this.#options;
    const { seq, endpoint, id, queued, attempts } = letter;
    const { signal } = this.#stop;
    const { timeout, lifetime } = this.#timing;
    const key = secrets.get(endpoint) ?? new Uint8Array();
    const result = await postLetter(letter, { key, timeout, signal });
    if (result.outcome === "delivered") {
      queue.remove(seq);
      return true;
    }
    // Not the fault of the service.
    if (signal.aborted) return false;
    const now = Date.now();
    const { error } = result;
    if (result.outcome === "refused" || now - queued >= lifetime) {
      queue.bury(seq, now, error);
      this.#report(endpoint, `Event ${id} for ${nameOf(endpoint)} became a dead letter: ${error}`);
      return true;
    }
    queue.postpone(seq, now + this.#delayAfter(attempts), error);
    this.#report(endpoint, `${nameOf(endpoint)} does not take events, which are kept and sent again: ${error}`);
    return false;
  }

  /** From half of the time to all of it: services that were down together are not asked together. */
  #delayAfter(attempts: number): number {
    const { firstDelay, longestDelay } = this.#timing;
    return Math.min(longestDelay, firstDelay * 2 ** Math.min(attempts, 30)) * (1 + Math.random()) / 2;
  }

  #guard<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.#report("", `Cannot use the queue of webhooks: ${messageOf(error)}`);
      return undefined;
    }
  }

  #report(url: string, message: string, error?: unknown): void {
    const now = performance.now();
    if (now - (this.#reported.get(url) ?? -Infinity) < this.#timing.reportInterval) return;
    this.#reported.set(url, now);
    this.#options.report(message, error);
  }
}

/** The URL without its query, which may be a secret. */
export function nameOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `"${origin}${pathname}"`;
}
