/**
 * The control interface of a fixture, as its client.
 *
 * @module
 */

/** The fixture has refused something; the message says what. */
export class FixtureError extends Error {
  /** Always `FixtureError`. */
  override readonly name: string = "FixtureError";
  /** The status of the answer of HTTP. */
  readonly status: number;

  /** @internal */
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** The steps did not happen in that order; the message shows what did. */
export class SequenceError extends FixtureError {
  /** Always `SequenceError`. */
  override readonly name = "SequenceError";
}

/** What is asked. */
export interface Question {
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as it is. */
  readonly bytes?: string | Uint8Array;
  /** Sent as JSON. */
  readonly json?: unknown;
}

/** Milliseconds from the end of the sockets of a process to its own. */
const PATIENCE = 2_000;

/** Resolves when `signal` is aborted, at the latest after `limit` milliseconds. */
function aborted(signal: AbortSignal, limit: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limit);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** Asks a fixture. */
export class Control {
  /** URL of the interface. */
  readonly url: string;
  /** Aborted, with an error as its reason, when there is nothing left to ask. */
  readonly #gone: AbortSignal | undefined;

  constructor(url: string, gone?: AbortSignal) {
    this.url = url;
    this.#gone = gone;
  }

  /** The answer as it is. Rejects with a {@link FixtureError}, or with the reason for which the fixture is gone. */
  async fetch(path: string, { method = "GET", query = {}, bytes, json }: Question = {}): Promise<Response> {
    this.#gone?.throwIfAborted();
    const url = new URL(path, this.url);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    const body = json === undefined ? bytes : JSON.stringify(json);
    // Node ends a program that waits for nothing but a request whose connection has just gone with its server.
    const alive = setInterval(() => {}, PATIENCE);
    const response = await fetch(url, {
      method,
      // The types of Node and of Deno differ in what a body is, not in what they take.
      ...(body !== undefined && { body: body as BodyInit }),
      ...(this.#gone && { signal: this.#gone }),
    }).catch(async (error: unknown) => {
      // Its sockets end before the process does, which then says how.
      if (this.#gone) await aborted(this.#gone, PATIENCE);
      this.#gone?.throwIfAborted();
      throw new Error(`The fixture at ${this.url} does not answer`, { cause: error });
    }).finally(() => clearInterval(alive));
    if (response.ok) return response;
    const { error } = await response.json() as { error: string };
    throw new FixtureError(error, response.status);
  }

  /** The answer as JSON. The caller knows what the interface answers. */
  async ask<T>(path: string, question?: Question): Promise<T> {
    return await (await this.fetch(path, question)).json() as T;
  }

  /** Asks for something that has no answer. */
  async tell(path: string, question: Question): Promise<void> {
    await (await this.fetch(path, question)).arrayBuffer();
  }
}
