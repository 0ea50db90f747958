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

/**
 * Why a login failed: no such account, the wrong password, the account switched off or expired, an address that it may
 * not be used from, TLS that it requires, too many failed logins from the address, as many sessions of the account as
 * it may have, files that cannot be opened, or no answer from the shared state or from where the account is kept.
 */
export type LoginFailure =
  | "unknown"
  | "password"
  | "disabled"
  | "expired"
  | "address"
  | "tls"
  | "shutOut"
  | "tooManySessions"
  | "files"
  | "sharedState"
  | "backend";

/** A login attempt. `reason` is for the log only: the client always gets the same text. */
export interface LoginTried extends SessionEvent, Typed<"login"> {
  /** As the client sent it. */
  readonly name: string;
  /** Whether it was accepted. */
  readonly ok: boolean;
  /** Why it was refused; absent if it was accepted. */
  readonly reason?: LoginFailure;
  /** The TLS version of the control connection, such as `TLSv1.3`; `clear` without TLS. */
  readonly protection: string;
  /** The error behind it, if there is one. */
  readonly error?: unknown;
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

/**
 * Why a command was refused or failed. Of the account: it may not do that (`access`), is over its `quota`, may have no
 * file as large (`tooLarge`), or has the two places in different mounts (`otherMount`). Of the files of the server: the
 * process lacks a right (`disk`), there is no space (`noSpace`), reading or writing failed (`storage`), or the file
 * system cannot do it (`unsupported`). Of what is there: `missing`, `exists`, `notEmpty`, `notDirectory`,
 * `isDirectory`, `vanished`, `takenOver` by another upload, `busy`. Of what was sent: `unknownCommand`, `badLine` for
 * what is no command, `unavailable` for a command that is switched off, `argument`, `parameter`, `name`, `offset`,
 * `sequence` for a command that must come after another. Of the session: not logged in (`login`), not under `tls`, a
 * `limit`, no `dataConnection`, `aborted`. Of the program: a `hook` of an embedding program, or an error of the
 * `server`. `refused`: the reply says why.
 */
export type RefusalReason =
  | "access"
  | "quota"
  | "tooLarge"
  | "otherMount"
  | "disk"
  | "noSpace"
  | "storage"
  | "unsupported"
  | "missing"
  | "exists"
  | "notEmpty"
  | "notDirectory"
  | "isDirectory"
  | "vanished"
  | "takenOver"
  | "busy"
  | "unknownCommand"
  | "badLine"
  | "unavailable"
  | "argument"
  | "parameter"
  | "name"
  | "offset"
  | "sequence"
  | "login"
  | "tls"
  | "limit"
  | "dataConnection"
  | "aborted"
  | "hook"
  | "server"
  | "refused";

/** What is behind a refusal, for who can do something about it. */
export interface RefusalCause {
  /** Why it was refused. */
  readonly reason: RefusalReason;
  /** The virtual path that the account may not use that way. */
  readonly path?: string;
  /** The field of the account that refuses it, such as `deny`. */
  readonly field?: string;
  /** The right that the account lacks there. */
  readonly right?: string;
  /** The path of the account's rule that decides there; absent where no rule covers it. */
  readonly rule?: string;
  /** The code of the operating system, such as `EACCES`. */
  readonly system?: string;
  /** The error behind it, with real paths; never shown to clients. */
  readonly error?: unknown;
}

/**
 * A command was answered with 400 or above: it was refused, or failed. Not reported twice: a failed login is a
 * {@link LoginTried}, and what goes wrong in a transfer that has begun is in its {@link TransferEnded}.
 */
export interface CommandRefused extends SessionEvent, Typed<"refused">, RefusalCause {
  /** The line without its end; the argument of PASS is masked. Absent where it was not a line. */
  readonly line?: string;
  /** The working directory, once logged in. */
  readonly cwd?: string;
  /** Of the reply: 400 to 599. */
  readonly code: number;
  /** Of the reply; its lines are separated by `\n`. */
  readonly reply: string;
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
  /** The code of the operating system behind the reason, such as `ENOSPC`. */
  readonly system?: string;
  /** The error behind the reason `quota` or `storage`, with real paths; never shown to clients. */
  readonly error?: unknown;
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
