/**
 * Errors in a command line, an environment variable or a configuration file.
 *
 * @module
 */

/** One line for stderr that names the flag or the file; the process ends with status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
