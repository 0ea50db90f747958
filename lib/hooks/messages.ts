/**
 * What the server and a sandbox say to each other. What comes out of a sandbox is not trusted: it is checked here, and
 * anything that nobody has asked for is the sandbox's end.
 *
 * @module
 */

import type { PendingCommand } from "../options/pending_command.ts";
import type { HookEvent, HookReply } from "./hooks.ts";

/** To a sandbox. */
export type ToSandbox =
  | { readonly type: "load"; readonly code: string }
  | { readonly type: "before"; readonly id: number; readonly command: PendingCommand }
  | { readonly type: "after"; readonly id: number; readonly command: PendingCommand; readonly reply: HookReply }
  | { readonly type: "event"; readonly event: HookEvent }
  | { readonly type: "ping" };

/** Which names a module has functions for: `true`: one for all; a list: these; absent: none. */
export type Wanted = true | readonly string[] | undefined;

/** What a module exports. */
export interface Exported {
  readonly before?: Wanted;
  readonly after?: Wanted;
  readonly events?: Wanted;
}

/** From a sandbox. */
export type FromSandbox =
  | { readonly type: "hello" }
  | { readonly type: "loaded"; readonly exported: Exported }
  /** They cannot be loaded, or nothing has caught an error of theirs. */
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "answer"; readonly id: number; readonly reply: HookReply | undefined }
  | { readonly type: "threw"; readonly id: number; readonly message: string }
  | { readonly type: "eventSeen"; readonly message: string | undefined }
  | { readonly type: "pong"; readonly bytes: number }
  | { readonly type: "console"; readonly level: "info" | "warning"; readonly text: string };

/** Characters of a reply, and of any other text. */
const MOST_REPLY = 8_000;
const MOST_TEXT = 1_000;
const MOST_NAMES = 200;

/** Reads a message; `undefined` for what is none. */
export function readMessage(data: unknown): FromSandbox | undefined {
  if (!isRecord(data)) return undefined;
  const { type, id, message, bytes, level, text, exported, reply } = data;
  switch (type) {
    case "hello":
      return { type };
    case "loaded":
      return isExported(exported) ? { type, exported } : undefined;
    case "failed":
      return { type, message: line(message) };
    case "answer":
      if (typeof id !== "number") return undefined;
      if (reply === undefined || reply === null) return { type, id, reply: undefined };
      return isReply(reply) ? { type, id, reply } : { type: "threw", id, message: BAD_REPLY };
    case "threw":
      return typeof id === "number" ? { type, id, message: line(message) } : undefined;
    case "eventSeen":
      return { type, message: typeof message === "string" ? line(message) : undefined };
    case "pong":
      return typeof bytes === "number" ? { type, bytes } : undefined;
    case "console":
      return { type, level: level === "warning" ? level : "info", text: line(text) };
  }
  return undefined;
}

const BAD_REPLY = `A reply is { code: 200 to 599, text: "…" }, with at most ${MOST_REPLY} characters`;

function isReply(value: unknown): value is HookReply {
  if (!isRecord(value)) return false;
  const { code, text } = value;
  return typeof code === "number" && Number.isInteger(code) && code >= 200 && code <= 599 &&
    typeof text === "string" && text.length <= MOST_REPLY;
}

function isExported(value: unknown): value is Exported {
  return isRecord(value) && [value["before"], value["after"], value["events"]].every(isWanted);
}

function isWanted(value: unknown): value is Wanted {
  if (value === undefined || value === true) return true;
  return Array.isArray(value) && value.length <= MOST_NAMES && value.every((name) => typeof name === "string");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** One line of bounded length, whatever it was. */
function line(value: unknown): string {
  return String(value).slice(0, MOST_TEXT).replace(/\p{Cc}+/gu, " ").trim();
}
