/**
 * JSON in files that people write.
 *
 * @module
 */

import { messageOf } from "./message_of.ts";

/**
 * The value of `text`, which may begin with a byte order mark, as some editors on Windows write it.
 *
 * @throws {SyntaxError} with a message of one line that does not quote the text: there may be passwords in it.
 */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new SyntaxError(`Not valid JSON: ${problemIn(text, messageOf(error))}`, { cause: error });
  }
}

/** The runtime quotes the text around the error, over several lines: report the line number instead. */
function problemIn(text: string, message: string): string {
  const [, what, around] = /^(Unexpected token .*?), (?:\.\.\.)?"(.*)"(?:\.\.\.)? is not valid JSON$/s.exec(message) ??
    [];
  if (what === undefined || around === undefined) return message.replace(/ in JSON at position \d+| in JSON/, "");
  const start = text.indexOf(around);
  return start < 0 ? what : `${what} (near line ${text.slice(0, start + around.length / 2).split("\n").length})`;
}
