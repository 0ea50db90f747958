/**
 * The rows of the shell's table about files that move.
 *
 * @module
 */

import type { ShellCommand } from "./command.ts";
import * as copies from "./commands/copies.ts";
import * as mirrors from "./commands/mirrors.ts";
import * as transfers from "./commands/transfers.ts";

/** No limit of words. */
export const MANY = Infinity;

/** Whether a word is a URL that names a password. */
export function hasUrlPassword(words: readonly string[]): boolean {
  return words.some((word) => /^[a-z]+:\/\/[^/]*:[^/]*@/i.test(word));
}

/** The commands that move files, in the order of the help. */
export const TRANSFER_COMMANDS: readonly ShellCommand[] = [
  {
    names: ["get", "recv"],
    usage: "REMOTE [LOCAL|-]",
    summary: "fetch a file; it replaces one here only when all has arrived",
    details: "get NAME - prints it, get NAME > FILE and get NAME | PROGRAM send it there.",
    ...{
      group: "transfers",
      takes: [1, 2],
      completes: ["remote", "local"],
      writes: true,
      run: transfers.get(false),
      background: true,
    },
  },
  {
    names: ["mget"],
    usage: "REMOTE …",
    summary: "fetch several files, patterns such as *.csv included",
    ...{ group: "transfers", takes: [1, MANY], completes: ["remote"], run: transfers.getMany, background: true },
  },
  {
    names: ["reget"],
    usage: "REMOTE [LOCAL]",
    summary: "go on with a download that was cut short, after a check of what is here",
    ...{
      group: "transfers",
      takes: [1, 2],
      completes: ["remote", "local"],
      run: transfers.get(true),
      background: true,
    },
  },
  {
    names: ["put", "send"],
    usage: "LOCAL [REMOTE]",
    summary: "store a file",
    ...{
      group: "transfers",
      takes: [1, 2],
      completes: ["local", "remote"],
      changes: true,
      run: transfers.put({}),
      background: true,
    },
  },
  {
    names: ["mput"],
    usage: "LOCAL …",
    summary: "store several files, patterns included",
    ...{
      group: "transfers",
      takes: [1, MANY],
      completes: ["local"],
      changes: true,
      run: transfers.putMany,
      background: true,
    },
  },
  {
    names: ["reput"],
    usage: "LOCAL [REMOTE]",
    summary: "go on with an upload that was cut short, after a check of what is there",
    ...{ group: "transfers", takes: [1, 2], completes: ["local", "remote"], changes: true },
    background: true,
    run: transfers.put({ resume: true }),
  },
  {
    names: ["append"],
    usage: "LOCAL [REMOTE]",
    summary: "add a file to the end of one there",
    ...{ group: "transfers", takes: [1, 2], completes: ["local", "remote"], changes: true },
    background: true,
    run: transfers.put({ append: true }),
  },
  {
    names: ["mirror"],
    usage: "[-Ren] SOURCE [TARGET]",
    summary: "make a directory here like one there; -R the other way, -e remove what the source has not, -n only say",
    ...{
      group: "transfers",
      takes: [1, 5],
      completes: ["remoteDirectory", "localDirectory"],
      run: mirrors.mirror,
      background: true,
    },
  },
  {
    names: ["copy", "cp"],
    usage: "[-r] REMOTE URL|REMOTE",
    summary: "copy a file to another server, or on this one, through here; -r the contents of a directory",
    details: "A file goes into a directory if the target ends with a slash, under its own name.",
    ...{ group: "transfers", takes: [1, 3], completes: ["remote"], changes: true, background: true },
    ...{ isSecret: hasUrlPassword, run: copies.copy },
  },
  {
    names: ["cat", "more", "page"],
    usage: "REMOTE …",
    summary: "print files; cat NAME | less shows one page after the other",
    ...{ group: "transfers", takes: [1, MANY], completes: ["remote"], writes: true, run: transfers.show },
  },
];
