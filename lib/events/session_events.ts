/**
 * The events of a session: what its client asked for, and what became of it.
 *
 * @module
 */

import type { Actor, Timed, Typed } from "./base.ts";

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
