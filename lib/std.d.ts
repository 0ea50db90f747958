// Types for the parts of `@std/*` that we use. `deno-std`, the copy on npm, ships none; taken from JSR they bring their
// own, and this file goes (README.md says which lines to change).

declare module "@std/path/posix" {
  export function basename(path: string): string;
  export function dirname(path: string): string;
  export function fromFileUrl(url: URL | string): string;
  export function toFileUrl(path: string): URL;
  export function isAbsolute(path: string): boolean;
  export function join(...parts: string[]): string;
  export function relative(from: string, to: string): string;
  export function resolve(...parts: string[]): string;
  export const SEPARATOR: string;
}

declare module "@std/path/windows" {
  export * from "@std/path/posix";
}

declare module "@std/cli/parse-args" {
  export interface ParseOptions {
    readonly string?: readonly string[];
    readonly boolean?: readonly string[];
    readonly negatable?: readonly string[];
    readonly collect?: readonly string[];
    readonly default?: Readonly<Record<string, unknown>>;
    readonly alias?: Readonly<Record<string, string | readonly string[]>>;
    readonly stopEarly?: boolean;
    readonly unknown?: (argument: string, key?: string, value?: unknown) => unknown;
  }
  export function parseArgs(
    args: readonly string[],
    options?: ParseOptions,
  ): { _: (string | number)[] } & Record<string, unknown>;
}

declare module "@std/cli/prompt-secret" {
  export function promptSecret(message?: string): string | null;
}

declare module "@std/async/delay" {
  export interface DelayOptions {
    /** Aborting it rejects with its reason. */
    readonly signal?: AbortSignal;
  }
  export function delay(milliseconds: number, options?: DelayOptions): Promise<void>;
}

declare module "@std/assert" {
  type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;
  export function assert(condition: unknown, message?: string): asserts condition;
  export function assertEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T;
  export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T>;
  export function assertMatch(actual: string, expected: RegExp, message?: string): void;
  export function assertNotMatch(actual: string, expected: RegExp, message?: string): void;
  export function assertStringIncludes(actual: string, expected: string, message?: string): void;
  export function assertGreater<T>(actual: T, low: T, message?: string): void;
  export function assertLess<T>(actual: T, high: T, message?: string): void;
  export function assertInstanceOf<E>(actual: unknown, type: abstract new (...args: never[]) => E): asserts actual is E;
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    errorClass?: ErrorClass<E>,
    includes?: string,
  ): E;
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    errorClass?: ErrorClass<E>,
    includes?: string,
  ): Promise<E>;
  export function fail(message?: string): never;
}
