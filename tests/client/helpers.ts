/**
 * Clients of our own against real servers on free ports, over every way that a control connection comes about; and a
 * server that answers from a script, for what no real one does.
 *
 * @module
 */

import { Client } from "../../lib/client/client.ts";
import type { ClientOptions } from "../../lib/client/options.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import type { ServerOptions } from "../../lib/options.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { testCertificate, testEndpoint } from "../helpers/tls.ts";

/** What a test works with. */
export interface Ends {
  readonly client: Client;
  /** The files of the server. */
  readonly files: MemoryVfs;
  readonly server: FtpServer;
  /** What the client has sent, passwords masked. */
  readonly sent: string[];
  /** Another client. */
  readonly connect: (options?: Partial<ClientOptions>) => Promise<Client>;
}

/** What a test may set. */
export interface Setup {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly client?: Partial<ClientOptions>;
  readonly server?: Partial<ServerOptions>;
}

const WAYS: Readonly<Record<string, Partial<ClientOptions>>> = {
  "plain": { tls: "off" },
  "plain, active": { tls: "off", mode: "active" },
  "explicit TLS": { tls: "required" },
  "explicit TLS, active": { tls: "required", mode: "active" },
  "implicit TLS": { tls: "implicit" },
};

/** Registers a test once for each way to connect. */
export function session(name: string, setup: Setup, run: (ends: Ends) => Promise<void>): void {
  for (const [way, options] of Object.entries(WAYS)) {
    Deno.test(`Client ${name} (${way})`, () => withClient({ ...setup, client: { ...options, ...setup.client } }, run));
  }
}

/** Runs once, in clear and passive unless the setup says otherwise. */
export async function withClient(setup: Setup, run: (ends: Ends) => Promise<void>): Promise<void> {
  const files = new MemoryVfs({ files: setup.files ?? {} });
  const { certificate } = await testCertificate();
  await using server = new FtpServer({
    authenticator: authenticatorOf({ name: "demo" }),
    fileSystem: () => files,
    port: 0,
    failureDelay: 0,
    guessInterval: 0,
    tls: { endpoint: await testEndpoint(), implicitPort: 0 },
    ...setup.server,
  });
  server.listen();
  const sent: string[] = [];
  const clients: Client[] = [];
  const connect = async (extra: Partial<ClientOptions> = {}): Promise<Client> => {
    const options = { tls: "off", user: "demo", password: "demo", ...setup.client, ...extra } as const;
    const port = options.tls === "implicit" ? server.implicitTlsAddress?.port : server.address.port;
    const client = await Client.connect({
      host: "127.0.0.1",
      port: port ?? 0,
      trust: { ca: [certificate] },
      onLine: ({ direction, text }) => direction === "sent" && sent.push(text),
      ...options,
    });
    clients.push(client);
    return client;
  };
  try {
    await run({ client: await connect(), files, server, sent, connect });
  } finally {
    for (const client of clients) await client.close();
  }
}

/** One line that a {@link scripted} server expects, and what it answers: lines without ends, or nothing at all. */
export type Step = readonly [expected: RegExp, ...answer: (string | ((peer: Peer) => Promise<void> | void))[]];

/** The control connection of a scripted server. */
export interface Peer {
  /** Sends a line, or bytes as they are. */
  say(line: string | Uint8Array): Promise<void>;
  /** Answers EPSV with the port of {@link data}. */
  offerData(): Promise<void>;
  /** Listens for data connections. */
  readonly data: Deno.TcpListener;
  readonly connection: Deno.TcpConn;
}

/**
 * A server that takes one connection and answers by a script. Disposing of it ends it. `heard` has what the client
 * sent, line by line.
 */
export class ScriptedServer implements AsyncDisposable {
  readonly port: number;
  readonly heard: string[] = [];
  readonly data: Deno.TcpListener;
  readonly #listener: Deno.TcpListener;
  readonly #running: Promise<void>;
  readonly #connections: Deno.TcpConn[] = [];

  constructor(greeting: string, steps: readonly Step[]) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.data = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#running = this.#run(greeting, steps);
    this.#running.catch(() => {});
  }

  /** Of the options for a client, those that reach this server. */
  get options(): ClientOptions {
    return { host: "127.0.0.1", port: this.port, tls: "off", timeout: 5_000 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.data.close();
    for (const connection of this.#connections) close(connection);
    await this.#running.catch(() => {});
  }

  async #run(greeting: string, steps: readonly Step[]): Promise<void> {
    const connection = await this.#listener.accept();
    this.#connections.push(connection);
    const say = async (line: string | Uint8Array) => {
      const bytes = typeof line === "string" ? new TextEncoder().encode(`${line}\r\n`) : line;
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    };
    const { data } = this;
    const offerData = () => say(`229 Entering Extended Passive Mode (|||${data.addr.port}|)`);
    const peer: Peer = { say, offerData, data, connection };
    if (greeting !== "") await say(greeting);
    let rest = "";
    const buffer = new Uint8Array(4096);
    let next = 0;
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
      rest += new TextDecoder("latin1").decode(buffer.subarray(0, count));
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        this.heard.push(line);
        const [expected, ...answers] = steps[next] ?? [/^/, "500 End of the script"];
        if (!expected.test(line)) {
          await say(`500 Expected ${expected}`);
          continue;
        }
        next++;
        for (const answer of answers) typeof answer === "string" ? await say(answer) : await answer(peer);
      }
    }
  }
}

/** The steps of a login without FEAT, up to TYPE I. */
export const LOGIN: readonly Step[] = [
  [/^USER /, "331 Password"],
  [/^PASS /, "230 In"],
  [/^FEAT$/, "502 Not here"],
  [/^TYPE I$/, "200 Binary"],
];

function close(connection: { close(): void }): void {
  try {
    connection.close();
  } catch {
    // It was closed by the script.
  }
}
