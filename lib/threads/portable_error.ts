/**
 * Errors on their way from one thread to another.
 *
 * @module
 */

/** An error that keeps its name from one thread to another: a clone of the error itself would lose it. */
export interface FlatError {
  readonly flatError: true;
  readonly name: string;
  readonly message: string;
  readonly cause: unknown;
}

/** `error` for the way; what is no error goes as text. */
export function toPortableError(error: unknown): unknown {
  if (error === undefined) return undefined;
  return error instanceof Error ? flatErrorOf(error) : String(error);
}

/** {@link toPortableError} where it is known to be one. */
export function flatErrorOf({ name, message, cause }: Error): FlatError {
  return { flatError: true, name, message, cause: toPortableError(cause) };
}

/** The error that {@link toPortableError} was given, as far as a log can tell; one of the system's is of its class again. */
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
