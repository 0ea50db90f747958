/**
 * What the client commands use of the process they run in; a test supplies its own.
 *
 * @module
 */

import { PASSWORD_VARIABLE } from "../../agent/site/credentials.ts";
import { type Environment, PLACE_VARIABLES } from "../../agent/site/places.ts";
import { PROXY_VARIABLES } from "../../agent/site/proxy.ts";
import type { CommandIo } from "../io.ts";

/** The process around a client command. */
export interface AgentIo extends CommandIo {
  /** Writes all of `bytes` to standard output. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly stdin: { read(buffer: Uint8Array): Promise<number | null> };
  readonly environment: Environment;
  /** Whether standard error is a terminal: progress is drawn there. */
  readonly drawsProgress: boolean;
  /** Asks without showing the answer; `null` if the person gave up. Absent where nobody can be asked. */
  readonly promptSecret?: (message: string) => string | null | Promise<string | null>;
  /** Asks a question that is answered with a line. Absent where nobody can be asked. */
  readonly ask?: (question: string) => Promise<string>;
  /** Aborted when the process is to end (SIGINT, SIGTERM, a closed standard output). */
  readonly signal: AbortSignal;
}

/** The variables that the client commands read, those of the terminal included. */
export const AGENT_VARIABLES: readonly string[] = [
  ...PLACE_VARIABLES,
  ...PROXY_VARIABLES,
  PASSWORD_VARIABLE,
  "NO_COLOR",
  "TERM",
];

/** A variable that is not permitted does not exist. */
export const permittedEnvironment: Environment = {
  get(variable) {
    const { state } = Deno.permissions.querySync({ name: "env", variable });
    return state === "granted" ? Deno.env.get(variable) : undefined;
  },
};

/** The real process. It owns the signals until it is disposed of. */
export function processIo({ stdout, stderr }: CommandIo): AgentIo & Disposable {
  const abort = new AbortController();
  const stop = (): void => {
    if (abort.signal.aborted) Deno.exit(130);
    abort.abort();
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  const isInteractive = Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
  return {
    stdout: (text) => quietly(() => stdout(text), abort),
    stderr: (text) => quietly(() => stderr(text), abort),
    write: async (bytes) => {
      try {
        for (let done = 0; done < bytes.length;) done += await Deno.stdout.write(bytes.subarray(done));
      } catch (error) {
        if (error instanceof Deno.errors.BrokenPipe) abort.abort(error);
        throw error;
      }
    },
    stdin: Deno.stdin,
    environment: permittedEnvironment,
    drawsProgress: Deno.stderr.isTerminal(),
    signal: abort.signal,
    ...(isInteractive && {
      promptSecret: async (message: string) => (await import("@std/cli/prompt-secret")).promptSecret(message),
      ask: async (question: string) => {
        stderr(question);
        return await readLine();
      },
    }),
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, stop);
    },
  };
}

/** A reader that is gone, as of `… | head`, ends the command without a word. */
function quietly(write: () => void, abort: AbortController): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    abort.abort(error);
  }
}

async function readLine(): Promise<string> {
  const byte = new Uint8Array(1);
  const line: number[] = [];
  while (line.length < 1024 && await Deno.stdin.read(byte) !== null && byte[0] !== 0x0a) line.push(byte[0] ?? 0);
  return new TextDecoder().decode(new Uint8Array(line)).trim();
}
