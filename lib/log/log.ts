/**
 * The log: a listener of the server's events, written as text or JSON lines. Nothing else in the project writes to it.
 *
 * @module
 */

import {
  configureSync,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
  type Logger,
  type LogRecord,
  type TextFormatter,
} from "@logtape/logtape";
import type { EventListener, EventType, ServerEvent } from "../events.ts";
import { UNPRINTABLE } from "../net/unprintable.ts";

/** In ascending order of importance. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = typeof LOG_LEVELS[number];

/** The format of lines. */
export type LogFormat = "text" | "json";

/** The destination, level and format of the log. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Writes one whole line with its line end. Must not throw. */
  readonly write: (line: string) => void;
}

/** A listener for {@link EventStream.on}, and the types of events it needs. */
export interface EventLog {
  readonly listener: EventListener;
  readonly types: readonly EventType[];
}

const CATEGORY = "denoftpd";

/** The level of each type of event; a failed login, a problem and a notice have their own. */
const LEVELS: Readonly<Record<EventType, LogLevel>> = {
  sessionOpened: "info",
  sessionClosed: "info",
  connectionRefused: "warning",
  addressBanned: "warning",
  addressAllowed: "info",
  login: "info",
  command: "debug",
  reply: "debug",
  dataOpened: "debug",
  transferStarted: "debug",
  transfer: "info",
  fileChanged: "info",
  problem: "warning",
  notice: "info",
};

/** The types whose level depends on the event. */
const HAS_OWN_LEVEL: ReadonlySet<EventType> = new Set(["login", "problem"]);

/** Sets up the process's log and returns the listener that fills it. */
export function startLog({ level, format, write }: LogOptions): EventLog {
  const formatter = format === "json" ? jsonFormatter() : textFormatter();
  configureSync({
    reset: true,
    sinks: { lines: (record: LogRecord) => write(formatter(record)) },
    loggers: [
      { category: CATEGORY, lowestLevel: level, sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
  const logger = getLogger(CATEGORY);
  const from = LOG_LEVELS.indexOf(level);
  const types = (Object.keys(LEVELS) as EventType[]).filter((type) => {
    return HAS_OWN_LEVEL.has(type) || LOG_LEVELS.indexOf(LEVELS[type]) >= from;
  });
  const listener = (event: ServerEvent) => {
    if (LOG_LEVELS.indexOf(levelOf(event)) >= from) record(logger, event);
  };
  return { listener, types };
}

/**
 * JSON leaves non-ASCII characters unescaped, including Unicode line separators. They only occur in strings, where they
 * may be escaped.
 */
function jsonFormatter(): TextFormatter {
  const formatter = getJsonLinesFormatter({ properties: "flatten" });
  return (record) => `${printable(formatter(record).trimEnd())}\n`;
}

function textFormatter(): TextFormatter {
  return getTextFormatter({
    timestamp: "rfc3339",
    level: "full",
    format: ({ timestamp, level, message }) => `${timestamp} ${level.padEnd(7)} ${message}`,
  });
}

function levelOf(event: ServerEvent): LogLevel {
  if (event.type === "problem" || event.type === "notice") return event.level;
  if (event.type === "login" && !event.ok) return "warning";
  return LEVELS[event.type];
}

function record(logger: Logger, event: ServerEvent): void {
  // Time, level and message are those of the record; as properties they would overwrite these in JSON.
  const { type, time, level: _level, message: _message, error, ...properties } = {
    ...{ level: undefined, message: undefined, error: undefined },
    ...event,
  };
  const cause = error === undefined ? {} : { error: describeError(error) };
  const text = printable(`${prefixOf(event)}${sentence(event)}`);
  logger.emit({
    timestamp: time,
    level: levelOf(event),
    message: [text],
    rawMessage: text,
    properties: { event: type, ...properties, ...cause },
  });
}

function prefixOf(event: ServerEvent): string {
  if (!("session" in event) || event.session === undefined) return "";
  return `[${event.session} ${event.user ?? "-"}@${event.address}] `;
}

/** The event as a sentence; names from outside are quoted as JSON, so that none can end the line or start another. */
function sentence(event: ServerEvent): string {
  switch (event.type) {
    case "sessionOpened":
      return "Session opened";
    case "sessionClosed":
      return `Session closed: ${event.reason}`;
    case "connectionRefused":
      return `Refused ${event.address}: ${event.reason}`;
    case "addressBanned":
      return `Shut out ${event.network} until ${new Date(event.until).toISOString()}: ${event.reason}`;
    case "addressAllowed":
      return `Let ${event.network} in again`;
    case "login":
      return event.ok ? `Logged in as ${quoted(event.name)}` : `Login as ${quoted(event.name)} failed: ${event.reason}`;
    case "command":
      return `> ${quoted(event.line)}`;
    case "reply":
      return `< ${event.code} ${quoted(event.text)}`;
    case "dataOpened":
      return `Data connection open, ${event.secure ? "TLS" : "clear"}${event.resumed ? ", resumed" : ""}`;
    case "transferStarted":
      return `${event.verb} ${quoted(event.path)} started${event.size === undefined ? "" : `, ${event.size} bytes`}`;
    case "transfer":
      return `${event.verb} ${quoted(event.path)} ${event.bytes} bytes in ${Math.round(event.milliseconds)} ms: ${
        event.complete ? "complete" : event.reason
      }`;
    case "fileChanged":
      return `${event.change} ${quoted(event.path)}${event.to === undefined ? "" : ` to ${quoted(event.to)}`}`;
    case "problem":
    case "notice":
      return event.error === undefined ? event.message : `${event.message}: ${describeError(event.error)}`;
  }
}

const quoted = (text: string): string => JSON.stringify(text);

/**
 * Names from outside, and paths in the messages of problems, may contain terminal control sequences; of those, JSON
 * escapes only C0.
 */
function printable(line: string): string {
  return line.replaceAll(UNPRINTABLE, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** An error and its causes, on one line. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return quoted(String(error));
  const text = `${error.name}: ${error.message}`.replace(/\s+/g, " ");
  return error.cause === undefined ? text : `${text} (${describeError(error.cause)})`;
}
