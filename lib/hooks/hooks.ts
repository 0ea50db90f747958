/**
 * What a module of hooks exports: `serve --hooks FILE.ts`, `fixture --hooks FILE.ts`. Only types: the npm package has
 * them as its declarations.
 *
 * @example Programs are not taken, and who has uploaded what is written to the log
 * ```ts
 * import type { Hooks } from "@denoftpd/denoftpd/fixture";
 *
 * export default {
 *   before: {
 *     STOR: ({ path }) => path?.endsWith(".exe") ? { code: 553, text: "No programs" } : undefined,
 *   },
 *   after: {
 *     STOR: ({ user, path }, { code }) => console.log(`${user} has sent ${path}: ${code}`),
 *   },
 * } satisfies Hooks;
 * ```
 *
 * @module
 */

import type { EventType, ServerEvent } from "../events/event.ts";
import type { PendingCommand } from "../options/pending_command.ts";

/** A reply of a command as hooks see and make it. */
export interface HookReply {
  /** 200 to 599. 421 also ends the session. */
  readonly code: number;
  /** What follows the code, of at most 8,000 characters; a line feed begins another line of the reply. */
  readonly text: string;
}

/** What a hook answers: a reply, or nothing. */
// With `void`, a function that returns nothing is a hook as well.
export type HookAnswer = HookReply | undefined | void | Promise<HookReply | undefined | void>;

/** Called before a command. Its reply is sent instead of running the command; nothing lets the command run. */
export type BeforeCommand = (command: PendingCommand) => HookAnswer;

/** Called with the final reply of a command. Its reply is sent instead of that; nothing keeps it. */
export type AfterCommand = (command: PendingCommand, reply: HookReply) => HookAnswer;

/** What happened, as a hook is told: of an error only its text. */
export type HookEvent<T extends EventType = EventType> = HookEventOf<Extract<ServerEvent, { readonly type: T }>>;

/** {@link HookEvent} by the type of the event. */
export type HookEventOf<E> = E extends { readonly error?: unknown } ? Omit<E, "error"> & { readonly error?: string }
  : E;

/** What a module of hooks exports: as its default, or each field under its name. */
export interface Hooks {
  /** By verb, in upper case; or one function for every command. */
  readonly before?: BeforeCommand | Readonly<Record<string, BeforeCommand>>;
  /** By verb, in upper case; or one function for every command. */
  readonly after?: AfterCommand | Readonly<Record<string, AfterCommand>>;
  /**
   * By type; or one function for all events. They come soon after what they report, in order, and nothing waits for
   * them.
   */
  readonly events?: ((event: HookEvent) => unknown) | { readonly [T in EventType]?: (event: HookEvent<T>) => unknown };
}
