/**
 * Where the output of a line goes: the terminal, a file, or a program.
 *
 * @module
 */

import { PartFile } from "../client/local_file.ts";
import type { ShellContext } from "./context.ts";
import { ShellError } from "./errors.ts";
import type { Redirection } from "./line.ts";
import type { Output } from "./ports.ts";

/** The reader of the output has gone: no failure, there is just no need for more. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}

/** An output that has to be ended. */
export interface OpenOutput {
  readonly out: Output;
  /** All was written. */
  end(): Promise<void>;
  /** The command failed. */
  fail(): Promise<void>;
}

const PLAIN = { isTerminal: false, columns: 80, hasColours: false } as const;
const encoder = new TextEncoder();

/**
 * Opens what `redirection` names.
 *
 * @param stop called when nobody reads any more.
 * @throws {ShellError} for a file that cannot be written.
 */
export async function openOutput(
  context: ShellContext,
  redirection: Redirection,
  stop: (reason: ReaderGone) => void,
): Promise<OpenOutput> {
  if (redirection.to === "program") return intoProgram(context, redirection.command, stop);
  const path = context.local(redirection.path);
  return redirection.append ? await atEndOf(path) : await into(path);
}

/** The file is replaced when the command has succeeded. */
async function into(path: string): Promise<OpenOutput> {
  const part = await PartFile.open(path);
  return {
    out: { ...PLAIN, write: async (data) => await part.write(bytesOf(data)) },
    end: async () => await part.commit(undefined),
    fail: async () => {
      await part.clear();
      part[Symbol.dispose]();
    },
  };
}

async function atEndOf(path: string): Promise<OpenOutput> {
  const file = await Deno.open(path, { append: true, create: true }).catch((error) => {
    throw new ShellError(`${path} cannot be written: ${error instanceof Error ? error.message : error}`, undefined, 23);
  });
  const close = () => Promise.resolve(file.close());
  const write = async (data: string | Uint8Array): Promise<void> => {
    const bytes = bytesOf(data);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  };
  return { out: { ...PLAIN, write }, end: close, fail: close };
}

function intoProgram(context: ShellContext, command: string, stop: (reason: ReaderGone) => void): OpenOutput {
  const input = context.programs.feed(command, context.localDirectory);
  const write = async (data: string | Uint8Array): Promise<void> => {
    if (await input.write(bytesOf(data))) return;
    const reason = new ReaderGone(`${command} reads no more`);
    stop(reason);
    throw reason;
  };
  const end = async (): Promise<void> => void await input.end();
  return { out: { ...PLAIN, write }, end, fail: end };
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? encoder.encode(data) : data;
}
