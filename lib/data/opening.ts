/**
 * What both kinds of data port share: the type, its one error, and the end of a wait.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";

/** Why there is no data connection. */
export type DataPortFailure = "timeout" | "refused" | "aborted" | "failed";

/** The only error that {@link DataPort.open} rejects with; the answer is 425, or 426 for `aborted`. */
export class DataPortError extends Error {
  override readonly name = "DataPortError";
  readonly kind: DataPortFailure;

  constructor(kind: DataPortFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** One data connection to come; good for one transfer. */
export interface DataPort {
  /** `passive`: the client connects to us; `active`: we connect to the client. */
  readonly kind: "passive" | "active";
  /** Where we listen, or where the client does. */
  readonly port: number;
  /**
   * Waits for the connection. To be called once.
   *
   * @throws {DataPortError} and nothing else.
   */
  open(signal: AbortSignal): Promise<Connection>;
  /** Gives up what is held, and ends a pending {@link open} with `aborted`. The connection that it gave lives on. Safe to call twice. */
  close(): void;
}

/** The end of a wait that comes from outside: time is up, or the transfer was aborted. */
export class Deadline implements Disposable {
  readonly #signal: AbortSignal;
  readonly #timeout: number;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #stop: () => void;
  readonly #onAbort = () => this.abort();
  #cause: "timeout" | "aborted" | undefined;

  /**
   * @param signal aborts the wait.
   * @param timeout milliseconds; 0 for no limit.
   * @param stop called once, to make the pending operation end.
   */
  constructor(signal: AbortSignal, timeout: number, stop: () => void) {
    this.#signal = signal;
    this.#timeout = timeout;
    this.#stop = stop;
    if (timeout > 0) this.#timer = setTimeout(() => this.#end("timeout"), timeout);
    signal.addEventListener("abort", this.#onAbort);
    if (signal.aborted) this.#onAbort();
  }

  /** Whether the wait is over. */
  get passed(): boolean {
    return this.#cause !== undefined;
  }

  /** Ends the wait, if it is still going on. */
  abort(): void {
    this.#end("aborted");
  }

  /** What the pending operation's `error` means. */
  explain(error?: unknown): DataPortError {
    if (error instanceof DataPortError) return error;
    if (this.#cause === "timeout") return new DataPortError("timeout", `No data connection within ${this.#timeout} ms`);
    if (this.#cause === "aborted") return new DataPortError("aborted", "Wait for the data connection was aborted");
    const refused = error instanceof Deno.errors.ConnectionRefused || hasCode(error, "ECONNREFUSED");
    const kind = refused ? "refused" : "failed";
    return new DataPortError(kind, "Cannot open the data connection", { cause: error });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener("abort", this.#onAbort);
  }

  #end(cause: "timeout" | "aborted"): void {
    if (this.#cause) return;
    this.#cause = cause;
    this.#stop();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
