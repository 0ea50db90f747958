/**
 * A shell without a terminal, in front of a real server.
 *
 * @module
 */

import { Site } from "../../lib/agent/site/site.ts";
import { parseFtpUrl } from "../../lib/agent/site/url.ts";
import { Client } from "../../lib/client/client.ts";
import type { ClientOptions } from "../../lib/client/options.ts";
import type { Bookmarks, Destination, JobWatch, Person, ProgramInput, Programs } from "../../lib/shell/ports.ts";
import type { QueuedLine, QueueStore } from "../../lib/shell/queue.ts";
import { Shell } from "../../lib/shell/shell.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import type { ServerOptions } from "../../lib/options.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { authenticatorOf } from "../helpers/server.ts";

/** What a test works with. */
export interface Scene {
  readonly shell: Shell;
  readonly person: FakePerson;
  readonly programs: FakePrograms;
  /** The files of the server. */
  readonly files: MemoryVfs;
  readonly server: FtpServer;
  /** Every command that a client has sent. */
  readonly sent: string[];
  /** The local directory. */
  readonly here: string;
  /** Every destination that was asked for. */
  readonly destinations: Destination[];
  /** Runs lines, and resolves to what was printed meanwhile. Rejects with the first failure. */
  readonly run: (...lines: string[]) => Promise<string>;
  /** Runs a line that must fail, and resolves to what was noted. */
  readonly fail: (line: string) => Promise<string>;
}

/** What a test may set. */
export interface SceneOptions {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly server?: Partial<ServerOptions>;
  readonly client?: Partial<ClientOptions>;
  readonly person?: Partial<FakePerson>;
  /** Without a session to begin with. */
  readonly offline?: boolean;
}

/** Answers questions as a test has laid them out. */
export class FakePerson implements Person {
  isInteractive = true;
  isTerminal = true;
  columns = 80;
  hasColours = false;
  printed = "";
  noted: string[] = [];
  asked: string[] = [];
  answers: (string | undefined)[] = [];
  readonly pieces: Uint8Array[] = [];
  onProgress: ((bytes: number) => void) | undefined;

  write(data: string | Uint8Array): Promise<void> {
    this.printed += typeof data === "string" ? data : new TextDecoder().decode(data);
    return Promise.resolve();
  }

  note(line: string): void {
    this.noted.push(line);
  }

  ask(question: string): Promise<string | undefined> {
    this.asked.push(question);
    return Promise.resolve(this.answers.shift());
  }

  askSecret(question: string): Promise<string | undefined> {
    return this.ask(question);
  }

  watch(): JobWatch {
    return { expect: () => {}, event: () => {}, end: () => {} };
  }

  progress(): { update(bytes: number): void; end(): void } {
    return { update: (bytes) => this.onProgress?.(bytes), end: () => {} };
  }
}

/** Remembers what it was to run. */
export class FakePrograms implements Programs {
  readonly ran: { readonly command: string; readonly directory: string }[] = [];
  input = "";
  /** Bytes after which a program reads no more. */
  appetite = Infinity;

  run(command: string, directory: string): Promise<number> {
    this.ran.push({ command, directory });
    return Promise.resolve(0);
  }

  feed(command: string, directory: string): ProgramInput {
    this.ran.push({ command, directory });
    return {
      write: (data) => {
        this.input += new TextDecoder().decode(data);
        this.appetite -= data.length;
        return Promise.resolve(this.appetite > 0);
      },
      end: () => Promise.resolve(0),
    };
  }
}

class FakeBookmarks implements Bookmarks {
  readonly #urls = new Map<string, string>();

  list(): Promise<{ name: string; url: string }[]> {
    return Promise.resolve(Array.from(this.#urls, ([name, url]) => ({ name, url })));
  }

  add(name: string, url: string): Promise<void> {
    return Promise.resolve(void this.#urls.set(name, url));
  }

  remove(name: string): Promise<boolean> {
    return Promise.resolve(this.#urls.delete(name));
  }
}

function fakeQueue(): QueueStore {
  let lines: readonly QueuedLine[] = [];
  return {
    read: () => Promise.resolve(lines),
    update: (change) => Promise.resolve(void (lines = change(lines))),
  };
}

/** Registers a test with a shell that is logged in. */
export function scene(name: string, options: SceneOptions, body: (scene: Scene) => Promise<void>): void {
  Deno.test(name, () => withScene(options, body));
}

async function withScene(options: SceneOptions, body: (scene: Scene) => Promise<void>): Promise<void> {
  const files = new MemoryVfs({ files: options.files ?? {} });
  await using server = new FtpServer({
    authenticator: authenticatorOf({ name: "demo" }),
    fileSystem: () => files,
    ...{ port: 0, failureDelay: 0, guessInterval: 0 },
    ...options.server,
  });
  server.listen();
  const here = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-shell-" }));
  const person = Object.assign(new FakePerson(), options.person);
  const programs = new FakePrograms();
  const [sent, destinations]: [string[], Destination[]] = [[], []];
  const clients: Client[] = [];
  const login = async (more: Partial<ClientOptions>): Promise<Client> => {
    const client = await Client.connect({
      ...{ host: "127.0.0.1", port: server.address.port, tls: "off", user: "demo", password: "demo" },
      onLine: ({ direction, text }) => direction === "sent" && sent.push(text),
      ...options.client,
      ...more,
    });
    clients.push(client);
    return client;
  };
  const shell = new Shell({
    ...{ person, programs, bookmarks: new FakeBookmarks(), directory: here, queue: fakeQueue() },
    connector: {
      connect: async (destination, { mode, signal }) => {
        destinations.push(destination);
        const { user = "demo", password = "demo" } = destination;
        return {
          client: await login({ mode, signal, user, password }),
          ...{ label: "ftp://demo@127.0.0.1", host: "127.0.0.1", path: undefined },
          urlOf: (directory) => `ftp://demo@127.0.0.1/%2F${directory.slice(1)}/`,
          again: ({ mode, signal }) => login({ mode, signal, user, password }),
          site: (mode) =>
            Site.open(parseFtpUrl(`ftp://127.0.0.1:${server.address.port}`), {
              ...{ mode, tls: "off", warn: () => {} },
              credentials: { user, password: () => Promise.resolve(password) },
              onLine: ({ direction, text }) => direction === "sent" && sent.push(text),
            }),
        };
      },
    },
  });
  const execute = async (line: string): Promise<unknown> => {
    const { error } = await shell.execute(line, new AbortController().signal);
    return error;
  };
  const run = async (...lines: string[]): Promise<string> => {
    person.printed = "";
    for (const line of lines) {
      const error = await execute(line);
      if (error !== undefined) throw error;
    }
    return person.printed;
  };
  const fail = async (line: string): Promise<string> => {
    person.noted = [];
    if (await execute(line) === undefined) throw new Error(`"${line}" did not fail`);
    return person.noted.join("\n");
  };
  try {
    if (!options.offline) await run("open 127.0.0.1");
    await body({ shell, person, programs, files, server, sent, here, destinations, run, fail });
  } finally {
    await shell.close();
    for (const client of clients) await client.close();
    await Deno.remove(here, { recursive: true });
  }
}
