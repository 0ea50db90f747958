/**
 * A server in a process of its own, with its control plane.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { ServerUnderTest, type StartOptions } from "../clients/server_under_test.ts";

/** What was answered. */
export interface Answer {
  readonly status: number;
  /** The JSON of the body; `undefined` for another one. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

/** How a request is sent. */
export interface AskOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the token goes with it. @default true */
  readonly withToken?: boolean;
}

/** A server and the address of its API. */
export class AdminUnderTest implements AsyncDisposable {
  readonly server: ServerUnderTest;
  /** Such as `http://127.0.0.1:40123`. */
  readonly origin: string;
  readonly token: string;

  private constructor(server: ServerUnderTest, origin: string, token: string) {
    this.server = server;
    this.origin = origin;
    this.token = token;
  }

  /** Starts a server with a token for the control plane. */
  static async start({ flags = [], writable = [], ...options }: StartOptions = {}): Promise<AdminUnderTest> {
    const file = await Deno.makeTempFile({ prefix: "denoftpd-token-" });
    try {
      const server = await ServerUnderTest.start({
        ...options,
        flags: ["--admin", "127.0.0.1:0", "--admin-token-file", file, ...flags],
        writable: [file, ...writable],
      });
      const [, origin = ""] = /Administered at (\S+)/.exec(await server.untilLogged(/Administered at \S+\n/)) ?? [];
      return new AdminUnderTest(server, origin, (await Deno.readTextFile(file)).trim());
    } finally {
      await Deno.remove(file);
    }
  }

  /** The accounts file of the server. */
  get usersFile(): string {
    return join(dirname(this.server.root), "users.json");
  }

  /** Sends a request such as `GET /api/sessions`. */
  async ask(line: string, { body, headers = {}, withToken = true }: AskOptions = {}): Promise<Answer> {
    const [method = "", path = ""] = line.split(" ");
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers: {
        ...(withToken && { authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json";
    return { status: response.status, json: isJson ? JSON.parse(text) : {}, headers: response.headers };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}
