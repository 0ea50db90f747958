/**
 * The wait for a data connection, and what ends it: the connection, its failure, an abort, or the end of the time.
 *
 * @module
 */

import { closeQuietly, type Connection } from "../net/connection.ts";
import { DataConnectionError } from "./connector.ts";

/**
 * Milliseconds for another connection once one was reset before it was accepted. Nobody can tell whose that was: a
 * client that has given up does not come again, while a stranger's must not keep the client out.
 */
const AFTER_RESET = 1_000;

/** What a wait is for. */
export interface WaitOptions {
  /** Aborts it. */
  readonly signal: AbortSignal;
  /** Milliseconds; 0 for no limit. */
  readonly timeout: number;
  /** Begins it; not called when it is over before. */
  readonly connect: () => Promise<Connection>;
  /** Called at most once, to make what {@link connect} began end. */
  readonly stop: () => void;
}

/** The one wait of a data port. */
export class ConnectionWait {
  #spent = false;
  #hurried = false;
  #deadline: Deadline | undefined;

  /** Waits; rejects as {@link DataConnector.open}, and the second time. A connection that comes too late is closed. */
  async run({ signal, timeout, connect, stop }: WaitOptions): Promise<Connection> {
    if (this.#spent) throw new DataConnectionError("failed", "Data port is already spent");
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

  /** A connection was reset before it was accepted: another comes soon or never. */
  hurry(): void {
    this.#hurried = true;
    this.#deadline?.within(AFTER_RESET);
  }

  /** Ends it, or sees to it that there is none. */
  end(): void {
    this.#spent = true;
    this.#deadline?.abort();
  }
}

/** The end of a wait that comes from outside: time is up, or the transfer was aborted. */
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
   * @param timeout milliseconds; 0 for no limit.
   * @param stop called once, to make the pending operation end.
   */
  constructor(signal: AbortSignal, timeout: number, stop: () => void) {
    this.#signal = signal;
    this.#stop = stop;
    if (timeout > 0) this.within(timeout);
    signal.addEventListener("abort", this.#onAbort);
    if (signal.aborted) this.#onAbort();
  }

  /** Whether the wait is over. */
  get passed(): boolean {
    return this.#cause !== undefined;
  }

  /** It ends so many milliseconds from now, if it would not end before. */
  within(milliseconds: number): void {
    const endsAt = performance.now() + milliseconds;
    if (this.#cause || endsAt >= this.#endsAt) return;
    clearTimeout(this.#timer);
    this.#endsAt = endsAt;
    this.#timeout = milliseconds;
    this.#timer = setTimeout(() => this.#end("timeout"), milliseconds);
  }

  /** Ends the wait, if it is still going on. */
  abort(): void {
    this.#end("aborted");
  }

  /** What the pending operation's `error` means. */
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
