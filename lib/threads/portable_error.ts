/**
 * Errors sent from one thread to another.
 *
 * @module
 */

/** An error that keeps its name when sent to another thread: a clone of the error itself would lose it. */
export interface FlatError {
  readonly flatError: true;
  readonly name: string;
  readonly message: string;
  readonly cause: unknown;
}

/** Converts `error` into a form that survives `postMessage`; a value that is not an Error is sent as a string. */
export function toPortableError(error: unknown): unknown {
  if (error === undefined) return undefined;
  return error instanceof Error ? flatErrorOf(error) : String(error);
}

/** {@link toPortableError} for a value that is known to be an error. */
export function flatErrorOf({ name, message, cause }: Error): FlatError {
  return { flatError: true, name, message, cause: toPortableError(cause) };
}

/**
 * The error that was passed to {@link toPortableError}, as far as a log needs it; an error of the system gets its class
 * back.
 */
export function fromPortableError(given: unknown): unknown {
  if (!isFlatError(given)) return given;
  const { name, message, cause } = given;
  const options = cause === undefined ? {} : { cause: fromPortableError(cause) };
  const error = isSystemError(name) ? new Deno.errors[name](message, options) : new Error(message, options);
  error.name = name;
  return error;
}

function isFlatError(given: unknown): given is FlatError {
  return typeof given === "object" && given !== null && "flatError" in given;
}

function isSystemError(name: string): name is keyof typeof Deno.errors {
  return Object.hasOwn(Deno.errors, name);
}
