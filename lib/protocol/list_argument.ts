/**
 * The argument of LIST and NLST, which real clients fill as if it were the command line of `ls`.
 *
 * @module
 */

/** One reading of the argument. Where `literal` is set, a file of that very name comes first. */
export interface ListArgument {
  /** Letters of the options, in the order they came: `la` for `-l -a`; empty without any. */
  readonly flags: string;
  /** What to list; `undefined`: the working directory. */
  readonly path: string | undefined;
  /** The whole argument, when options were taken off it: it may be the name of a file that begins with a dash. */
  readonly literal: string | undefined;
}

/**
 * Takes options such as `-la`, `-l -a` and `--` off the front of the argument. What is left, behind one space, is the path byte for
 * byte. A lone `-`, and a word with anything but letters and `1` behind its dash, is a name.
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
