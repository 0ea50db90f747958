/**
 * Runs a command line in a directory of its own that has every file, right or wrong, which the table of wrong inputs
 * names.
 *
 * @module
 */

import { join } from "@std/path";
import { runCert } from "../../lib/cli/cert.ts";
import { runCluster } from "../../lib/cli/cluster/cluster.ts";
import { runFixture } from "../../lib/cli/fixture/fixture.ts";
import { runPermissions } from "../../lib/cli/permissions/command.ts";
import { runServe } from "../../lib/cli/serve/serve.ts";
import { runShare } from "../../lib/cli/share/share.ts";
import { runUser } from "../../lib/cli/user/user.ts";
import { certificateFor } from "../helpers/tls.ts";

/** Password: demo. */
const PASSWORD = "$scrypt$ln=14,r=8,p=1$v4LEZTvw8/Xbwtq5jxgWdQ$GQuWuSXJhNbqXcUnp229g1tk9n9IWbQrAnIGTshPC1c";
const DEMO = { name: "demo", password: PASSWORD, root: "./root", permissions: "rw" };

const accounts = (...list: readonly unknown[]) => JSON.stringify({ accounts: list });

const FILES: Readonly<Record<string, string>> = {
  "users.json": accounts(DEMO),
  "none.json": accounts(),
  "broken.json": '{ "accounts": [ }',
  "field.json": accounts({ ...DEMO, uplods: "atomic" }),
  "right.json": accounts({ ...DEMO, permissions: "wirte" }),
  "clear.json": accounts({ ...DEMO, password: "secret" }),
  "twice.json": accounts(DEMO, DEMO),
  "noroot.json": accounts({ ...DEMO, root: "/nowhere" }),
  "anyone.json": accounts({ name: "anonymous", root: "./root", permissions: "ro" }),
  "unknown.json": JSON.stringify({ passivePort: "30000-30100" }),
  "value.json": JSON.stringify({ port: "ftp" }),
  "list.json": "[]",
  "fault.json": JSON.stringify({ action: "explode" }),
  "reply.json": JSON.stringify({ action: "reply", tekst: "x" }),
};

/** Warnings, such as that of too many permissions, are not what is looked at. */
const QUIET = { DENOFTPD_LOG_LEVEL: "error" };

/** The directory; the working directory of this process until it is disposed. */
export class WrongInputs implements AsyncDisposable {
  private constructor(readonly directory: string, readonly before: string) {}

  static async make(): Promise<WrongInputs> {
    const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-wrong-" }));
    const at = (name: string) => join(directory, name);
    for (const name of ["root", "one", "two"]) await Deno.mkdir(at(name));
    for (const [name, text] of Object.entries(FILES)) await Deno.writeTextFile(at(name), text);
    const notBefore = new Date("2019-01-01T00:00:00Z");
    for (const [name, until] of [["one/", "2100-01-01"], ["two/", "2100-01-01"], ["old-", "2020-01-01"]] as const) {
      const { certificate, privateKey } = await certificateFor("localhost", {
        notBefore,
        notAfter: new Date(`${until}T00:00:00Z`),
      });
      await Deno.writeTextFile(at(`${name}cert.pem`), certificate);
      await Deno.writeTextFile(at(`${name}key.pem`), privateKey);
    }
    const before = Deno.cwd();
    Deno.chdir(directory);
    return new WrongInputs(directory, before);
  }

  /** Runs `args`, the first of which is the command. Paths of the directory are left out of what was written. */
  async run(
    [command = "", ...args]: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
    const written = { stdout: "", stderr: "" };
    const io = {
      stdout: (text: string) => void (written.stdout += text),
      stderr: (text: string) => void (written.stderr += text),
      stdin: { readable: new ReadableStream<Uint8Array>(), isTerminal: () => false },
    };
    // Should a wrong input be taken, the server ends at once, with another status.
    const hooks = { signal: AbortSignal.abort() };
    const commands: Readonly<Record<string, () => Promise<number>>> = {
      // The tests may run as root, which is a mistake of its own.
      serve: () => runServe(["--allow-root", ...args], io, hooks),
      share: () => runShare(args, io, hooks),
      fixture: () => runFixture(args, io, hooks),
      user: () => runUser(args, io),
      permissions: () => runPermissions(args, io),
      cert: () => runCert(args, io),
      cluster: () => runCluster(args, io),
    };
    for (const [name, value] of Object.entries({ ...QUIET, ...env })) Deno.env.set(name, value);
    try {
      const status = await commands[command]?.() ?? -1;
      return { status, stdout: written.stdout, stderr: written.stderr.replaceAll(`${this.directory}/`, "") };
    } finally {
      for (const name of Object.keys({ ...QUIET, ...env })) Deno.env.delete(name);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.chdir(this.before);
    await Deno.remove(this.directory, { recursive: true });
  }
}
