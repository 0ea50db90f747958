/**
 * The control connection under fuzzing: a real server over each driver, some sessions at once, and beside them one that
 * does nothing and must not notice.
 *
 * @module
 */

import fc from "fast-check";
import { join } from "@std/path";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { FtpServer } from "../../lib/server/server.ts";
import type { Vfs } from "../../lib/vfs/vfs.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { Wire } from "../helpers/wire.ts";
import { play, SECRET } from "./client.ts";
import { type Script, script } from "./commands.ts";
import { type Budget, check } from "./check.ts";

/** Sessions that are played at once against one server, and how many scripts each of them plays there. */
const LANES = 16;
const SCRIPTS_PER_LANE = 12;

/** Milliseconds: a script has no time to wait for what its client will not do. */
const QUICK = { dataTimeout: 150, stallTimeout: 150, failureDelay: 0, guessInterval: 0 } as const;
const UNLIMITED = { maxSessionsPerIp: 0, maxStrangersPerIp: 0, connectRate: 0, banAfter: 0 } as const;

/** Plays scripts until `budget` is spent, and the corpus before. */
export async function fuzzControl(budget: Budget, corpus: readonly Script[]): Promise<void> {
  for (let round = 0; budget.left > 0; round++) {
    await using theatre = await Theatre.open(round % 2 === 0 ? "memory" : "disk", round % 4 < 2 ? 10 : 0);
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      check({
        what: "control",
        property: fc.asyncProperty(script, async (each) => {
          await theatre.play(each);
          budget.spend(each.steps.length);
        }),
        seed: budget.seed + round * LANES + lane,
        runs: SCRIPTS_PER_LANE,
        examples: round < 2 && lane === 0 ? corpus : [],
      }));
    await Promise.all(lanes);
    await theatre.inspect();
  }
}

/** A server, its files, and what lies beside them. */
class Theatre implements AsyncDisposable {
  readonly #server: FtpServer;
  readonly #directory: string;
  readonly #canary: Wire;
  readonly #errors: string[] = [];
  readonly #before: string;
  readonly #endsBad: boolean;
  #queue: Promise<void> = Promise.resolve();

  private constructor(
    server: FtpServer,
    { directory, canary, before, endsBad }: { directory: string; canary: Wire; before: string; endsBad: boolean },
  ) {
    this.#server = server;
    this.#directory = directory;
    this.#canary = canary;
    this.#before = before;
    this.#endsBad = endsBad;
    server.events.on((event) => {
      if (event.type === "problem" && event.level === "error") {
        this.#errors.push(`${event.message}: ${event.error instanceof Error ? event.error.stack : event.error}`);
      }
    });
  }

  static async open(driver: "memory" | "disk", maxBadCommands: number): Promise<Theatre> {
    const directory = await Deno.makeTempDir({ prefix: "denoftpd-fuzz-" });
    await furnish(directory);
    const root: Vfs = driver === "disk"
      ? await openDisk(await Deno.realPath(join(directory, "root")))
      : new MemoryVfs({ files: { "/a": "a", "/d/e/f.bin": "f".repeat(5000), "/shared.bin": "s".repeat(100_000) } });
    const quiet = new MemoryVfs({ files: { "/quiet/place": "undisturbed" } });
    const server = new FtpServer({
      authenticator: authenticatorOf({ name: "fuzz" }, { name: "canary" }),
      fileSystem: ({ name }) => name === "canary" ? quiet : root,
      port: 0,
      maxBadCommands,
      ...QUICK,
      ...UNLIMITED,
    });
    server.listen();
    const canary = await Wire.connect(server.address.port);
    await canary.expectReply(220);
    await canary.login("canary", "canary");
    await canary.expect("CWD /quiet", 250);
    const before = await surroundings(directory);
    return new Theatre(server, { directory, canary, before, endsBad: maxBadCommands > 0 });
  }

  /** Plays `script`, and looks whether the quiet session is as it was. */
  async play(script: Script): Promise<void> {
    await play(script, { port: this.#server.address.port, user: "fuzz", endsBad: this.#endsBad });
    await this.#inTurn(() => this.#askCanary());
    const error = this.#errors.shift();
    if (error !== undefined) throw new Error(`The server reports an error: ${error}`);
  }

  /** @throws {Error} when anything outside of the root has changed. */
  async inspect(): Promise<void> {
    const place = await this.#canary.downloadText("RETR place");
    if (place !== "undisturbed") throw new Error(`The quiet file is now "${place}"`);
    const after = await surroundings(this.#directory);
    if (after !== this.#before) throw new Error(`Outside of the root:\n${this.#before}\nis now\n${after}`);
  }

  async #askCanary(): Promise<void> {
    const { text } = await this.#canary.expect("PWD", 257);
    if (!text.startsWith('"/quiet"')) throw new Error(`The quiet session is in ${text}`);
  }

  /** The quiet session asks one thing at a time, whoever wants to know. */
  #inTurn(task: () => Promise<void>): Promise<void> {
    const result = this.#queue.then(task);
    this.#queue = result.catch(() => {});
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#canary.close();
    await this.#server.shutdown({ grace: 1000 });
    await Deno.remove(this.#directory, { recursive: true });
  }
}

/** A root with something in it, a secret beside it, and links from the one to the other. */
async function furnish(directory: string): Promise<void> {
  const root = join(directory, "root");
  await Deno.mkdir(join(root, "d", "e"), { recursive: true });
  await Deno.mkdir(join(directory, "beside"));
  await Deno.writeTextFile(join(directory, "secret.txt"), SECRET);
  await Deno.writeTextFile(join(directory, "beside", "secret.txt"), SECRET);
  await Deno.writeTextFile(join(root, "a"), "a");
  await Deno.writeTextFile(join(root, "d", "e", "f.bin"), "f".repeat(5000));
  await Deno.writeTextFile(join(root, "shared.bin"), "s".repeat(100_000));
  await Deno.symlink("../secret.txt", join(root, "out"));
  await Deno.symlink("../beside", join(root, "door"));
}

/** Everything below `directory` but the content of the root, as text. */
async function surroundings(directory: string): Promise<string> {
  const lines: string[] = [];
  for (const path of ["", "secret.txt", "beside", "beside/secret.txt", "root"]) {
    const { mode, isDirectory, mtime } = await Deno.stat(join(directory, path));
    const content = isDirectory ? await namesIn(join(directory, path)) : await Deno.readTextFile(join(directory, path));
    const own = path === "root" ? [mode] : [mode, mtime?.getTime(), content];
    lines.push(`${path}: ${own.join(" ")}`);
  }
  return lines.join("\n");
}

async function namesIn(directory: string): Promise<string> {
  return (await Array.fromAsync(Deno.readDir(directory), ({ name }) => name)).sort().join(",");
}
