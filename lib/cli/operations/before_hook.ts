/**
 * `--before-hook`: a service of the operator's own is asked before each command of some verbs, and may refuse it.
 *
 * @module
 */

import type { EventStream } from "../../events.ts";
import { AnswerError, postJson } from "../../http/json_post.ts";
import type { BeforeHook, PendingCommand } from "../../options.ts";
import type { Reply } from "../../protocol/reply.ts";
import { type Need, needUrl } from "../permissions/query.ts";
import type { Settings } from "../settings/table.ts";

/** The settings of the hook. */
export type HookSettings = Pick<
  Settings,
  "beforeHook" | "beforeHookVerbs" | "beforeHookTimeout" | "beforeHookFailure"
>;

/** The longest answer, in bytes, and the longest text of a reply, in characters. */
const MOST_BYTES = 16 * 1024;
const MOST_TEXT = 400;
/** Milliseconds between two reports about a service that does not answer: each command would make one. */
const REPORT_INTERVAL = 60_000;

/** The permission to ask the service. */
export function hookNeeds({ beforeHook }: HookSettings): Need[] {
  if (!beforeHook) return [];
  return [needUrl(beforeHook, `asking ${beforeHook.origin} before commands`)];
}

/** The hook that the settings ask for; `undefined` without one. `emit` gets its failures. */
export function makeBeforeHook(settings: HookSettings, emit: EventStream["emit"]): BeforeHook | undefined {
  const { beforeHook: url, beforeHookVerbs, beforeHookTimeout, beforeHookFailure } = settings;
  if (!url) return undefined;
  const verbs = new Set(beforeHookVerbs);
  let reported = -Infinity;
  const failed = (error: unknown): Reply | undefined => {
    const now = performance.now();
    if (now - reported >= REPORT_INTERVAL) {
      reported = now;
      const what = beforeHookFailure === "allow" ? "allowed" : "refused";
      emit({
        type: "problem",
        level: "error",
        message: `"${url.origin}${url.pathname}" does not answer before commands, which are ${what}`,
        error: error instanceof AnswerError ? new AnswerError(`It ${error.message}`) : error,
      });
    }
    return beforeHookFailure === "allow" ? undefined : { code: 451, text: "Not possible now, try again later" };
  };
  return (command) => {
    if (!verbs.has(command.verb)) return undefined;
    return ask(url, command, beforeHookTimeout).catch(failed);
  };
}

/** 204: the command may run. 200 with `{"code", "text"}`: that is its reply. All else is thrown. */
async function ask(url: URL, command: PendingCommand, timeout: number): Promise<Reply | undefined> {
  const limits = { signal: AbortSignal.timeout(timeout), mostBytes: MOST_BYTES };
  const { status, body } = await postJson(url, command, limits);
  if (status === 200) return replyFrom(body);
  if (status === 204) return undefined;
  throw new AnswerError(`answered ${status}`);
}

function replyFrom(answer: unknown): Reply {
  const { code, text } = Object(answer) as { readonly code?: unknown; readonly text?: unknown };
  if (typeof code !== "number" || !Number.isInteger(code) || code < 400 || code > 599 || typeof text !== "string") {
    throw new AnswerError('sent a refusal that is not {"code": 400 to 599, "text": "…"}');
  }
  const line = text.replace(/\p{Cc}+/gu, " ").slice(0, MOST_TEXT);
  // Replies of 421 are the last ones of a session (RFC 959 section 5.4).
  return { code, text: line, ...(code === 421 && { then: "close" as const }) };
}
