/**
 * The one typed stream of a server's events. The log, the transfer log and the fixture's journal are its listeners, and
 * so are those of an embedding program.
 *
 * @module
 */

/** The session behind an event. */
export interface Actor {
  /** Names the session in logs; never reused while the server runs. */
  readonly session: string;
  /** IP address of the control connection's peer. */
  readonly address: string;
  /** Name of the account, once logged in. */
  readonly user?: string;
}

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
  | "shutdown";

/** A control connection was accepted; its greeting follows, or a refusal. */
export interface SessionOpened extends Actor {
  readonly type: "sessionOpened";
}

/** A control connection was closed, with everything that belonged to it. */
export interface SessionClosed extends Actor {
  readonly type: "sessionClosed";
  readonly reason: string;
}

/** A connection was refused before it became a session. */
export interface ConnectionRefused {
  readonly type: "connectionRefused";
  readonly address: string;
  readonly reason: string;
}

/** A login attempt. `reason` is for the log only: the client always gets the same text. */
export interface LoginTried extends Actor {
  readonly type: "login";
  readonly name: string;
  readonly ok: boolean;
  readonly reason?: string;
}

/** A command arrived; the argument of PASS is already masked. */
export interface CommandReceived extends Actor {
  readonly type: "command";
  readonly line: string;
}

/** A reply was sent, including preliminary ones. */
export interface ReplySent extends Actor {
  readonly type: "reply";
  readonly code: number;
  readonly text: string;
}

/** A data connection is open, and protected if PROT requires it; the transfer begins. */
export interface DataOpened extends Actor {
  readonly type: "dataOpened";
  readonly secure: boolean;
  /** Whether it resumed a TLS session; absent without TLS. */
  readonly resumed?: boolean;
}

/** A transfer ended: the record for an xferlog line and the fixture's journal. */
export interface TransferEnded extends Actor {
  readonly type: "transfer";
  readonly verb: string;
  readonly direction: "download" | "upload" | "listing";
  readonly path: string;
  /** Bytes sent or received over the data connection. */
  readonly bytes: number;
  /** First byte of the file that was transferred. */
  readonly offset: number;
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
export interface FileChanged extends Actor {
  readonly type: "fileChanged";
  readonly change: "deleted" | "renamed" | "madeDirectory" | "removedDirectory" | "modified";
  readonly path: string;
  /** The new path, for `renamed`. */
  readonly to?: string;
}

/** Something an administrator should know; with an actor if it belongs to a session. */
export interface Problem extends Partial<Actor> {
  readonly type: "problem";
  readonly level: "debug" | "info" | "warning" | "error";
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
  | TransferEnded
  | FileChanged
  | Problem;

/** The types of events. */
export type EventType = ServerEvent["type"];

/** Receives events, in order, at the time they happen. */
export type EventListener = (event: ServerEvent) => void;

/**
 * Passes events to listeners. A listener that throws is removed, and affects neither the session nor other listeners.
 */
export class EventStream {
  readonly #listeners = new Map<EventListener, ReadonlySet<EventType> | undefined>();

  /**
   * Adds a listener; disposing the result removes it.
   *
   * @param types the types of events it needs. Default: all. Commands and replies are frequent: a listener that does
   * not need them should leave them out.
   */
  on(listener: EventListener, types?: readonly EventType[]): Disposable {
    this.#listeners.set(listener, types && new Set(types));
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Whether `type` has a listener, so that frequent events need not be made without one. */
  wants(type: EventType): boolean {
    for (const types of this.#listeners.values()) if (types === undefined || types.has(type)) return true;
    return false;
  }

  emit(event: ServerEvent): void {
    for (const [listener, types] of this.#listeners) {
      if (types !== undefined && !types.has(event.type)) continue;
      try {
        listener(event);
      } catch (error) {
        this.#listeners.delete(listener);
        this.emit({ type: "problem", level: "error", message: "An event listener threw and was removed", error });
      }
    }
  }
}
