/**
 * What goes wrong in the shell itself.
 *
 * @module
 */

/** A command that cannot be done; the message says why, in words for people. */
export class ShellError extends Error {
  override readonly name = "ShellError";
  /** What to do about it. */
  readonly advice: string | undefined;
  /** The exit status of a script that ends with it. */
  readonly status: number;

  constructor(message: string, advice?: string, status = 1) {
    super(message);
    this.advice = advice;
    this.status = status;
  }
}

/** A command that was typed wrong. Status 2. */
export class ShellUsageError extends ShellError {
  constructor(message: string, advice?: string) {
    super(message, advice, 2);
  }
}

/** The reason of the signal when somebody interrupts a command. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  constructor() {
    super("Interrupted");
  }
}
