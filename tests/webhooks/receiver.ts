/**
 * A service that is posted events, and checks the signature of each.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { createHmac } from "node:crypto";

/** The secret of every service here. */
export const SECRET = "a secret of the test";

/** An event as it came. */
export interface Received {
  readonly version: number;
  readonly id: string;
  readonly time: string;
  readonly type: string;
  readonly session?: string;
  readonly path?: string;
  readonly [field: string]: unknown;
}

/** Takes events at `url` until it is disposed. */
export class Receiver implements AsyncDisposable {
  /** Those that it has answered with 200, in order. */
  readonly taken: Received[] = [];
  /** Every one that was posted. */
  readonly posts: Received[] = [];
  /** The first complaint about a request. */
  complaint: unknown;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #more = Promise.withResolvers<void>();

  /** @param answer the status for an event; 0 for an answer that never comes. */
  constructor(answer: (event: Received) => number | Promise<number> = () => 200, port = 0) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request) => {
      const text = await request.text();
      const event: Received = JSON.parse(text);
      try {
        check(request, text, event);
      } catch (error) {
        this.complaint ??= error;
      }
      this.posts.push(event);
      const status = await answer(event);
      if (status === 200) this.taken.push(event);
      this.#more.resolve();
      this.#more = Promise.withResolvers();
      return new Response(null, { status });
    });
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/events?token=1`;
  }

  /** Resolves once `is` holds, which is asked after every post. */
  async until(is: () => boolean): Promise<void> {
    while (!is()) await this.#more.promise;
    if (this.complaint !== undefined) throw this.complaint;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function check({ method, headers }: Request, text: string, { id, time, version }: Received): void {
  const timestamp = headers.get("x-denoftpd-timestamp");
  const signature = createHmac("sha256", SECRET).update(`${timestamp}.${text}`).digest("hex");
  assertEquals(headers.get("x-denoftpd-signature"), `sha256=${signature}`);
  assertEquals([method, headers.get("content-type")], ["POST", "application/json"]);
  assertEquals(headers.get("idempotency-key"), id);
  assertEquals(version, 1);
  assertMatch(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
}
