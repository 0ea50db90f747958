/**
 * Where the lines of the shell come from: a person at a prompt, or a script.
 *
 * @module
 */

import { Interrupted } from "../../shell/errors.ts";
import type { History } from "../../shell/history.ts";
import type { Shell } from "../../shell/shell.ts";
import { messageOf } from "../../net/message_of.ts";
import type { LineEditor } from "./editor.ts";
import type { Interrupts } from "./interrupts.ts";

/** What both need. */
export interface LoopParts {
  readonly shell: Shell;
  readonly interrupts: Interrupts;
  readonly note: (line: string) => void;
}

/** The exit status after Ctrl-C. */
const INTERRUPTED = 130;

const ONCE_MORE = "Ctrl-C once more leaves, as Ctrl-D and bye do";

/** Milliseconds that a server has to list what may complete a name. */
const COMPLETION_LIMIT = 5_000;

/** Reads lines until the person leaves. Resolves to the exit status. */
export async function talk(
  { shell, interrupts, note }: LoopParts,
  { editor, history }: { readonly editor: LineEditor; readonly history: History | undefined },
): Promise<number> {
  const past = await loadHistory(history, note);
  let wasInterrupted = false;
  while (!shell.isLeaving) {
    const complete = (line: string) => shell.complete(line, AbortSignal.timeout(COMPLETION_LIMIT));
    for (const notice of shell.takeNotices()) note(notice);
    if (interrupts.takeStray()) {
      note(ONCE_MORE);
      wasInterrupted = true;
    }
    const answer = await editor.read(shell.prompt, { history: past, complete });
    if (answer.kind === "end") return 0;
    if (answer.kind === "interrupt") {
      if (wasInterrupted && !answer.hadText) return INTERRUPTED;
      if (!answer.hadText) note(ONCE_MORE);
      wasInterrupted = !answer.hadText;
      continue;
    }
    wasInterrupted = false;
    if (shell.isKept(answer.text)) await keep(answer.text.trimEnd(), past, history);
    await interrupts.during((signal) => shell.execute(answer.text, signal));
  }
  return 0;
}

/**
 * Runs the lines of a script up to the first that fails and does not begin with `-`: what follows was written for a
 * success (`cd old` and `mdelete *`). Resolves to the exit status.
 */
export async function follow(
  { shell, interrupts, note }: LoopParts,
  { lines, statusOf }: { readonly lines: AsyncIterable<string>; readonly statusOf: (error: unknown) => number },
): Promise<number> {
  let number = 0;
  for await (const line of lines) {
    number++;
    const { error, mayFail } = await interrupts.during((signal) => shell.execute(line, signal));
    if (error instanceof Interrupted) return INTERRUPTED;
    if (error !== undefined && !mayFail) {
      note(`Line ${number} failed, what follows it was not run`);
      return statusOf(error);
    }
    if (shell.isLeaving) break;
  }
  return await finish({ shell, interrupts, note });
}

/** The background commands of a script are part of it. */
async function finish({ shell, interrupts, note }: LoopParts): Promise<number> {
  const { error } = await interrupts.during((signal) => shell.execute("jobs wait", signal));
  const notices = shell.takeNotices();
  for (const notice of notices) note(notice);
  if (error !== undefined) return INTERRUPTED;
  return notices.some((notice) => /^\[\d+\] failed/.test(notice)) ? 1 : 0;
}

async function keep(line: string, past: string[], history: History | undefined): Promise<void> {
  const earlier = past.indexOf(line);
  if (earlier >= 0) past.splice(earlier, 1);
  past.unshift(line);
  // A history that cannot be written was reported when it was read.
  await history?.add(line).catch(() => {});
}

async function loadHistory(history: History | undefined, note: (line: string) => void): Promise<string[]> {
  try {
    const lines = [...new Set(await history?.load() ?? [])];
    await history?.trim();
    return lines;
  } catch (error) {
    note(`The history cannot be read: ${messageOf(error)}`);
    return [];
  }
}
