/**
 * The log: a listener of the server's events, written as text or JSON lines. Nothing else in the project writes to it.
 *
 * @module
 */

import {
  EVENT_TYPES,
  type EventListener,
  type EventType,
  type EventWish,
  type ServerEvent,
  withoutDigest,
} from "../events.ts";
import { describeError, prefixOf, sentence } from "./sentences.ts";
import { escapeUnprintable } from "../net/unprintable.ts";

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
  readonly types: readonly EventWish[];
}

/** What the JSON lines name as their origin. */
const LOGGER = "denoftpd";

/** The level of each type of event; see {@link levelOf} for the exceptions. */
export const LEVELS: Readonly<Record<EventType, LogLevel>> = {
  sessionOpened: "info",
  sessionClosed: "info",
  connectionRefused: "warning",
  proxyHeaderRefused: "warning",
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

/** The types of which an event may have a higher level. */
const MAY_BE_HIGHER: ReadonlySet<EventType> = new Set(["login", "stopped", "problem"]);

/** The types of which an event may have this level or a higher one. */
export function typesFrom(level: LogLevel): readonly EventType[] {
  const from = LOG_LEVELS.indexOf(level);
  return EVENT_TYPES.filter((type) => MAY_BE_HIGHER.has(type) || LOG_LEVELS.indexOf(LEVELS[type]) >= from);
}

/** Returns the listener that writes a line for each event. */
export function startLog({ level, format, write }: LogOptions): EventLog {
  const line = format === "json" ? jsonLine : textLine;
  const from = LOG_LEVELS.indexOf(level);
  const types = typesFrom(level);
  return {
    // The text has no digests.
    types: format === "json" ? types : withoutDigest(types),
    listener: (event) => {
      const level = levelOf(event);
      if (LOG_LEVELS.indexOf(level) >= from) write(line(event, level));
    },
  };
}

function textLine(event: ServerEvent, level: LogLevel): string {
  return `${timestamp(event.time)} ${level.padEnd(7)} ${escapeUnprintable(prefixOf(event) + sentence(event))}\n`;
}

const JSON_LEVELS: Readonly<Record<LogLevel, string>> = {
  debug: "DEBUG",
  info: "INFO",
  warning: "WARN",
  error: "ERROR",
};

/**
 * JSON leaves non-ASCII characters unescaped, including Unicode line separators. They only occur in strings, where they
 * may be escaped.
 */
function jsonLine(event: ServerEvent, level: LogLevel): string {
  // Time, level and message are those of the record; as properties they would overwrite these.
  const { type, time, level: _level, message: _message, error, ...properties } = {
    ...{ level: undefined, message: undefined, error: undefined },
    ...event,
  };
  const record = JSON.stringify({
    "@timestamp": timestamp(time),
    level: JSON_LEVELS[level],
    message: escapeUnprintable(prefixOf(event) + sentence(event)),
    logger: LOGGER,
    event: type,
    ...properties,
    // JSON leaves it out where it is undefined.
    error: error === undefined ? undefined : describeError(error),
  });
  return `${escapeUnprintable(record)}\n`;
}

/** Of the last line: under load several fall into a millisecond. */
let last = { time: NaN, text: "" };

function timestamp(time: number): string {
  if (time !== last.time) last = { time, text: new Date(time).toISOString() };
  return last.text;
}

/** The level of an event. */
export function levelOf(event: ServerEvent): LogLevel {
  if (event.type === "problem" || event.type === "notice") return event.level;
  if (event.type === "login" && !event.ok) return "warning";
  if (event.type === "stopped" && event.reason === "error") return "error";
  return LEVELS[event.type];
}
