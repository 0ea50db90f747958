/**
 * Splits and formats command lines: verb and argument, and the part that may be logged.
 *
 * @module
 */

/** A verb and what follows it. */
export interface CommandLine {
  /** In upper case. */
  readonly verb: string;
  /** Everything after the first space, byte for byte; `undefined` without a space, empty if nothing follows it. */
  readonly argument: string | undefined;
}

/** Splits a line at its first space. Nothing is trimmed: names may begin and end with spaces. */
export function parseCommandLine(line: string): CommandLine {
  const space = line.indexOf(" ");
  if (space === -1) return { verb: upperCase(line), argument: undefined };
  return { verb: upperCase(line.slice(0, space)), argument: line.slice(space + 1) };
}

/** Splits the argument of SITE or OPTS into the word that names the action, and its own argument. */
export function splitSubcommand(argument: string): CommandLine {
  return parseCommandLine(argument.replace(/^ +/, ""));
}

/**
 * Formats a command, without its line end.
 *
 * @throws {TypeError} if a part would inject a second command.
 */
export function formatCommandLine(verb: string, argument?: string): string {
  const line = argument === undefined ? verb : `${verb} ${argument}`;
  if (/[\0\r\n]/.test(line)) throw new TypeError(`Cannot send "${verb}": its argument has a control character`);
  return line;
}

/**
 * Returns a function that makes a line fit for the log: what follows one of `secretVerbs` becomes `***`. It errs on the
 * side of masking, for example where a password was typed without the space.
 */
export function makeMask(secretVerbs: readonly string[]): (line: string) => string {
  if (secretVerbs.length === 0) return (line) => line;
  const secret = new RegExp(`^([^a-z]*(?:${secretVerbs.join("|")})).+$`, "is");
  return (line) => line.replace(secret, "$1 ***");
}

/**
 * Whether a line is the first of an HTTP request. A web page can make a browser send one here, with commands in its
 * body (cross-protocol attack), so a connection that begins with it is closed.
 */
export function isHttpVerb(line: string): boolean {
  return /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|CONNECT|PATCH|TRACE|PRI) (?:\/|.* HTTP\/\d)/i.test(line);
}

/** Upper case for ASCII words only: in Unicode "ß" and "ſ" would become the letters of PASS. */
function upperCase(word: string): string {
  // deno-lint-ignore no-control-regex -- the range of ASCII begins there
  return /^[\x00-\x7f]*$/.test(word) ? word.toUpperCase() : word;
}
