/**
 * Reads values from JSON written by people: each function returns the value or throws a {@link ValueError}.
 *
 * @module
 */

import { type Network, parseNetwork } from "../../net/ip.ts";
import { parseAmount } from "../amount.ts";

/**
 * A value that does not fit. `message` is the reason; `at` the place inside the field, such as `[1].allow`, empty for
 * the field itself.
 */
export class ValueError extends Error {
  override readonly name = "ValueError";
  readonly at: string;

  constructor(message: string, at = "") {
    super(message);
    this.at = at;
  }
}

/** A JSON object whose values have not been checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether `value` is an object and not a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A string with at least one character and no control characters. */
export function readText(value: unknown): string {
  if (typeof value !== "string" || value === "") throw new ValueError("Must be a non-empty string");
  // deno-lint-ignore no-control-regex -- they are what is looked for
  if (/[\x00-\x1f\x7f-\x9f]/.test(value)) throw new ValueError("Must not contain control characters");
  return value;
}

/** `true` or `false`. */
export function readFlag(value: unknown): boolean {
  if (typeof value !== "boolean") throw new ValueError(`Must be true or false, not ${quote(value)}`);
  return value;
}

/** One of `choices`. */
export function readChoice<const T extends string>(value: unknown, choices: readonly T[]): T {
  const choice = choices.find((choice) => choice === value);
  if (choice === undefined) throw new ValueError(`Must be ${orList(choices)}, not ${quote(value)}`);
  return choice;
}

/** A whole number, 1 or more. */
export function readCount(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) {
    throw new ValueError(`Must be a whole number from 1 up, not ${quote(value)}`);
  }
  return value;
}

/** Bytes, 1 or more, as a number or as a string such as `10 MiB`. */
export function readAmount(value: unknown): number {
  if (typeof value !== "string") return readCount(value);
  const bytes = parseAmount(value);
  if (bytes === undefined || bytes < 1) throw new ValueError(`Must be a size such as "10 MiB", not ${quote(value)}`);
  return bytes;
}

/** Milliseconds since 1970: a day, which is included (UTC), or a point in time with its zone. */
export function readEnd(value: unknown): number {
  const pattern = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/;
  const [, day, time] = typeof value === "string" ? pattern.exec(value) ?? [] : [];
  const start = Date.parse(`${day}T00:00:00Z`);
  // `Date` takes February 31st for a day in March.
  const isDay = !Number.isNaN(start) && new Date(start).toISOString().startsWith(`${day}T`);
  const end = time === undefined ? start + 86_400_000 : Date.parse(`${day}${time}`);
  if (!isDay || Number.isNaN(end)) {
    throw new ValueError(`Must be a day "2030-12-31" or a time "2030-12-31T18:00:00Z", not ${quote(value)}`);
  }
  return end;
}

/** A list of networks or addresses. */
export function readNetworks(value: unknown): Network[] {
  return readList(value, (item) => {
    const network = typeof item === "string" ? parseNetwork(item) : undefined;
    if (network === undefined) {
      throw new ValueError(`Must be an address or a network such as "192.0.2.0/24", not ${quote(item)}`);
    }
    return network;
  });
}

/** A list whose items are read by `read`. */
export function readList<T>(value: unknown, read: (item: unknown) => T): T[] {
  if (!Array.isArray(value)) throw new ValueError(`Must be a list, not ${quote(value)}`);
  return value.map((item, index) => within(`[${index}]`, () => read(item)));
}

/** Runs `read`; a {@link ValueError} thrown by it gets `at` as its place. */
export function within<T>(at: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ValueError) throw new ValueError(error.message, at + error.at);
    throw error;
  }
}

/** `value` as JSON, shortened if long, for messages. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `"a", "b" or "c"`, for messages. */
export function orList(choices: readonly string[]): string {
  const quoted = choices.map((choice) => `"${choice}"`);
  return [quoted.slice(0, -1).join(", "), quoted.at(-1)].filter((part) => part !== "").join(" or ");
}
