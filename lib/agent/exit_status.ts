/**
 * The exit status of a failure. Scripts depend on these numbers, which are curl's where curl has one.
 *
 * @module
 */

import { ClientError, type ClientErrorKind } from "../client/errors.ts";
import { AgentError, type AgentErrorKind } from "./errors.ts";

/** Every exit status of a client command. */
export const EXIT = {
  done: 0,
  someFailed: 1,
  wrongUse: 2,
  unknownHost: 6,
  refused: 7,
  localWriteFailed: 23,
  uploadRefused: 25,
  timeout: 28,
  unverified: 33,
  untrusted: 60,
  loginDenied: 67,
  remoteDiskFull: 70,
  remoteMissing: 78,
  interrupted: 130,
} as const;

/** One of {@link EXIT}. */
export type ExitStatus = typeof EXIT[keyof typeof EXIT];

/** What each status means, for the documentation and the manual page. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: "done",
  someFailed: "some files failed, the rest is done",
  wrongUse: "wrong use: a flag, a URL or a local file that cannot be used",
  unknownHost: "no address for the name of the host",
  refused: "no connection, or the server closed it",
  localWriteFailed: "a local file could not be written",
  uploadRefused: "the server refused an upload or a change",
  timeout: "no answer in time",
  unverified: "the two files differ after the transfer",
  untrusted: "the certificate is not trusted, or TLS is required and not offered",
  loginDenied: "login denied",
  remoteDiskFull: "the disk of the server is full, or a quota reached",
  remoteMissing: "no such remote file",
  interrupted: "interrupted",
};

const OF_AGENT: Readonly<Record<AgentErrorKind, ExitStatus>> = {
  wrongUse: EXIT.wrongUse,
  unverified: EXIT.unverified,
  tooMuch: EXIT.someFailed,
  incomplete: EXIT.someFailed,
};

const OF_CLIENT: Readonly<Record<Exclude<ClientErrorKind, "reply">, ExitStatus>> = {
  unknownHost: EXIT.unknownHost,
  refused: EXIT.refused,
  unreachable: EXIT.refused,
  dataConnection: EXIT.refused,
  closed: EXIT.refused,
  timeout: EXIT.timeout,
  untrusted: EXIT.untrusted,
  sessionTaken: EXIT.refused,
  protocol: EXIT.someFailed,
  badName: EXIT.wrongUse,
  truncated: EXIT.someFailed,
  local: EXIT.localWriteFailed,
};

const LOGIN = new Set(["USER", "PASS", "ACCT"]);
/** Commands for which 550 means that there is no such file, or none that this account may see. */
const READS = new Set(["RETR", "SIZE", "MDTM", "MLST", "MLSD", "LIST", "NLST", "STAT", "CWD", "DELE", "RMD", "RNFR"]);
const DIGESTS = /^(?:HASH|X(?:CRC|MD5|SHA\d*))$/;
/** Storage is exceeded, or insufficient (RFC 959 section 4.2.1). */
const FULL = new Set([452, 552]);

/** The exit status for a failure of a client command. Anything that is not foreseen is 1. */
export function exitStatusOf(error: unknown): ExitStatus {
  if (error instanceof AgentError) return OF_AGENT[error.kind];
  if (error instanceof ClientError) return error.kind === "reply" ? statusOfReply(error) : OF_CLIENT[error.kind];
  return error instanceof DOMException && error.name === "AbortError" ? EXIT.interrupted : EXIT.someFailed;
}

function statusOfReply({ verb = "", code = 0 }: ClientError): ExitStatus {
  if (FULL.has(code)) return EXIT.remoteDiskFull;
  // 421: the service ends the session; 425 and 426: no data connection, or a broken one.
  if (code === 421 || code === 425 || code === 426 || verb === "Connecting") return EXIT.refused;
  if (LOGIN.has(verb) || code === 530) return EXIT.loginDenied;
  return READS.has(verb) || DIGESTS.test(verb) ? EXIT.remoteMissing : EXIT.uploadRefused;
}
