/**
 * The command lines of the program: each command has a table of its flags, from which they are read and its usage is
 * made, so that all refuse a mistake in the same words.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { didYouMean } from "../net/similar.ts";
import { UsageError } from "./usage_error.ts";

/** One flag. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** A single letter that stands for it, after one dash. */
  readonly short?: string;
  /** The placeholder for its value in the usage; absent for a switch. */
  readonly value?: string | undefined;
  readonly help: string;
  /** The default, for the usage; absent if there is none, or `help` describes it. */
  readonly fallback?: string | undefined;
  /** The value that it has when it is given without one; absent if it needs one. */
  readonly bare?: string | undefined;
  /**
   * May be given more than once.
   *
   * @default false
   */
  readonly repeats?: boolean | undefined;
}

/** What a command accepts. */
export interface CommandLine<F extends Flag> {
  /** Its name, for "see denoftpd help NAME". */
  readonly command: string;
  readonly flags: readonly F[];
  /**
   * The most arguments that are not flags.
   *
   * @default 0
   */
  readonly most?: number;
}

type NameOf<F extends Flag, Value> = F extends { readonly name: infer N extends string; readonly value: Value } ? N
  : never;
/** The names of flags with a value. */
type TextName<F extends Flag> = string extends F["name"] ? string : NameOf<F, string>;
/** The names of switches. */
type SwitchName<F extends Flag> = string extends F["name"] ? string : Exclude<F["name"], TextName<F>>;

/** A command line that has only known flags, each with a value if it takes one. */
export interface GivenFlags<F extends Flag> {
  /** The value of a flag; `undefined` if it was not given. */
  text(name: TextName<F>): string | undefined;
  /** Every value of a flag that may be given more than once. */
  texts(name: TextName<F>): readonly string[];
  isOn(name: SwitchName<F>): boolean;
  /** What is not a flag. */
  readonly rest: readonly string[];
}

/**
 * @throws {UsageError} naming an argument that is not one of the flags, one that is empty or given twice, or a switch
 * with a value other than true or false. Never quotes the value of an unknown flag: it may be a password.
 */
export function readFlags<const F extends Flag>(
  args: readonly string[],
  { command, flags, most = 0 }: CommandLine<F>,
): GivenFlags<F> {
  const texts = flags.filter(({ value }) => value !== undefined).map(({ name }) => name);
  const switches = flags.filter(({ value }) => value === undefined).map(({ name }) => name);
  const parsed = parseArgs(prepared(args, { texts, switches }), {
    string: ["_", ...texts],
    collect: texts,
    boolean: switches,
    alias: Object.fromEntries(flags.flatMap(({ name, short }) => short === undefined ? [] : [[name, short]])),
    unknown: (argument, key) => {
      if (key === undefined) return;
      throw new UsageError(unknownFlag(argument.replace(/=.*/s, ""), { command, flags }));
    },
  });
  const rest = parsed._.map(String);
  if (rest.length > most) throw new UsageError(`Unexpected argument "${rest[most]}", see denoftpd help ${command}`);
  const values = new Map(texts.map((name) => [name, [parsed[name] ?? []].flat().map(String)]));
  for (const { name, repeats, bare } of flags) {
    if (bare !== undefined) values.set(name, (values.get(name) ?? []).map((value) => value || bare));
    requireValues(name, values.get(name) ?? [], repeats);
  }
  return {
    text: (name) => values.get(name)?.[0],
    texts: (name) => values.get(name) ?? [],
    isOn: (name) => parsed[name] === true,
    rest,
  };
}

function unknownFlag(flag: string, { command, flags }: CommandLine<Flag>): string {
  const names = flags.map(({ name }) => `--${name}`);
  const help = `denoftpd help ${command}`;
  const hint = didYouMean(flag, flag.startsWith("--") ? names : []);
  return hint === "" ? `Unknown flag "${flag}", see ${help}` : `Unknown flag "${flag}"${hint} See ${help}`;
}

/** What the parser misunderstands: a negative number or a lone dash is no value, and any value turns a switch on. */
function prepared(
  args: readonly string[],
  { texts, switches }: { readonly texts: readonly string[]; readonly switches: readonly string[] },
): string[] {
  const made: string[] = [];
  for (const argument of args) {
    const before = made.at(-1) ?? "";
    const takesIt = before.startsWith("--") && texts.includes(before.slice(2));
    if (takesIt && /^-(\d|$)/.test(argument)) made.push(`${made.pop()}=${argument}`);
    else made.push(switchArgument(argument, switches));
  }
  return made;
}

function switchArgument(argument: string, switches: readonly string[]): string {
  const [, name = "", value = ""] = /^--([^=]+)=(.*)$/s.exec(argument) ?? [];
  if (!switches.includes(name)) return argument;
  const isOn = switchWord(value);
  if (isOn !== undefined) return `--${name}=${isOn}`;
  throw new UsageError(`Flag "--${name}" must be true or false, or without a value, not "${value}"`);
}

const SWITCH_WORDS: ReadonlyMap<string, boolean> = new Map([
  ...["true", "on", "yes", "1"].map((word) => [word, true] as const),
  ...["false", "off", "no", "0"].map((word) => [word, false] as const),
]);

/** Whether `word` turns a switch on, in upper or lower case; `undefined` for words that say neither. */
export function switchWord(word: string): boolean | undefined {
  return SWITCH_WORDS.get(word.toLowerCase());
}

function requireValues(name: string, values: readonly string[], repeats = false): void {
  if (values.includes("")) throw new UsageError(`Flag "--${name}" needs a value`);
  if (values.length > 1 && !repeats) throw new UsageError(`Flag "--${name}" was given twice`);
}

/** `passivePorts` as a flag: `passive-ports`. */
export function flagNameOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const WIDTH = 120;
/** A longer default is described by the help. */
const LONGEST_FALLBACK = 20;

/** The lines of a usage about `flags`, with the help of all of them in one column. */
export function flagLines(flags: readonly Flag[]): string {
  const names = flags.map(({ name, short, value }) =>
    `  ${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`
  );
  const column = Math.max(...names.map((name) => name.length)) + 2;
  const indent = " ".repeat(column);
  const lines = flags.map((flag, index) =>
    (names[index] ?? "").padEnd(column) + wrapped(helpOf(flag), WIDTH - column).join(`\n${indent}`)
  );
  return lines.map((line) => `${line}\n`).join("");
}

function helpOf({ value, help, fallback = "" }: Flag): string {
  const isShown = value !== undefined && fallback !== "" && fallback.length <= LONGEST_FALLBACK;
  return isShown ? `${help} (${fallback})` : help;
}

/** The words of `text` in lines of at most `width` characters. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
