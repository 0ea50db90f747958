/**
 * Events as sentences, for the text form of the log and the `message` of its JSON form. Names from outside are quoted
 * as JSON, so that none can end the line, start another, or look like a part of the sentence. Programs that filter the
 * log (deploy/fail2ban) match these sentences: docs/log.md says which of them are stable.
 *
 * @module
 */

import { counted } from "../net/counted.ts";
import type {
  CertificateFacts,
  CommandRefused,
  LoginFailure,
  LoginTried,
  ProxyHeaderRefused,
  RefusalCause,
  RefusalReason,
  ServerEvent,
  Started,
  Stopped,
  TransferEnded,
} from "../events.ts";

/** Of an event of a session: which one, its account and its address; otherwise empty. */
export function prefixOf(event: ServerEvent): string {
  if (!("session" in event) || event.session === undefined) return "";
  return `[${event.session} ${userOf(event.user)}@${event.address}] `;
}

/** The event as a sentence. */
export function sentence(event: ServerEvent): string {
  switch (event.type) {
    case "started":
      return started(event);
    case "stopped":
      return stopped(event);
    case "sessionOpened":
      return "Session opened";
    case "sessionClosed":
      return `Session closed: ${event.reason}`;
    case "connectionRefused":
      return `Refused ${event.address}${event.times === undefined ? "" : ` ${event.times} times`}: ${event.reason}`;
    case "proxyHeaderRefused":
      return badHeader(event);
    case "addressBanned":
      return `Shut out ${event.network} until ${new Date(event.until).toISOString()}: ${event.reason}`;
    case "addressAllowed":
      return `Let ${event.network} in again`;
    case "login":
      return login(event);
    case "command":
      return `> ${quoted(event.line)}`;
    case "refused":
      return refused(event);
    case "reply":
      return `< ${event.code} ${quoted(event.text)}`;
    case "dataOpened":
      return `Data connection open, ${event.secure ? "TLS" : "clear"}${event.resumed ? ", resumed" : ""}`;
    case "transferStarted":
      return `${event.verb} ${quoted(event.path)} started${event.size === undefined ? "" : `, ${event.size} bytes`}`;
    case "transfer":
      return transfer(event);
    case "fileChanged":
      return `${event.change} ${quoted(event.path)}${event.to === undefined ? "" : ` to ${quoted(event.to)}`}`;
    case "problem":
    case "notice":
      return event.message + causedBy(event.error);
  }
}

/** An error and its causes, on one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return quoted(String(error));
  const text = `${error.name}: ${error.message}`.replace(/\s+/g, " ");
  return error.cause === undefined ? text : `${text} (${describeError(error.cause)})`;
}

const quoted = (text: string): string => JSON.stringify(text);
const causedBy = (error: unknown): string => error === undefined ? "" : `: ${describeError(error)}`;

/** What needs no quotes in front of an address: the prefix ends with a bracket, and has one space. */
const PLAIN_NAME = /^[\p{L}\p{N}._@+-]+$/u;

function userOf(name: string | undefined): string {
  if (name === undefined) return "-";
  return PLAIN_NAME.test(name) && name !== "-" ? name : quoted(name);
}

function started(event: Started): string {
  const { accounts, accountsFile, workers } = event;
  return [
    `denoftpd ${event.version} serves at ${event.address}`,
    ...event.implicitTls === undefined ? [] : [`implicit TLS at ${event.implicitTls}`],
    event.tls === "off" ? "no TLS" : `TLS ${event.tls} with ${event.certificates.map(certificate).join(" and ")}`,
    event.passivePorts === undefined ? "passive ports: any" : `passive ports: ${event.passivePorts}`,
    `${counted(accounts, "account")}${accountsFile === undefined ? "" : ` of ${quoted(accountsFile)}`}`,
    counted(workers, "worker"),
  ].join(", ");
}

function certificate({ names, daysLeft }: CertificateFacts): string {
  return `a certificate for ${names.map(quoted).join(" ") || "no name"} (${counted(daysLeft, "day")} left)`;
}

function stopped(event: Stopped): string {
  const { reason, signal = "request", error, stack } = event;
  const totals = [
    `Stopped by ${reason === "error" ? "an error" : signal} after ${counted(seconds(event.milliseconds), "second")}`,
    counted(event.sessions, "session"),
    `${counted(event.logins, "login")} (${event.failedLogins} failed)`,
    `${counted(event.transfers, "transfer")} (${event.failedTransfers} failed)`,
    `${counted(event.bytesSent, "byte")} sent`,
    `${counted(event.bytesReceived, "byte")} received`,
    `${counted(event.refusedConnections, "connection")} refused`,
  ];
  // The stack begins with the error.
  return totals.join(", ") + (stack === undefined ? causedBy(error) : `: ${quoted(stack)}`);
}

const seconds = (milliseconds: number): number => Math.round(milliseconds / 1000);

/** The words for what is wrong with a PROXY header. */
const HEADER_FAULTS: Readonly<Record<ProxyHeaderRefused["fault"], string>> = {
  missing: "no PROXY header came first",
  malformed: "its PROXY header cannot be read",
  tooLong: "its PROXY header is too long",
  late: "its PROXY header was not there in time",
};

function badHeader({ balancer, fault, times = 1 }: ProxyHeaderRefused): string {
  return `Closed ${counted(times, "connection")} from the balancer ${balancer}: ${HEADER_FAULTS[fault]}`;
}

/** The words for the reasons of failed logins. */
export const LOGIN_FAILURES: Readonly<Record<LoginFailure, string>> = {
  unknown: "no such account",
  password: "wrong password",
  disabled: "the account is disabled",
  expired: "the account has expired",
  address: "the account is not for this address",
  tls: "the account requires TLS",
  shutOut: "the address is shut out",
  tooManySessions: "too many sessions of the account",
  files: "the files of the account cannot be opened",
  sharedState: "the shared state does not answer",
  backend: "the place of the account does not answer",
};

function login({ name, ok, reason, protection, error }: LoginTried): string {
  if (ok) return `Logged in as ${quoted(name)} (${protection})`;
  const why = reason === undefined ? "refused" : LOGIN_FAILURES[reason];
  return `Login as ${quoted(name)} failed: ${why} (${protection})${causedBy(error)}`;
}

/** The words for the reasons of refused commands. */
export const REFUSALS: Readonly<Record<RefusalReason, string>> = {
  access: "not allowed to the account",
  quota: "the quota of the account is exceeded",
  tooLarge: "the account may have no file as large",
  otherMount: "the two places are in different mounts",
  disk: "not permitted to the server",
  noSpace: "no space left",
  storage: "the storage failed",
  unsupported: "the file system cannot do it",
  missing: "it does not exist",
  exists: "it exists",
  notEmpty: "the directory is not empty",
  notDirectory: "it is not a directory",
  isDirectory: "it is a directory",
  vanished: "it was removed in the meantime",
  takenOver: "another upload has taken it over",
  busy: "it is in use",
  unknownCommand: "unknown command",
  badLine: "not a command",
  unavailable: "not available in this session",
  argument: "bad argument",
  parameter: "not supported",
  name: "not a possible name",
  offset: "not a possible offset",
  sequence: "out of order",
  login: "not logged in",
  tls: "TLS is required",
  limit: "a limit is reached",
  dataConnection: "no data connection",
  aborted: "aborted by the client",
  hook: "refused by the program",
  server: "the server failed",
  refused: "refused",
};

function refused(event: CommandRefused): string {
  const { line, cwd, code, reply, reason, error } = event;
  const what = line === undefined ? "a line" : quoted(line);
  const where = cwd === undefined ? "" : ` in ${quoted(cwd)}`;
  return `Refused ${what}${where} with ${code} ${quoted(reply)}: ${REFUSALS[reason]}${accessOf(event)}${
    causedBy(error)
  }`;
}

/** What in an account refuses, such as `, no right to delete at "/a" by the rule for "/"`; empty if nothing does. */
export function accessOf({ path, field, right, rule }: Partial<RefusalCause>): string {
  if (path === undefined) return "";
  if (field !== undefined) return `, by its field ${field} at ${quoted(path)}`;
  return `, no right to ${right} at ${quoted(path)} by ${
    rule === undefined ? "any rule" : `the rule for ${quoted(rule)}`
  }`;
}

function transfer(event: TransferEnded): string {
  const { verb, path, bytes, milliseconds, complete, reason, error } = event;
  const end = complete ? "complete" : `${reason}${causedBy(error)}`;
  return `${verb} ${quoted(path)} ${bytes} bytes in ${Math.round(milliseconds)} ms: ${end}`;
}
