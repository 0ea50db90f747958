/**
 * Command lines that consist only of flags: parsed with one library call, and refused with the same messages
 * everywhere.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "./usage_error.ts";

/** The flags of a command, without their dashes. */
export interface FlagNames {
  /** For "see denoftpd help COMMAND". */
  readonly command: string;
  /** Flags that take a value. */
  readonly texts: readonly string[];
  readonly switches: readonly string[];
}

/** The given flags by name: each value of a text flag, and `true` for a switch. */
export type GivenFlags = Readonly<Record<string, unknown>>;

/**
 * @throws {UsageError} naming an argument that is not one of the flags, or a switch with a value other than true or
 * false.
 */
export function parseFlags(args: readonly string[], { command, texts, switches }: FlagNames): GivenFlags {
  for (const argument of args) requireSwitchValue(argument, switches);
  return parseArgs(args, {
    string: texts,
    collect: texts,
    boolean: switches,
    unknown: (argument) => {
      throw new UsageError(
        argument.startsWith("-")
          ? `Unknown flag "${argument}", see denoftpd help ${command}`
          : `Unexpected argument "${argument}"`,
      );
    },
  });
}

/** Any other value after the equals sign would be taken for "on". */
function requireSwitchValue(argument: string, switches: readonly string[]): void {
  const [, name = "", value] = /^--([^=]+)=(.*)$/s.exec(argument) ?? [];
  if (!switches.includes(name) || value === "true" || value === "false") return;
  throw new UsageError(`Flag "--${name}" must be true or false, or without a value, not "${value}"`);
}

/**
 * The value of a flag that may be given once; `undefined` if it was not given. @throws {UsageError} for a second or an
 * empty one.
 */
export function readTextFlag(given: GivenFlags, name: string): string | undefined {
  const [value, ...more]: unknown[] = [given[name] ?? []].flat();
  if (more.length > 0) throw new UsageError(`Flag "--${name}" was given twice`);
  if (value === "") throw new UsageError(`Flag "--${name}" needs a value`);
  return typeof value === "string" ? value : undefined;
}
