/**
 * What runs in the background.
 *
 * @module
 */

import { printable } from "../../client/names.ts";
import type { Call } from "../command.ts";
import type { ShellContext } from "../context.ts";
import { ShellError, ShellUsageError } from "../errors.ts";
import { parseLine, quoteWord, type Word } from "../line.ts";
import { sizeText } from "../listing.ts";
import type { Person } from "../ports.ts";
import { linesFor, type QueuedLine, takeOut } from "../queue.ts";
import { say } from "./arguments.ts";

/** Runs a line of the queue; the shell's own way to do it. */
export type RunQueued = (context: ShellContext, line: string, signal: AbortSignal) => Promise<void>;

/** `jobs`. */
export async function jobs({ background }: ShellContext, { texts: [action, id], out, signal }: Call): Promise<void> {
  if (action === undefined) {
    for (const { id, line, bytes } of background.jobs) {
      await say(out, `[${id}] ${printable(line)}${bytes > 0 ? `, ${sizeText(bytes, true)}B so far` : ""}`);
    }
  } else if (action === "wait" && id === undefined) {
    await background.wait(signal);
  } else if (action === "stop" && id !== undefined && background.stop(Number(id))) {
    return;
  } else {
    throw new ShellUsageError('Use "jobs", "jobs wait" or "jobs stop NUMBER"');
  }
}

/** `queue`: `run` runs one of its lines. */
export function queue(run: RunQueued): (context: ShellContext, call: Call) => Promise<void> {
  return async (context, { words, texts: [action], out }) => {
    const store = context.queue;
    if (!store) throw new ShellError("There is no place for the queue", "Set HOME or XDG_STATE_HOME");
    if (action === undefined) {
      for (const { server, line } of await store.read()) await say(out, `${printable(server)}  ${printable(line)}`);
    } else if (action === "clear" && words.length === 1) {
      await store.update(() => []);
    } else if (action === "start" && words.length === 1) {
      if ((await linesFor(store, context.remote.connected.label)).length === 0) {
        throw new ShellError("Nothing waits for this server");
      }
      startLane(context, run);
    } else {
      const { remote, localDirectory: local } = context;
      const line = words.map(asTyped).join(" ");
      const parsed = parseLine(line);
      if (parsed.kind !== "command" || parsed.output !== undefined) throw new ShellUsageError("Only commands can wait");
      const { connected: { label: server }, directory } = remote;
      await store.update((lines) => [...lines, { server, directory, local, line }]);
      startLane(context, run);
    }
  };
}

/** One line after the other, on one session, until none waits. */
function startLane(context: ShellContext, run: RunQueued): void {
  if (context.isQueueRunning) return;
  context.isQueueRunning = true;
  const server = context.remote.connected.label;
  context.background.start("queue", async (person, signal) => {
    const lane = await context.fork(person, signal).catch((error) => {
      context.isQueueRunning = false;
      throw error;
    });
    try {
      await drain(lane, { server, person, signal, run });
    } finally {
      context.isQueueRunning = false;
      await lane.disconnect();
      context.session?.forget();
    }
  });
}

interface Lane {
  readonly server: string;
  readonly person: Person;
  readonly signal: AbortSignal;
  readonly run: RunQueued;
}

/** What fails is reported, and does not keep the rest from being done. */
async function drain(lane: ShellContext, { server, person, signal, run }: Lane): Promise<void> {
  const store = lane.queue;
  if (!store) return;
  let failed = 0;
  for (;;) {
    signal.throwIfAborted();
    const [next]: readonly QueuedLine[] = await linesFor(store, server);
    if (next === undefined) break;
    try {
      await lane.remote.change(next.directory, signal);
      await lane.changeLocal(next.local);
      await run(lane, next.line, signal);
      person.note(`done: ${printable(next.line)}`);
    } catch (error) {
      // What was interrupted waits for "queue start".
      signal.throwIfAborted();
      failed++;
      person.note(`${printable(next.line)}: ${error instanceof Error ? printable(error.message) : "failed"}`);
    }
    await takeOut(store, next);
  }
  if (failed > 0) throw new ShellError(`${failed} failed`);
}

/** With the wildcards that were typed outside quotes. */
function asTyped({ text, pattern }: Word): string {
  return pattern === undefined ? quoteWord(text) : pattern.replaceAll(/\s/g, "\\$&");
}
