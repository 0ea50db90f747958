/**
 * The end of a process by an uncaught error.
 *
 * @module
 */

/** What is left to do. */
export interface LastActions {
  /** Writes about the error. */
  readonly report: (error: unknown) => void;
  /** Resolves once everything that waits to be written is written. */
  readonly settle: () => Promise<unknown>;
}

/**
 * Until it is disposed, an uncaught error ends the process with status 1, as the runtime would, but only after what is
 * to be written, and what `report` has about the error, is written: it shows what led to it.
 */
export function endingOnUncaught({ report, settle }: LastActions): Disposable {
  const end = (event: ErrorEvent | PromiseRejectionEvent): void => {
    event.preventDefault();
    report("reason" in event ? event.reason : event.error);
    void settle().finally(() => Deno.exit(1));
  };
  globalThis.addEventListener("error", end);
  globalThis.addEventListener("unhandledrejection", end);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("error", end);
      globalThis.removeEventListener("unhandledrejection", end);
    },
  };
}
