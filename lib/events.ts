/**
 * The one typed stream of what happens on a server. The log, the transfer log and the fixture's journal are listeners of it; so is
 * whatever an embedder adds.
 *
 * @module
 */

/** Who did it: on every event of a session. */
export interface Actor {
  /** Names the session in logs; never used twice while the server lives. */
  readonly session: string;
  /** IP address of the control connection's peer. */
  readonly address: string;
  /** Name of the account, once logged in. */
  readonly user?: string;
}

/** Why a transfer did not complete. `none` is for one that did. */
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

/** A control connection was accepted, greeted or refused. */
export interface SessionOpened extends Actor {
  readonly type: "sessionOpened";
}

/** A control connection is gone, with everything that belonged to it. */
export interface SessionClosed extends Actor {
  readonly type: "sessionClosed";
  readonly reason: string;
}

/** A connection was turned away before it became a session. */
export interface ConnectionRefused {
  readonly type: "connectionRefused";
  readonly address: string;
  readonly reason: string;
}

/** A login was tried. `reason` is for the log only: the client always reads the same text. */
export interface LoginTried extends Actor {
  readonly type: "login";
  readonly name: string;
  readonly ok: boolean;
  readonly reason?: string;
}

/** A command arrived; the argument of PASS is masked before it gets here. */
export interface CommandReceived extends Actor {
  readonly type: "command";
  readonly line: string;
}

/** A reply went out, preliminary ones too. */
export interface ReplySent extends Actor {
  readonly type: "reply";
  readonly code: number;
  readonly text: string;
}

/** A data connection is there, and protected where PROT asks for it; the transfer begins. */
export interface DataOpened extends Actor {
  readonly type: "dataOpened";
  readonly secure: boolean;
  /** Whether it took up a TLS session; absent in clear. */
  readonly resumed?: boolean;
}

/** A transfer ended: the record that an xferlog line and the fixture's journal are made of. */
export interface TransferEnded extends Actor {
  readonly type: "transfer";
  readonly verb: string;
  readonly direction: "download" | "upload" | "listing";
  readonly path: string;
  /** Bytes that went over the data connection. */
  readonly bytes: number;
  /** First byte of the file that this transfer was about. */
  readonly offset: number;
  readonly milliseconds: number;
  readonly ascii: boolean;
  readonly complete: boolean;
  readonly reason: TransferReason;
  /** An upload under TLS ended without close_notify: somebody on the way may have cut it (RFC 8446 section 6.1). */
  readonly unclean?: true;
  /** An upload that ended in good order with fewer bytes than ALLO had announced. */
  readonly short?: true;
  /** Lower-case hexadecimal SHA-256 of the file, where it was taken on the way. */
  readonly sha256?: string;
}

/** Something in the file system was changed by a command other than a transfer. */
export interface FileChanged extends Actor {
  readonly type: "fileChanged";
  readonly change: "deleted" | "renamed" | "madeDirectory" | "removedDirectory" | "modified";
  readonly path: string;
  /** The new path, of `renamed`. */
  readonly to?: string;
}

/** Something an administrator should know; with an actor where it belongs to a session. */
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

/** Hands events to listeners. A listener that throws is taken off, and harms neither the session nor the others. */
export class EventStream {
  readonly #listeners = new Map<EventListener, ReadonlySet<EventType> | undefined>();

  /**
   * Adds a listener; disposing the result takes it away.
   *
   * @param types what it wants to hear of; everything, unless given. Commands and replies are many: who does not need them should say so.
   */
  on(listener: EventListener, types?: readonly EventType[]): Disposable {
    this.#listeners.set(listener, types && new Set(types));
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Whether anybody listens for `type`: lets the hot path skip making events for nobody. */
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
        this.emit({ type: "problem", level: "error", message: "An event listener threw and was taken off", error });
      }
    }
  }
}
