/**
 * The place where one test happens: a server with an empty root, and a home and a working directory for the client.
 *
 * @module
 */

import { join } from "@std/path";
import { find, type Finished, run, type RunOptions } from "./process.ts";
import { type Host, ServerUnderTest, type StartOptions } from "./server_under_test.ts";

/** What a test body gets. */
export interface Bench {
  readonly server: ServerUnderTest;
  /** The client's working directory, empty at first. */
  readonly local: string;
  /** The server's root as the disk has it, empty at first. */
  readonly remote: string;
  /** Runs a client in {@link local}, with a home of its own. */
  run(program: string, args: readonly string[], options?: RunOptions): Promise<Finished>;
}

/** A test body. */
export type Body = (bench: Bench) => Promise<void>;

/** Makes `Deno.test` cases for one client, all against one server that outlives them. */
export class ClientTests {
  readonly #client: string;
  readonly #present: boolean;
  readonly #options: StartOptions;
  #server?: ServerUnderTest;

  private constructor(client: string, present: boolean, options: StartOptions) {
    this.#client = client;
    this.#present = present;
    this.#options = options;
  }

  /**
   * Gets ready to test `client` with the programs it needs. Where one is missing, the tests are reported as ignored;
   * with
   * `CI=true` that is a failure, for there nobody would notice. `options` are for the server.
   */
  static async of(client: string, programs: readonly string[], options: StartOptions = {}): Promise<ClientTests> {
    const missing: string[] = [];
    for (const program of programs) if (await find(program) === undefined) missing.push(program);
    const tests = new ClientTests(client, missing.length === 0, options);
    if (missing.length > 0) reportMissing(client, missing);
    else tests.#shareServer();
    return tests;
  }

  /** A test against the shared server, on IPv4. */
  test(claim: string, body: Body): void {
    if (!this.#present) return;
    Deno.test(`${this.#client} ${claim}`, async () => {
      if (this.#server === undefined) throw new Error("The server was not started");
      await this.#server.clear();
      await withBench(this.#server, body);
    });
  }

  /** A test against a server on `::1`; ignored, and named so, on a machine that has no such address. */
  test6(claim: string, body: Body): void {
    if (!this.#present) return;
    const ignore = !hasAddress("::1");
    const options: StartOptions = { ...this.#options, host: "::1" };
    const name = `${this.#client} ${claim}, IPv6${ignore ? " (this machine has no ::1)" : ""}`;
    Deno.test({
      name,
      ignore,
      async fn() {
        await using server = await ServerUnderTest.start(options);
        await withBench(server, body);
      },
    });
  }

  #shareServer(): void {
    Deno.test.beforeAll(async () => {
      this.#server = await ServerUnderTest.start(this.#options);
    });
    Deno.test.afterAll(async () => {
      await this.#server?.[Symbol.asyncDispose]();
    });
  }
}

async function withBench(server: ServerUnderTest, body: Body): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "denoftpd-client-" });
  const [home, local] = [join(directory, "home"), join(directory, "local")];
  await Deno.mkdir(home);
  await Deno.mkdir(local);
  const logStart = server.logSize();
  try {
    await body({
      server,
      local,
      remote: server.root,
      run: (program, args, options) =>
        run(program, args, {
          cwd: local,
          ...options,
          environment: { HOME: home, TMPDIR: directory, ...options?.environment },
        }),
    });
  } catch (error) {
    throw new Error(`A client failed; the server's log of it:\n${server.log(logStart)}`, { cause: error });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function reportMissing(client: string, missing: readonly string[]): void {
  const text = `not installed: ${missing.join(", ")}`;
  Deno.test({
    name: `${client} (${text})`,
    ignore: Deno.env.get("CI") !== "true",
    fn() {
      throw new Error(`A client of the suite is ${text}`);
    },
  });
}

function hasAddress(hostname: Host): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
