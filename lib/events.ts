/**
 * The one typed stream of a server's events. The log, the transfer log and the fixture's journal are its listeners, and
 * so are those of an embedding program.
 *
 * @module
 */

/** When an event happened. */
export interface Timed {
  /** Milliseconds since 1970, by the clock of the server. */
  readonly time: number;
}

/** The session behind an event. */
export interface Actor {
  /** Names the session in logs; never reused while the server runs. */
  readonly session: string;
  /** IP address of the control connection's peer. */
  readonly address: string;
  /** Name of the account, once logged in. */
  readonly user?: string;
}

/** What every event of a session carries. */
export interface SessionEvent extends Timed, Actor {}

/** Which way the bytes of a transfer go; those of a listing go to the client too. */
export type TransferDirection = "download" | "upload" | "listing";

/** Why a transfer did not complete; `none` if it did. */
export type TransferReason =
  | "none"
  | "aborted"
  | "controlLost"
  | "dataLost"
  | "dataNotOpened"
  | "tlsTruncated"
  | "tlsFailed"
  | "stalled"
  | "sizeMismatch"
  | "storage"
  | "quota"
  | "disconnected"
  | "shutdown";

/** A control connection was accepted as a session; its greeting follows. */
export interface SessionOpened extends SessionEvent {
  readonly type: "sessionOpened";
}

/** A control connection was closed, with everything that belonged to it. */
export interface SessionClosed extends SessionEvent {
  readonly type: "sessionClosed";
  readonly reason: string;
}

/** A connection was answered 421 before it became a session: a limit was reached, or its address is banned. */
export interface ConnectionRefused extends Timed {
  readonly type: "connectionRefused";
  readonly address: string;
  readonly reason: string;
}

/** A login attempt. `reason` is for the log only: the client always gets the same text. */
export interface LoginTried extends SessionEvent {
  readonly type: "login";
  readonly name: string;
  readonly ok: boolean;
  readonly reason?: string;
}

/** A command arrived; the argument of PASS is already masked. */
export interface CommandReceived extends SessionEvent {
  readonly type: "command";
  readonly line: string;
}

/** A reply was sent, including preliminary ones. */
export interface ReplySent extends SessionEvent {
  readonly type: "reply";
  readonly code: number;
  readonly text: string;
}

/** A data connection is open, and protected if PROT requires it; bytes may move now. */
export interface DataOpened extends SessionEvent {
  readonly type: "dataOpened";
  readonly secure: boolean;
  /** Whether it resumed a TLS session; absent without TLS. */
  readonly resumed?: boolean;
}

/**
 * A transfer started: its file or directory is open, its data connection may still be on its way. Exactly one
 * {@link TransferEnded} of the same session follows before the next of these.
 */
export interface TransferStarted extends SessionEvent {
  readonly type: "transferStarted";
  readonly verb: string;
  readonly direction: TransferDirection;
  readonly path: string;
  /** First byte of the file that is transferred. */
  readonly offset: number;
  /**
   * Bytes that should move, where that is known: of a download the rest of the file or the range, of an upload what
   * ALLO announced. Line ends that are converted are not counted in.
   */
  readonly size?: number;
}

/** A transfer ended: the record for an xferlog line and the fixture's journal. */
export interface TransferEnded extends SessionEvent {
  readonly type: "transfer";
  readonly verb: string;
  readonly direction: TransferDirection;
  readonly path: string;
  /** Bytes sent or received over the data connection. */
  readonly bytes: number;
  /** First byte of the file that was transferred. */
  readonly offset: number;
  /** Since it started, by a monotonic clock. */
  readonly milliseconds: number;
  readonly ascii: boolean;
  readonly complete: boolean;
  readonly reason: TransferReason;
  /** An upload under TLS ended without close_notify: an attacker may have truncated it (RFC 8446 section 6.1). */
  readonly unclean?: true;
  /** A complete upload with fewer bytes than announced by ALLO. */
  readonly short?: true;
  /** Lower-case hexadecimal SHA-256 of the file, if it was computed during the transfer. */
  readonly sha256?: string;
}

/** The file system was changed by a command other than a transfer. */
export interface FileChanged extends SessionEvent {
  readonly type: "fileChanged";
  readonly change: "deleted" | "renamed" | "madeDirectory" | "removedDirectory" | "modified";
  readonly path: string;
  /** The new path, for `renamed`. */
  readonly to?: string;
}

/** Something an administrator should look at; with an actor if it belongs to a session. */
export interface Problem extends Timed, Partial<Actor> {
  readonly type: "problem";
  readonly level: "warning" | "error";
  readonly message: string;
  readonly error?: unknown;
}

/**
 * Information: what the server did (`info`), and details for finding out why something happened (`debug`), such as what
 * a client did wrong. With an actor if it belongs to a session.
 */
export interface Notice extends Timed, Partial<Actor> {
  readonly type: "notice";
  readonly level: "debug" | "info";
  readonly message: string;
  readonly error?: unknown;
}

/** Everything that is reported. */
export type ServerEvent =
  | SessionOpened
  | SessionClosed
  | ConnectionRefused
  | LoginTried
  | CommandReceived
  | ReplySent
  | DataOpened
  | TransferStarted
  | TransferEnded
  | FileChanged
  | Problem
  | Notice;

/** The types of events. */
export type EventType = ServerEvent["type"];

/** Every {@link EventType}. */
export const EVENT_TYPES: readonly EventType[] = Object.keys(
  {
    sessionOpened: true,
    sessionClosed: true,
    connectionRefused: true,
    login: true,
    command: true,
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

/** Receives events, in order, at the time they happen. */
export type EventListener = (event: ServerEvent) => void;

/** The options of an {@link EventStream}. */
export interface EventStreamOptions {
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly clock?: () => number;
  /** Called when {@link EventStream.wanted} has changed. */
  readonly onWanted?: (types: readonly EventType[]) => void;
}

/**
 * Passes events to listeners. A listener that throws is removed, and affects neither the session nor other listeners.
 */
export class EventStream {
  readonly #listeners = new Map<EventListener, ReadonlySet<EventType> | undefined>();
  readonly #clock: () => number;
  readonly #onWanted: EventStreamOptions["onWanted"];
  #wanted: readonly EventType[] = [];

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
  on(listener: EventListener, types?: readonly EventType[]): Disposable {
    this.#listeners.set(listener, types && new Set(types));
    this.#changed();
    return { [Symbol.dispose]: () => this.#remove(listener) };
  }

  /** Whether `type` has a listener, so that frequent events need not be made without one. */
  wants(type: EventType): boolean {
    for (const types of this.#listeners.values()) if (types === undefined || types.has(type)) return true;
    return false;
  }

  /** The types that have a listener. */
  get wanted(): readonly EventType[] {
    return this.#wanted;
  }

  /** Passes an event on. Its `time` is now, unless it has one. */
  emit(event: Untimed): void {
    if (this.#listeners.size === 0) return;
    // The compiler cannot see that an event with its time is one of the union.
    const timed = (event.time === undefined ? { ...event, time: this.#clock() } : event) as ServerEvent;
    for (const [listener, types] of this.#listeners) {
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
    const wanted = EVENT_TYPES.filter((type) => this.wants(type));
    const isSame = wanted.length === this.#wanted.length && wanted.every((type) => this.#wanted.includes(type));
    this.#wanted = wanted;
    if (!isSame) this.#onWanted?.(wanted);
  }
}
