/**
 * Counts the work of one event loop.
 *
 * @module
 */

import type { TransferDirection } from "../events.ts";
import type { ConnectionRefusal, Meter, MeteredConnection, SessionReport } from "../options/meter.ts";
import type { Layout, StorageRequest } from "./layout.ts";

/** Milliseconds between two looks at how late a timer is. */
const BEAT = 500;
/** Looks after which the longest delay begins to be forgotten: it is seen by whoever scrapes every 15 seconds. */
const WINDOW = 30;

/** The options of {@link SlotMeter.beat}. */
export interface BeatOptions {
  /** Passive ports that are listened on; asked at each beat. */
  readonly passiveTaken?: (() => number) | undefined;
}

/** A {@link Meter} that adds to numbers in an array. */
export class SlotMeter implements Meter {
  readonly #layout: Layout;
  readonly #values: Float64Array;
  readonly #replies: number;

  /** @param values as many numbers as `layout` has; no other event loop may write to them. */
  constructor(layout: Layout, values: Float64Array) {
    this.#layout = layout;
    this.#values = values;
    this.#replies = layout.replies.at - Number(layout.replies.names[0]);
  }

  sessionOpened(secure: boolean): void {
    const { sessions, sessionsOpened, acceptFailing } = this.#layout;
    this.#add(sessions.place(String(secure)), 1);
    this.#add(sessionsOpened.at, 1);
    this.#values[acceptFailing.at] = 0;
  }

  sessionSecured(): void {
    const { sessions } = this.#layout;
    this.#add(sessions.place("false"), -1);
    this.#add(sessions.place("true"), 1);
  }

  sessionClosed(secure: boolean): void {
    this.#add(this.#layout.sessions.place(String(secure)), -1);
  }

  connectionRefused(why: ConnectionRefusal): void {
    this.#add(this.#layout.refused.place(why), 1);
    this.#values[this.#layout.acceptFailing.at] = 0;
  }

  acceptFailed(): void {
    this.#values[this.#layout.acceptFailing.at] = 1;
  }

  commandDone(verb: string | undefined, milliseconds: number | undefined): void {
    this.#add(this.#layout.commands.place(verb ?? "other"), 1);
    if (milliseconds !== undefined) this.#layout.commandSeconds.observe(this.#values, milliseconds / 1000);
  }

  replied(code: number): void {
    this.#add(this.#replies + code, 1);
  }

  moved(direction: TransferDirection, bytes: number): void {
    this.#add(this.#layout.transferBytes.place(direction), bytes);
  }

  dataOpened({ mode, tls, resumed }: MeteredConnection): void {
    this.#add(this.#layout.dataConnections.place(`${mode} ${tls} ${resumed}`), 1);
  }

  passiveExhausted(): void {
    this.#add(this.#layout.passiveExhausted.at, 1);
  }

  reported(event: SessionReport): void {
    const layout = this.#layout;
    switch (event.type) {
      case "login":
        return this.#add(layout.logins.place(event.reason ?? "accepted"), 1);
      case "fileChanged":
        return this.#add(layout.fileChanges.place(event.change), 1);
      case "transferStarted":
        return this.#add(layout.transfersActive.place(event.direction), 1);
      case "transfer": {
        const { direction, reason, milliseconds } = event;
        this.#add(layout.transfersActive.place(direction), -1);
        this.#add(layout.transfers.place(`${direction} ${reason}`), 1);
        const histogram = layout.transferSeconds[layout.transferBytes.names.indexOf(direction)];
        histogram?.observe(this.#values, milliseconds / 1000);
        if (event.unclean) this.#add(layout.uploadsUnclean.at, 1);
      }
    }
  }

  /** A request to an object store has ended. */
  storageAnswered({ method, outcome, milliseconds }: StorageRequest): void {
    this.#add(this.#layout.storage.place(`${method} ${outcome}`), 1);
    this.#layout.storageSeconds.observe(this.#values, milliseconds / 1000);
  }

  /** Looks from now on at how late the timers of this event loop are, until the result is disposed. */
  beat({ passiveTaken }: BeatOptions = {}): Disposable {
    const { loop, passiveTaken: taken } = this.#layout;
    const [lag, turned] = [loop.place("lag"), loop.place("turned")];
    let [before, current, beats] = [0, 0, 0];
    let expected = performance.now() + BEAT;
    this.#values[turned] = Date.now();
    const timer = setInterval(() => {
      const now = performance.now();
      current = Math.max(current, now - expected, 0);
      expected = now + BEAT;
      this.#values[lag] = Math.max(before, current) / 1000;
      this.#values[turned] = Date.now();
      if (passiveTaken) this.#values[taken.at] = passiveTaken();
      if (++beats % WINDOW === 0) [before, current] = [current, 0];
    }, BEAT);
    // It must not keep a program running that has nothing else to do.
    Deno.unrefTimer(timer);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  #add(place: number, change: number): void {
    // The place is one of the layout.
    this.#values[place]! += change;
  }
}
