/**
 * PostgreSQL from Debian's packages, on a free port of loopback, with its files in a new directory.
 *
 * @module
 */

import { join } from "@std/path";
import { freeRange } from "./free_range.ts";

/** Debian has the programs of each version in a directory of its own, on nobody's path. */
const VERSIONS = "/usr/lib/postgresql";
/** `nobody`: the server refuses to be root. */
const UNPRIVILEGED = 65_534;

/** Who owns everything in it. */
const USER = "ftp";
/** The password of {@link USER}, which is not the same as anything else that could be printed. */
export const DATABASE_PASSWORD = "s3cr3t of the database";

async function programs(): Promise<string | undefined> {
  try {
    const versions = (await Array.fromAsync(Deno.readDir(VERSIONS))).map(({ name }) => Number(name));
    return join(VERSIONS, String(Math.max(...versions)), "bin");
  } catch {
    return undefined;
  }
}

/** A server. */
export class Postgres implements AsyncDisposable {
  readonly port: number;
  readonly directory: string;
  readonly #programs: string;
  #process: Deno.ChildProcess | undefined;

  private constructor(programs: string, directory: string, port: number) {
    this.#programs = programs;
    this.directory = directory;
    this.port = port;
  }

  /** Whether the package is installed. */
  static async isInstalled(): Promise<boolean> {
    return await programs() !== undefined;
  }

  /** Makes a cluster with the database `postgres`, and starts it. With a certificate (PEM) it offers TLS. */
  static async start(tls?: { readonly cert: string; readonly key: string }): Promise<Postgres> {
    const directory = await Deno.makeTempDir({ prefix: "denoftpd-postgres-" });
    const postgres = new Postgres(await programs() ?? "", directory, freeRange(1).first);
    try {
      const password = join(directory, "password");
      await Deno.writeTextFile(password, DATABASE_PASSWORD);
      if (Deno.uid() === 0) {
        for (const path of [directory, password]) await Deno.chown(path, UNPRIVILEGED, UNPRIVILEGED);
      }
      const data = join(directory, "data");
      const how = ["--auth", "scram-sha-256", "--username", USER, "--pwfile", password];
      await done(postgres.#command("initdb", ["-D", data, ...how, "--no-sync", "--encoding", "UTF8", "--locale", "C"]));
      if (tls) {
        const files = { "server.crt": tls.cert, "server.key": tls.key };
        for (const [name, text] of Object.entries(files)) {
          await Deno.writeTextFile(join(data, name), text, { mode: 0o600 });
          if (Deno.uid() === 0) await Deno.chown(join(data, name), UNPRIVILEGED, UNPRIVILEGED);
        }
        await Deno.writeTextFile(join(data, "postgresql.conf"), "ssl = on\n", { append: true });
      }
      await postgres.begin();
      return postgres;
    } catch (error) {
      await postgres[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts the server, and resolves when it answers. */
  async begin(): Promise<void> {
    const settings = ["listen_addresses=127.0.0.1", "fsync=off", "unix_socket_directories="];
    const process = this.#command("postgres", [
      ...["-D", join(this.directory, "data"), "-p", String(this.port)],
      ...settings.flatMap((setting) => ["-c", setting]),
    ], { stdin: "null", stdout: "null", stderr: "piped" }).spawn();
    this.#process = process;
    // The log is read to its end, so that the server never waits for its reader.
    const ready = Promise.withResolvers<void>();
    void (async () => {
      let text = "";
      for await (const chunk of process.stderr.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        if (text.includes("ready to accept connections")) ready.resolve();
      }
      ready.reject(new Error(`PostgreSQL has ended: ${text}`));
    })();
    await ready.promise;
  }

  /** Kills the server in the middle of whatever it does: its processes end with the first of them. */
  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    // SIGQUIT is its "immediate shutdown": SIGKILL would leave its children to find out by themselves.
    process?.kill("SIGQUIT");
    await process?.status;
  }

  /** The URL of a database, as `denoftpd` takes it. */
  url(database: string, parameters = "", password = DATABASE_PASSWORD): string {
    return `postgres://${USER}:${encodeURIComponent(password)}@127.0.0.1:${this.port}/${database}${parameters}`;
  }

  /** Makes an empty database. */
  async create(database: string): Promise<string> {
    await this.sql("postgres", `create database "${database}"`);
    return this.url(database);
  }

  /** Runs plain SQL with PostgreSQL's own client, and resolves to what it prints. */
  async sql(database: string, statement: string): Promise<string> {
    const where = ["-h", "127.0.0.1", "-p", String(this.port), "-U", USER, "-d", database];
    const text = await done(this.#command("psql", [...where, "-v", "ON_ERROR_STOP=1", "-Atqc", statement]));
    return text.trimEnd();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.directory, { recursive: true });
  }

  #command(program: string, args: readonly string[], options: Deno.CommandOptions = {}): Deno.Command {
    const path = join(this.#programs, program);
    const env = { LC_ALL: "C", PGPASSWORD: DATABASE_PASSWORD };
    // psql only needs the password; the server must be nobody.
    const as = Deno.uid() === 0 ? ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", path] : [];
    return new Deno.Command(as.length > 0 ? "setpriv" : path, { ...options, args: [...as, ...args], env, cwd: "/" });
  }
}

async function done(command: Deno.Command): Promise<string> {
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
