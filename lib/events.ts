/**
 * The one typed stream of a server's events. The log, the transfer log and the fixture's journal are its listeners, and
 * so are those of an embedding program.
 *
 * @module
 */

/** Which event it is. */
export interface Typed<Type extends string> {
  /** Distinguishes it from the others. */
  readonly type: Type;
}

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
export interface SessionOpened extends SessionEvent, Typed<"sessionOpened"> {}

/** A control connection was closed, with everything that belonged to it. */
export interface SessionClosed extends SessionEvent, Typed<"sessionClosed"> {
  /** Why, as text for the log. */
  readonly reason: string;
}

/** A connection was answered 421 before it became a session: a limit was reached, or its address is banned. */
export interface ConnectionRefused extends Timed, Typed<"connectionRefused"> {
  /** IP address of the peer. */
  readonly address: string;
  /** Which limit was reached, for the log. */
  readonly reason: string;
}

/** A login attempt. `reason` is for the log only: the client always gets the same text. */
export interface LoginTried extends SessionEvent, Typed<"login"> {
  /** As the client sent it. */
  readonly name: string;
  /** Whether it was accepted. */
  readonly ok: boolean;
  /** Why it was refused; absent if it was accepted. */
  readonly reason?: string;
}

/** A command arrived; the argument of PASS is already masked. */
export interface CommandReceived extends SessionEvent, Typed<"command"> {
  /** The line without its end. */
  readonly line: string;
}

/** A reply was sent, including preliminary ones. */
export interface ReplySent extends SessionEvent, Typed<"reply"> {
  /** 100 to 599. */
  readonly code: number;
  /** Its text; the lines of a longer one are separated by `\n`. */
  readonly text: string;
}

/** A data connection is open, and protected if PROT requires it; bytes may move now. */
export interface DataOpened extends SessionEvent, Typed<"dataOpened"> {
  /** Whether it is encrypted. */
  readonly secure: boolean;
  /** Whether it resumed a TLS session; absent without TLS. */
  readonly resumed?: boolean;
}

/** What both events of a transfer carry. */
export interface TransferEvent extends SessionEvent {
  /** The verb in upper case, such as `RETR`. */
  readonly verb: string;
  /** Which way the bytes go. */
  readonly direction: TransferDirection;
  /** The virtual path. */
  readonly path: string;
  /** First byte of the file that is transferred. */
  readonly offset: number;
}

/**
 * A transfer started: its file or directory is open, its data connection may still be on its way. Exactly one
 * {@link TransferEnded} of the same session follows before the next of these.
 */
export interface TransferStarted extends TransferEvent, Typed<"transferStarted"> {
  /**
   * Bytes that should move, where that is known: of a download the rest of the file or the range, of an upload what
   * ALLO announced. Line ends that are converted are not counted in.
   */
  readonly size?: number;
}

/** A transfer ended: the record for an xferlog line and the fixture's journal. */
export interface TransferEnded extends TransferEvent, Typed<"transfer"> {
  /** Bytes sent or received over the data connection. */
  readonly bytes: number;
  /** Since it started, by a monotonic clock. */
  readonly milliseconds: number;
  /** Whether line ends were converted (TYPE A). */
  readonly ascii: boolean;
  /** Whether everything arrived; an upload is stored then. */
  readonly complete: boolean;
  /** Why it is not complete. */
  readonly reason: TransferReason;
  /** An upload under TLS ended without close_notify: an attacker may have truncated it (RFC 8446 section 6.1). */
  readonly unclean?: true;
  /** A complete upload with fewer bytes than announced by ALLO. */
  readonly short?: true;
  /** Lower-case hexadecimal SHA-256 of the file, if it was computed during the transfer. */
  readonly sha256?: string;
}

/** The file system was changed by a command other than a transfer. */
export interface FileChanged extends SessionEvent, Typed<"fileChanged"> {
  /** What was done. */
  readonly change: "deleted" | "renamed" | "madeDirectory" | "removedDirectory" | "modified";
  /** The virtual path. */
  readonly path: string;
  /** The new path, for `renamed`. */
  readonly to?: string;
}

/** Something an administrator should look at; with an actor if it belongs to a session. */
export interface Problem extends Timed, Partial<Actor>, Typed<"problem"> {
  /** `error`: something does not work. */
  readonly level: "warning" | "error";
  /** For people; never shown to clients. */
  readonly message: string;
  /** The error behind it, if there is one. */
  readonly error?: unknown;
}

/**
 * Information: what the server did (`info`), and details for finding out why something happened (`debug`), such as what
 * a client did wrong. With an actor if it belongs to a session.
 */
export interface Notice extends Timed, Partial<Actor>, Typed<"notice"> {
  /** `debug`: a detail. */
  readonly level: "debug" | "info";
  /** For people; never shown to clients. */
  readonly message: string;
  /** The error behind it, if there is one. */
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
  /**
   * Milliseconds since 1970.
   *
   * @default Date.now
   */
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
