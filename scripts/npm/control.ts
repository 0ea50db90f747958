/**
 * The control interface of a fixture, as its client.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Agent, request } from "node:http";

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

interface Answer {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/** Asks a fixture. */
export class Control {
  /** URL of the interface. */
  readonly url: string;
  /** Aborted, with an error as its reason, when there is nothing left to ask. */
  readonly #gone: AbortSignal | undefined;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(url: string, gone?: AbortSignal) {
    this.url = url;
    this.#gone = gone;
  }

  /** The answer as it is. Rejects with a {@link FixtureError}, or with the reason for which the fixture is gone. */
  async fetch(path: string, { method = "GET", query = {}, bytes, json }: Question = {}): Promise<Uint8Array> {
    this.#gone?.throwIfAborted();
    const url = new URL(path, this.url);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    const body = json === undefined ? bytes : JSON.stringify(json);
    const { status, bytes: answer } = await this.#send(url, method, body).catch(async (error: unknown) => {
      // Its sockets end before the process does, which then says how.
      if (this.#gone) await aborted(this.#gone, PATIENCE);
      this.#gone?.throwIfAborted();
      throw new Error(`The fixture at ${this.url} does not answer`, { cause: error });
    });
    if (status < 400) return answer;
    const { error } = parse<{ error: string }>(answer);
    throw new FixtureError(error, status);
  }

  /** The answer as JSON. The caller knows what the interface answers. */
  async ask<T>(path: string, question?: Question): Promise<T> {
    return parse(await this.fetch(path, question));
  }

  /** Asks for something that has no answer. */
  async tell(path: string, question: Question): Promise<void> {
    await this.fetch(path, question);
  }

  /** Not by `fetch`, which on Deno and Bun asks a proxy of the environment, for an address of this machine as well. */
  #send(url: URL, method: string, body: string | Uint8Array = ""): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = method === "GET" ? {} : { "content-length": Buffer.byteLength(body) };
      const sent = request(url, { method, headers, agent: this.#agent }, (response) => {
        const parts: Uint8Array[] = [];
        response.on("data", (part: Uint8Array) => parts.push(part));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(parts) }));
        response.on("error", reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }
}

function parse<T>(bytes: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(bytes)) as T;
}
