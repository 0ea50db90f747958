/**
 * The kinds of values in an accounts file, as schemas: what each accepts, what it becomes, and the message about
 * anything else. `docs/users.schema.json` is made from the same schemas.
 *
 * @module
 */

import * as v from "valibot";
import { messageOf } from "../../net/message_of.ts";
import { didYouMean } from "../../net/similar.ts";
import { parseNetwork } from "../../net/ip.ts";
import { compileGlob } from "../../protocol/glob.ts";
import { parseAmount } from "../amount.ts";

/** `value` as JSON, shortened if long, for messages. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Whether `value` is an object and not a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The message about a value that is not `wanted`. */
export function mustBe(wanted: string): (issue: v.BaseIssue<unknown>) => string {
  return ({ input }) => `Must be ${wanted}, not ${quote(input)}`;
}

/** The message about an object that lacks a field, or has one too many. */
export function fieldMessage(
  wanted: string,
  fields: () => readonly string[],
): (issue: v.BaseIssue<unknown>) => string {
  return ({ path, expected, input }) => {
    if (path === undefined) return `Must be ${wanted}, not ${quote(input)}`;
    if (expected !== "never") return "Is missing";
    const hint = didYouMean(String(path.at(-1)?.key), fields());
    return `Unknown field${hint === "" ? "; the" : `${hint} The`} fields are ${fields().join(", ")}`;
  };
}

const NON_EMPTY = "Must be a non-empty string";

// deno-lint-ignore no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;
const printable = v.check((value: string) => !CONTROL.test(value), "Must not contain control characters");

/** A string with at least one character and no control characters. */
export const text = v.pipe(v.string(NON_EMPTY), v.nonEmpty(NON_EMPTY), printable);

/** `true` or `false`. */
export const flag = v.boolean(mustBe("true or false"));

/** One of `choices`. */
export function choice<const T extends readonly string[]>(...choices: T): v.PicklistSchema<T, Message> {
  const quoted = choices.map((each) => `"${each}"`);
  return v.picklist(choices, mustBe([quoted.slice(0, -1).join(", "), quoted.at(-1)].join(" or ")));
}

type Message = (issue: v.BaseIssue<unknown>) => string;

const COUNT = mustBe("a whole number from 1 up");

/** A whole number, 1 or more. */
export const count = v.pipe(
  v.number(COUNT),
  v.integer(COUNT),
  v.minValue(1, COUNT),
  v.check((value) => Number.isSafeInteger(value), COUNT),
);

/** A check for what `parse` takes; the error that it throws for anything else becomes the message. */
export function accepted<T>(parse: (value: T) => unknown): v.RawCheckAction<T> {
  return v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      parse(dataset.value);
    } catch (error) {
      addIssue({ message: messageOf(error) });
    }
  });
}

/** Text that `parse` understands; it returns `undefined` for anything else, which is reported as not being `wanted`. */
function parsed<T>(parse: (text: string) => T | undefined, wanted: string): v.GenericSchema<string, T> {
  return v.pipe(
    v.string(mustBe(wanted)),
    v.check((value) => parse(value) !== undefined, mustBe(wanted)),
    // The check has made sure of it.
    v.transform((value) => parse(value) as T),
  );
}

/** Bytes, 1 or more, as a number or as a string such as `10 MiB`. */
export const amount = v.pipe(
  v.union([
    count,
    v.pipe(
      v.string(),
      v.metadata({ pattern: "^\\d+(\\.\\d+)? ?([kKmMgGtT]?([iI]?[bB])?)(/s)?$" }),
      v.check((value) => bytesOf(value) > 0, mustBe('a size such as "10 MiB"')),
    ),
  ], COUNT),
  v.transform(bytesOf),
);

function bytesOf(value: number | string): number {
  return typeof value === "string" ? parseAmount(value) ?? 0 : value;
}

const END_MESSAGE = mustBe('a day "2030-12-31" or a time "2030-12-31T18:00:00Z"');
const END = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/;

/** Milliseconds since 1970: a day, which is included (UTC), or a point in time with its zone. */
export const end = v.pipe(
  v.string(END_MESSAGE),
  v.regex(END, END_MESSAGE),
  v.check((value) => !Number.isNaN(endOf(value)), END_MESSAGE),
  v.transform(endOf),
);

function endOf(value: string): number {
  const [, day, time] = END.exec(value) ?? [];
  const start = Date.parse(`${day}T00:00:00Z`);
  // `Date` takes February 31st for a day in March.
  if (Number.isNaN(start) || !new Date(start).toISOString().startsWith(`${day}T`)) return NaN;
  return time === undefined ? start + 86_400_000 : Date.parse(`${day}${time}`);
}

/** A list of networks or addresses. */
export const networks = v.array(
  parsed(parseNetwork, 'an address or a network such as "192.0.2.0/24"'),
  mustBe("a list"),
);

/** Permission bits to take away, in octal: text, as a number in JSON is decimal. */
export const mask = v.pipe(
  v.string(mustBe('an octal number in quotes, such as "027"')),
  v.regex(/^0?[0-7]{3}$/, mustBe('an octal number in quotes, such as "027"')),
  v.transform((value) => parseInt(value, 8)),
);

const MOST_PATTERNS = 100;
const A_PATTERN = 'a pattern for single names, without "/", such as "*.tmp"';

/** A list of patterns for names. */
export const patterns = v.pipe(
  v.array(
    v.pipe(
      text,
      v.check((pattern) => !pattern.includes("/"), mustBe(A_PATTERN)),
      accepted((pattern) => void compileGlob(pattern)),
    ),
    mustBe("a list of patterns"),
  ),
  v.maxLength(MOST_PATTERNS, `Must not have more than ${MOST_PATTERNS} patterns`),
);

/** Clients keep a reply in memory, and people read it on a terminal. */
const MOST_LINES = 20;
const LONGEST_LINE = 200;

/** One line or several. */
const lines = v.pipe(
  v.array(
    v.pipe(
      v.string(mustBe("a line of text")),
      printable,
      v.maxLength(LONGEST_LINE, `Must not be longer than ${LONGEST_LINE} characters`),
    ),
  ),
  v.maxLength(MOST_LINES, `Must not have more than ${MOST_LINES} lines`),
);

/** The lines of a text, or a list of them. */
export const welcome = v.union([
  v.pipe(v.string(), v.transform((value) => value.replace(/\n$/, "").split("\n")), lines),
  lines,
], mustBe("a text, or a list of lines"));

/** What is wrong with one value; `at` is for example `permissions[1].allow`, empty for the value as a whole. */
export interface ValueProblem {
  readonly at: string;
  readonly message: string;
}

/** The problems that `issues` report, at most one for each place. */
export function problemsOf(issues: readonly v.BaseIssue<unknown>[]): ValueProblem[] {
  const problems = new Map<string, ValueProblem>();
  for (const problem of issues.flatMap((issue) => flatten(issue))) {
    if (!problems.has(problem.at)) problems.set(problem.at, problem);
  }
  return [...problems.values()];
}

/** Of a value with several forms, the form that fits except for something inside it says best what is wrong. */
function flatten({ path, issues, message }: v.BaseIssue<unknown>, before = ""): ValueProblem[] {
  const at = path?.reduce((text, { key }) => text + step(key, text), before) ?? before;
  const inside = (issues ?? []).filter((issue) => issue.path !== undefined);
  return inside.length === 0 ? [{ at, message }] : inside.flatMap((issue) => flatten(issue, at));
}

function step(key: unknown, before: string): string {
  return typeof key === "number" ? `[${key}]` : before === "" ? String(key) : `.${key}`;
}
