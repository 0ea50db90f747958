/**
 * What the console shows besides the present: the history, the transfers that have ended, and one look a second at the
 * server for all pages that are open.
 *
 * @module
 */

import type { ServerEvent, TransferEnded } from "../../events.ts";
import { COARSE_STEP, History } from "./history.ts";
import { type Look, look, type Watched } from "./samples.ts";

/** Ended transfers that are kept. */
const MOST_ENDED = 200;
/** Milliseconds between two looks, while somebody follows. */
const LOOK_STEP = 1_000;
/** With more sessions than these a look costs more, and comes more seldom. */
const MANY_SESSIONS = 2_000;
const SELDOM = 5;

/** Called with each look. */
export type LookListener = (look: Look) => void;

/** Watches one server until it is disposed. */
export class Watch implements Disposable {
  readonly history: History = new History();
  readonly #server: Watched;
  readonly #ended: TransferEnded[] = [];
  readonly #listeners = new Set<LookListener>();
  readonly #ends = new DisposableStack();
  #looking: ReturnType<typeof setInterval> | undefined;
  #isBusy = false;
  #turn = 0;
  /** Of the last look. */
  #sessions = 0;

  /** Watches nothing before {@link begin}. */
  constructor(server: Watched) {
    this.#server = server;
  }

  /** The server is there: the history begins. */
  begin(): void {
    const keep = (event: ServerEvent) => event.type === "transfer" && this.#keep(event);
    this.#ends.use(this.#server.events.on(keep, ["transferWithoutDigest"]));
    const clock = setInterval(() => void this.#sampleCoarsely(), COARSE_STEP);
    this.#ends.defer(() => clearInterval(clock));
    void this.#sampleCoarsely();
  }

  /** The transfers that have ended, the newest first, listings left out. */
  get ended(): readonly TransferEnded[] {
    return this.#ended.toReversed();
  }

  /** Calls `listener` once a second, and now, until the result is disposed. */
  follow(listener: LookListener): Disposable {
    this.#listeners.add(listener);
    this.#looking ??= setInterval(() => void this.#look(), LOOK_STEP);
    void this.#look();
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener);
        if (this.#listeners.size === 0) this.#stopLooking();
      },
    };
  }

  /** Ends all of it; those who follow hear no more. */
  [Symbol.dispose](): void {
    this.#listeners.clear();
    this.#stopLooking();
    this.#ends.dispose();
  }

  #stopLooking(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #keep(event: TransferEnded): void {
    if (event.direction === "listing") return;
    this.#ended.push(event);
    if (this.#ended.length > MOST_ENDED) this.#ended.shift();
  }

  async #sampleCoarsely(): Promise<void> {
    const { live: _, running: __, ...sample } = await look(this.#server);
    this.history.addCoarse(sample);
  }

  /** A look that takes longer than a second, with many sessions in many workers, is not begun twice. */
  async #look(): Promise<void> {
    if (this.#isBusy || this.#turn++ % this.#pace !== 0) return;
    this.#isBusy = true;
    try {
      const seen = await look(this.#server);
      const { live: _, running: __, ...sample } = seen;
      this.#sessions = seen.sessions;
      this.history.addFine(sample);
      for (const listener of this.#listeners) listener(seen);
    } finally {
      this.#isBusy = false;
    }
  }

  get #pace(): number {
    return this.#sessions > MANY_SESSIONS ? SELDOM : 1;
  }
}
