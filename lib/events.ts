/**
 * The one typed stream of a server's events. The log, the transfer log and the fixture's journal are its listeners, and
 * so are those of an embedding program.
 *
 * @module
 */

import type { Timed } from "./events/base.ts";
import type { EventType, ServerEvent } from "./events/event.ts";

export type * from "./events/base.ts";
export type * from "./events/event.ts";
export type * from "./events/server_events.ts";
export type * from "./events/session_events.ts";

/** Every {@link EventType}. */
export const EVENT_TYPES: readonly EventType[] = Object.keys(
  {
    sessionOpened: true,
    sessionClosed: true,
    connectionRefused: true,
    proxyHeaderRefused: true,
    addressBanned: true,
    addressAllowed: true,
    started: true,
    stopped: true,
    login: true,
    command: true,
    refused: true,
    reply: true,
    dataOpened: true,
    transferStarted: true,
    transfer: true,
    fileChanged: true,
    problem: true,
    notice: true,
  } satisfies Record<EventType, true>,
) as EventType[];

/** An event as it is handed to a stream, which adds the time where it is missing. */
export type Untimed<E extends ServerEvent = ServerEvent> = E extends unknown ? Omit<E, "time"> & Partial<Timed> : never;

/**
 * What a listener can ask for: a type of events. `transferWithoutDigest`: events of the type `transfer`, whose
 * `sha256` need not be computed for it.
 */
export type EventWish = EventType | "transferWithoutDigest";

/** These types, for a listener that takes a digest only where something else has it computed. */
export function withoutDigest(types: readonly EventType[]): readonly EventWish[] {
  return types.map((type) => type === "transfer" ? "transferWithoutDigest" : type);
}

/** Receives events, in order, at the time they happen. */
export type EventListener = (event: ServerEvent) => void;

/** The options of an {@link EventStream}. */
export interface EventStreamOptions {
  /**
   * Milliseconds since 1970.
   *
   * @default Date.now
   */
  readonly clock?: () => number;
  /** Called when {@link EventStream.wanted} has changed. */
  readonly onWanted?: (types: readonly EventWish[]) => void;
}

/** What a listener gets. */
interface Wish {
  /** Absent: all. */
  readonly types: ReadonlySet<EventType> | undefined;
  readonly digests: boolean;
}

/**
 * Passes events to listeners. A listener that throws is removed, and affects neither the session nor other listeners.
 */
export class EventStream {
  readonly #listeners = new Map<EventListener, Wish>();
  readonly #clock: () => number;
  readonly #onWanted: EventStreamOptions["onWanted"];
  #wanted: readonly EventWish[] = [];
  #wantedTypes: ReadonlySet<EventType> = new Set();
  #wantsDigests = false;

  /** A stream without listeners. */
  constructor({ clock = Date.now, onWanted }: EventStreamOptions = {}) {
    this.#clock = clock;
    this.#onWanted = onWanted;
  }

  /**
   * Adds a listener; disposing the result removes it.
   *
   * @param types the types of events it needs. Default: all. Commands and replies are frequent: a listener that does
   * not need them should leave them out.
   */
  on(listener: EventListener, types?: readonly EventWish[]): Disposable {
    this.#listeners.set(listener, {
      types: types && new Set(types.map((wish) => wish === "transferWithoutDigest" ? "transfer" : wish)),
      digests: types?.includes("transfer") ?? true,
    });
    this.#changed();
    return { [Symbol.dispose]: () => this.#remove(listener) };
  }

  /** Whether `type` has a listener, so that frequent events need not be made without one. */
  wants(type: EventType): boolean {
    return this.#wantedTypes.has(type);
  }

  /** Whether a listener wants the digests of files that are transferred. */
  get wantsDigests(): boolean {
    return this.#wantsDigests;
  }

  /** What the listeners want, all together. */
  get wanted(): readonly EventWish[] {
    return this.#wanted;
  }

  /** Passes an event on. Its `time` is now, unless it has one. */
  emit(event: Untimed): void {
    if (this.#listeners.size === 0) return;
    // The compiler cannot see that an event with its time is one of the union.
    const timed = (event.time === undefined ? { ...event, time: this.#clock() } : event) as ServerEvent;
    for (const [listener, { types }] of this.#listeners) {
      if (types !== undefined && !types.has(timed.type)) continue;
      try {
        listener(timed);
      } catch (error) {
        this.#remove(listener);
        this.emit({ type: "problem", level: "error", message: "An event listener threw and was removed", error });
      }
    }
  }

  #remove(listener: EventListener): void {
    if (this.#listeners.delete(listener)) this.#changed();
  }

  #changed(): void {
    const wishes = [...this.#listeners.values()];
    const types = EVENT_TYPES.filter((type) => wishes.some((wish) => wish.types?.has(type) ?? true));
    this.#wantedTypes = new Set(types);
    this.#wantsDigests = wishes.some(({ digests }) => digests);
    const wanted = types.map((type): EventWish =>
      type === "transfer" && !this.#wantsDigests ? "transferWithoutDigest" : type
    );
    const isSame = wanted.length === this.#wanted.length && wanted.every((type) => this.#wanted.includes(type));
    this.#wanted = wanted;
    if (!isSame) this.#onWanted?.(wanted);
  }
}
