/**
 * Names from people and from servers, before they do harm: in a command, as a local file, on a terminal.
 *
 * @module
 */

import { UNPRINTABLE } from "../net/unprintable.ts";
import { ClientError } from "./errors.ts";

/** Devices that Windows opens under these names in every directory, with any extension. */
const RESERVED_ON_WINDOWS = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;

/**
 * `argument` unchanged, if it is one argument of a command: with CR, LF or NUL in it, the rest would be a command of
 * its own (rclone's GHSA-8c48-q9wj-3w37).
 *
 * @throws {ClientError} `badName`.
 */
export function commandArgument(argument: string): string {
  if (/[\r\n\0]/.test(argument)) {
    throw new ClientError("badName", `Name contains a line break or NUL: ${printable(argument)}`);
  }
  return argument;
}

/** The options of {@link localName}. */
export interface LocalNameOptions {
  /**
   * Also refuse what Windows reads otherwise: `\`, drive letters and streams (`:`), reserved devices, a final dot or
   * space. Default: whether this is Windows.
   */
  readonly windows?: boolean;
}

/**
 * `name`, as a server listed it, if it is the name of one entry in one directory here.
 *
 * @throws {ClientError} `badName` for a name that leads elsewhere, or cannot exist.
 */
export function localName(name: string, { windows = Deno.build.os === "windows" }: LocalNameOptions = {}): string {
  const isElsewhere = name === "" || name === "." || name === ".." || /[/\0]/.test(name);
  const isOddOnWindows = windows && (/[\\:<>"|?*]|[. ]$/.test(name) || RESERVED_ON_WINDOWS.test(name));
  if (isElsewhere || isOddOnWindows) {
    throw new ClientError("badName", `The server lists a name that cannot be a local file: ${printable(name)}`);
  }
  return name;
}

/**
 * `text` with control characters shown as `\xNN` or `\uNNNN`: escape sequences must not reach a terminal, and marks of
 * writing direction must not reorder a line.
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
