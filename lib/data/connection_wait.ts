/**
 * The wait for a data connection, and what ends it: the connection, its failure, an abort, or a timeout.
 *
 * @module
 */

import { closeQuietly, type Connection } from "../net/connection.ts";
import { DataConnectionError } from "./connector.ts";

/**
 * Milliseconds for another connection once one was reset before it was accepted. It is unknown whose that was: a client
 * that has given up does not come back, but the connection of a stranger must not keep the client out.
 */
const AFTER_RESET = 1_000;

/** The options of a wait. */
export interface WaitOptions {
  /** Aborts the wait. */
  readonly signal: AbortSignal;
  /** Milliseconds; 0: no limit. */
  readonly timeout: number;
  /** Starts to connect; not called if the wait has ended before. */
  readonly connect: () => Promise<Connection>;
  /** Called at most once, to end what {@link connect} started. */
  readonly stop: () => void;
}

/** The one wait of a data connector. */
export class ConnectionWait {
  #spent = false;
  #hurried = false;
  #deadline: Deadline | undefined;

  /**
   * Waits; rejects as {@link DataConnector.open} does, and when called again. A connection that arrives too late is
   * closed.
   */
  async run({ signal, timeout, connect, stop }: WaitOptions): Promise<Connection> {
    if (this.#spent) throw new DataConnectionError("failed", "The data connector has already been used");
    this.#spent = true;
    using deadline = new Deadline(signal, timeout, stop);
    this.#deadline = deadline;
    if (this.#hurried) deadline.within(AFTER_RESET);
    try {
      const connection = deadline.passed ? undefined : await connect();
      if (connection && !deadline.passed) return connection;
      if (connection) closeQuietly(connection);
    } catch (error) {
      throw deadline.explain(error);
    } finally {
      this.#deadline = undefined;
    }
    throw deadline.explain();
  }

  /** A connection was reset before it was accepted: another arrives soon or never. */
  hurry(): void {
    this.#hurried = true;
    this.#deadline?.within(AFTER_RESET);
  }

  /** Ends the wait, or prevents it. */
  end(): void {
    this.#spent = true;
    this.#deadline?.abort();
  }
}

/** An external end of a wait: a timeout, or the abort of the transfer. */
class Deadline implements Disposable {
  readonly #signal: AbortSignal;
  #timeout = 0;
  #endsAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #stop: () => void;
  readonly #onAbort = () => this.abort();
  #cause: "timeout" | "aborted" | undefined;

  /**
   * @param signal aborts the wait.
   * @param timeout milliseconds; 0: no limit.
   * @param stop called once, to end the pending operation.
   */
  constructor(signal: AbortSignal, timeout: number, stop: () => void) {
    this.#signal = signal;
    this.#stop = stop;
    if (timeout > 0) this.within(timeout);
    signal.addEventListener("abort", this.#onAbort);
    if (signal.aborted) this.#onAbort();
  }

  /** Whether the wait has ended. */
  get passed(): boolean {
    return this.#cause !== undefined;
  }

  /** Shortens the rest of the wait to a number of milliseconds. */
  within(milliseconds: number): void {
    const endsAt = performance.now() + milliseconds;
    if (this.#cause || endsAt >= this.#endsAt) return;
    clearTimeout(this.#timer);
    this.#endsAt = endsAt;
    this.#timeout = milliseconds;
    this.#timer = setTimeout(() => this.#end("timeout"), milliseconds);
  }

  /** Ends the wait, if it has not ended. */
  abort(): void {
    this.#end("aborted");
  }

  /** The meaning of the pending operation's `error`. */
  explain(error?: unknown): DataConnectionError {
    if (error instanceof DataConnectionError) return error;
    if (this.#cause === "timeout") {
      return new DataConnectionError("timeout", `No data connection within ${this.#timeout} ms`);
    }
    if (this.#cause === "aborted") {
      return new DataConnectionError("aborted", "Wait for the data connection was aborted");
    }
    const refused = error instanceof Deno.errors.ConnectionRefused || hasCode(error, "ECONNREFUSED");
    const kind = refused ? "refused" : "failed";
    return new DataConnectionError(kind, "Cannot open the data connection", { cause: error });
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
