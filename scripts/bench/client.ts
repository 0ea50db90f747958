/**
 * The client that measures: a small C program, compiled when needed. One in TypeScript would be what is measured.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { run } from "./packages.ts";

const SOURCES = fromFileUrl(new URL("./client/", import.meta.url));

/** What a run of the client reports: seconds, counts, bytes. */
export type Report = Readonly<Record<string, number>>;

/** Whom the client talks to. */
export interface Target {
  readonly port: number;
  readonly user: string;
  /** @default "bench" */
  readonly password?: string;
  /** IPv4 address. @default "127.0.0.1" */
  readonly host?: string;
  /** IPv4 address to connect from. @default whatever the system chooses */
  readonly from?: string;
  /** Where the least server of the client's own listens, behind a proxy at `port`. @default anywhere, without one */
  readonly behind?: number;
  /** Data connections go where the reply to PASV says. @default false: to the port that EPSV names, at `host` */
  readonly believesPasv?: boolean;
  /** Words before the command line of the client, which runs it in another place, such as `ip netns exec NAME`. */
  readonly within?: readonly string[];
}

/** Compiled, and ready to be run as often as wanted. */
export class Client {
  readonly #path: string;
  /** Whether it can speak TLS: OpenSSL's headers were there. */
  readonly tls: boolean;

  private constructor(path: string, tls: boolean) {
    this.#path = path;
    this.tls = tls;
  }

  /** @throws {Error} without a C compiler. */
  static async compile(folder: string): Promise<Client> {
    const path = join(folder, "client");
    const sources = Array.from(Deno.readDirSync(SOURCES), ({ name }) => name).filter((name) => name.endsWith(".c"));
    const args = ["-O2", "-o", path, ...sources, "-lpthread"];
    try {
      await run("cc", [...args, "-DWITH_TLS", "-lssl", "-lcrypto"], SOURCES);
      return new Client(path, true);
    } catch {
      await run("cc", args, SOURCES);
      return new Client(path, false);
    }
  }

  /** Runs one measurement. @throws {Error} with what went wrong: a number without its transfer is worth nothing. */
  async measure(target: Target | undefined, mode: string, ...args: readonly (string | number)[]): Promise<Report> {
    const { success, stdout, stderr } = await this.#command(target, mode, args, "null").output();
    if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
    return JSON.parse(new TextDecoder().decode(stdout));
  }

  /** As {@link measure}, but `look` runs while the client holds on to its sessions. */
  async hold<T>(
    target: Target,
    look: (report: Report) => Promise<T>,
    mode: string,
    ...args: readonly (string | number)[]
  ): Promise<T> {
    const process = this.#command(target, mode, args, "piped").spawn();
    try {
      const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const { value } = await reader.read();
      if (value === undefined) throw new Error(await new Response(process.stderr).text());
      return await look(JSON.parse(value));
    } finally {
      await process.stdin.close();
      await process.status;
    }
  }

  #command(
    target: Target | undefined,
    mode: string,
    args: readonly (string | number)[],
    stdin: "null" | "piped",
  ): Deno.Command {
    const { port = 0, user = "", password, host, from, behind, believesPasv, within = [] } = target ?? {};
    const [command = "", ...words] = [...within, this.#path, String(port), mode, ...args.map(String)];
    return new Deno.Command(command, {
      args: words,
      env: {
        BENCH_USER: user,
        ...(password !== undefined && { BENCH_PASSWORD: password }),
        ...(host !== undefined && { BENCH_HOST: host }),
        ...(from !== undefined && { BENCH_FROM: from }),
        ...(believesPasv && { BENCH_PASV: "1" }),
        ...(behind !== undefined && { BENCH_BEHIND: String(behind) }),
      },
      stdin,
      stdout: "piped",
      stderr: "piped",
    });
  }
}
