/**
 * Reads a password from a person or from a program.
 *
 * @module
 */

import { UsageError } from "../usage_error.ts";

/** The source of a password. `Deno.stdin` and `promptSecret` of `@std/cli` fit. */
export interface PasswordInput {
  readonly stdin: {
    readonly readable: ReadableStream<Uint8Array>;
    isTerminal(): boolean;
  };
  /** Prompts on the terminal without echo; `null` if there is no terminal or the prompt was cancelled. */
  promptSecret(message: string): string | null;
}

/** The options of {@link readPassword}. */
export interface PasswordRequest {
  /** Take the first line of stdin even if that is a terminal. */
  readonly fromStdin: boolean;
  /** Ask twice, as for a new password. */
  readonly repeat?: boolean;
}

const MAX_LINE_BYTES = 4096;

/** The password. Rejects with {@link UsageError} if there is no way to ask. */
export async function readPassword(input: PasswordInput, request: PasswordRequest): Promise<string> {
  if (request.fromStdin) return await firstLine(input.stdin.readable);
  if (!input.stdin.isTerminal()) {
    throw new UsageError("Stdin is not a terminal: use --password-stdin to read the password from it");
  }
  const password = ask(input, "Password:");
  if (request.repeat === true && ask(input, "Again:") !== password) throw new UsageError("The two passwords differ");
  return password;
}

function ask(input: PasswordInput, message: string): string {
  const answer = input.promptSecret(message);
  if (answer === null) throw new UsageError("No password given");
  return answer;
}

async function firstLine(readable: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const reader = readable.getReader();
  try {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
      if (text.length > MAX_LINE_BYTES) throw new UsageError("The password on stdin is too long");
    }
  } finally {
    reader.releaseLock();
  }
  const [line = ""] = (text + decoder.decode()).split("\n", 1);
  return line.replace(/\r$/, "");
}
