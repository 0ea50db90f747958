/**
 * The argument of LIST and NLST, which real clients fill in as if it were the command line of `ls`.
 *
 * @module
 */

/** The parsed argument. If `literal` is set, a file with exactly that name takes precedence. */
export interface ListArgument {
  /** Letters of the options in order: `la` for `-l -a`; empty without any. */
  readonly flags: string;
  /** The path to list; `undefined`: the working directory. */
  readonly path: string | undefined;
  /** The whole argument, if options were removed from it: it may be the name of a file that begins with a dash. */
  readonly literal: string | undefined;
}

/**
 * Removes options such as `-la`, `-l -a` and `--` from the start of the argument. The rest, after one space, is the
 * path byte for byte. A lone `-`, and a word with anything but letters and `1` after its dash, is a name.
 */
export function parseListArgument(argument: string | undefined): ListArgument {
  if (argument === undefined || argument === "") return { flags: "", path: undefined, literal: undefined };
  let rest = argument;
  let flags = "";
  for (;;) {
    const match = /^-(-|[A-Za-z1]+)(?: |$)/.exec(rest);
    if (match === null) break;
    rest = rest.slice(match[0].length);
    if (match[1] === "-") break;
    flags += match[1];
  }
  return {
    flags,
    path: rest === "" ? undefined : rest,
    literal: rest === argument ? undefined : argument,
  };
}
