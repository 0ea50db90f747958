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
import { describeError, prefixOf, sentence } from "./sentences.ts";
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
export const LEVELS: Readonly<Record<EventType, LogLevel>> = {
  sessionOpened: "info",
  sessionClosed: "info",
  connectionRefused: "warning",
  addressBanned: "warning",
  addressAllowed: "info",
  login: "info",
  command: "debug",
  refused: "info",
  reply: "debug",
  dataOpened: "debug",
  transferStarted: "debug",
  transfer: "info",
  fileChanged: "info",
  started: "info",
  stopped: "info",
  problem: "warning",
  notice: "info",
};

/** The types whose level depends on the event. */
const HAS_OWN_LEVEL: ReadonlySet<EventType> = new Set(["login", "stopped", "problem"]);

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
  if (event.type === "stopped" && event.reason === "error") return "error";
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

/**
 * Names from outside, and paths in the messages of problems, may contain terminal control sequences; of those, JSON
 * escapes only C0.
 */
function printable(line: string): string {
  return line.replaceAll(UNPRINTABLE, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
