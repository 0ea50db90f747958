/**
 * What an embedding program may do before and after each command.
 *
 * @module
 */

import type { Reply } from "../protocol/reply.ts";
import type { PendingCommand } from "./pending_command.ts";

export type { PendingCommand } from "./pending_command.ts";

/** May refuse a command by returning a reply; `undefined` lets it pass. */
export type BeforeHook = (command: PendingCommand) => Reply | undefined | Promise<Reply | undefined>;

/** Sees the final reply of a command that has run, and may replace it by another; `undefined` keeps it. */
export type AfterHook = (command: PendingCommand, reply: Reply) => Reply | undefined | Promise<Reply | undefined>;

/** A hook that asks each of `hooks` in turn, until one has a reply. `undefined` without any. */
export function firstReply(...hooks: readonly [...(BeforeHook | undefined)[], BeforeHook]): BeforeHook;
export function firstReply(...hooks: readonly (BeforeHook | undefined)[]): BeforeHook | undefined;
export function firstReply(...hooks: readonly (BeforeHook | undefined)[]): BeforeHook | undefined {
  const [first, ...others] = hooks.filter((hook) => hook !== undefined);
  const rest = others.length === 0 ? undefined : firstReply(...others);
  if (first === undefined || rest === undefined) return first;
  return (command) => {
    const reply = first(command);
    if (reply instanceof Promise) return reply.then((settled) => settled ?? rest(command));
    return reply ?? rest(command);
  };
}

/** A hook that shows each of `hooks` what the one before has made of the reply. `undefined` without any. */
export function eachReply(...hooks: readonly (AfterHook | undefined)[]): AfterHook | undefined {
  const [first, ...others] = hooks.filter((hook) => hook !== undefined);
  const rest = others.length === 0 ? undefined : eachReply(...others);
  if (first === undefined || rest === undefined) return first;
  return async (command, reply) => {
    const changed = await first(command, reply);
    return await rest(command, changed ?? reply) ?? changed;
  };
}
