/**
 * The file of hooks, read and made into what a sandbox can load.
 *
 * @module
 */

import { messageOf } from "../net/message_of.ts";

/** The longest file, in bytes: no one writes as much, and each start of a sandbox loads it. */
const MOST_BYTES = 256 * 1024;

/** Hooks that cannot be used; the message says why. */
export class HooksError extends Error {
  /** For those who compare names. */
  override readonly name = "HooksError";
}

/** Hooks as a sandbox loads them. */
export interface HookSource {
  /** The file, for messages. */
  readonly file: string;
  /** A script that is one function, which is given an object for the exports and what to do for an import. */
  readonly code: string;
}

/** Reads hooks in TypeScript or JavaScript. @throws {HooksError} for a file that cannot be read or is neither. */
export async function readHooks(file: string): Promise<HookSource> {
  let text: string;
  try {
    const bytes = await Deno.readFile(file);
    if (bytes.length > MOST_BYTES) throw new HooksError(`it is longer than ${MOST_BYTES} bytes`);
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new HooksError(`Cannot read the hooks "${file}": ${messageOf(error)}`);
  }
  return { file, code: await translate(text, file) };
}

/** An import that the translation leaves as it is: `import.source("…")`, `import.defer("…")`, in whatever spacing. */
const OTHER_IMPORT = /\bimport(?:\s|\/\*[^]*?\*\/|\/\/.*)*\.(?:\s|\/\*[^]*?\*\/|\/\/.*)*(?:source|defer)\b/;

/**
 * Types go. So do imports, which become calls that throw: the runtime fetches modules of npm without any permission
 * (seen with Deno 2.9.6). It would take types out by itself, but not in an executable.
 */
async function translate(text: string, file: string): Promise<string> {
  const { transform } = await import("sucrase");
  try {
    const { code } = transform(text, {
      transforms: ["typescript", "imports"],
      disableESTransforms: true,
      production: true,
    });
    if (OTHER_IMPORT.test(code)) throw new HooksError("it imports at a special phase, which hooks cannot");
    // On one line, so that the numbers of lines in errors stay right.
    return `(async function (exports, require) {${code}\n})`;
  } catch (error) {
    throw new HooksError(`Cannot use the hooks "${file}": ${messageOf(error)}`);
  }
}
