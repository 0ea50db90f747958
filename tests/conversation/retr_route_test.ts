import { assert, assertEquals } from "@std/assert";
import { Session as Inspector } from "node:inspector";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { withTempDir } from "../vfs/helpers.ts";

/** Files of `lib` that a download may enter, from its command to its final reply. Another one needs a reason. */
const MOST_FILES = 36;
const PAGE = new URL("../../docs/architecture.md", import.meta.url);
const LIB = new URL("../../lib/", import.meta.url).href;
const CONTENT = new TextEncoder().encode("Hello\n".repeat(1000));

/** The files of `lib` of which a function is called while `action` runs. */
async function enteredBy(action: () => Promise<void>): Promise<string[]> {
  const inspector = new Inspector();
  inspector.connect();
  const post = (method: string, params: object = {}) =>
    new Promise<Coverage>((resolve, reject) => {
      inspector.post(method, params, (error, result) => error ? reject(error) : resolve(result as Coverage));
    });
  try {
    await post("Profiler.enable");
    await post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
    await post("Profiler.takePreciseCoverage");
    await action();
    const { result } = await post("Profiler.takePreciseCoverage");
    await post("Profiler.stopPreciseCoverage");
    return result
      .filter(({ url, functions }) => url.startsWith(LIB) && functions.some(({ ranges }) => ranges[0].count > 0))
      .map(({ url }) => url.slice(LIB.length))
      .toSorted();
  } finally {
    inspector.disconnect();
  }
}

/** The answer of the profiler (Chrome DevTools protocol). */
interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly [{ readonly count: number }];
    }[];
  }[];
}

/** The files of each step, from the table of twelve. */
async function stepsOf(page: URL): Promise<{ step: number; files: string[] }[]> {
  const rows = (await Deno.readTextFile(page)).matchAll(/^\| (\d+) \|.*\|(.*)\|$/gm);
  const steps = Array.from(rows, ([, step, files = ""]) => ({
    step: Number(step),
    files: Array.from(files.matchAll(/`([^`]+)`/g), ([, file = ""]) => file),
  }));
  assertEquals(steps.length, 12);
  return steps;
}

/** A client without any file of `lib`: what it enters would count as the server's. */
class Client {
  readonly #control: Deno.TcpConn;
  #unread = "";

  constructor(control: Deno.TcpConn) {
    this.#control = control;
  }

  /** Sends `line`, and resolves to the reply with this `code`. */
  async say(line: string | undefined, code: number): Promise<string> {
    if (line !== undefined) await this.#control.write(new TextEncoder().encode(`${line}\r\n`));
    const buffer = new Uint8Array(1024);
    while (!this.#unread.includes("\r\n")) {
      const count = await this.#control.read(buffer);
      assert(count !== null, "The control connection has ended");
      this.#unread += new TextDecoder().decode(buffer.subarray(0, count));
    }
    const end = this.#unread.indexOf("\r\n");
    const reply = this.#unread.slice(0, end);
    this.#unread = this.#unread.slice(end + 2);
    assertEquals(reply.slice(0, 3), String(code), reply);
    return reply;
  }
}

Deno.test("RETR enters few files from its command to its reply, among them that of each step in docs/architecture.md", async () => {
  await withTempDir(async (dir) => {
    await Deno.writeFile(`${dir}/file`, CONTENT);
    await using server = new FtpServer({
      authenticator: authenticatorOf({ name: "demo" }),
      fileSystem: () => openDisk(dir),
      port: 0,
    });
    server.listen();
    const { hostname, port } = server.address;
    using control = await Deno.connect({ hostname, port });
    const client = new Client(control);
    await client.say(undefined, 220);
    await client.say("USER demo", 331);
    await client.say("PASS demo", 230);
    await client.say("TYPE I", 200);
    const passive = /\|(\d+)\|/.exec(await client.say("EPSV", 229))?.[1];
    using data = await Deno.connect({ hostname, port: Number(passive) });
    // Once this is answered the data connection has been accepted, as that of most clients has by now.
    await client.say("NOOP", 200);
    const entered = await enteredBy(async () => {
      await client.say("RETR /file", 150);
      assertEquals(new Uint8Array(await new Response(data.readable).arrayBuffer()), CONTENT);
      await client.say(undefined, 226);
    });
    await client.say("QUIT", 221);
    assert(entered.length <= MOST_FILES, `${entered.length} files:\n${entered.join("\n")}`);
    for (const { step, files } of await stepsOf(PAGE)) {
      // The first step comes before the command.
      assertEquals(files.length, 1);
      const isEntered = step === 1 || files.every((file) => entered.includes(file));
      assert(isEntered, `Step ${step} does not enter ${files}`);
    }
  });
});
