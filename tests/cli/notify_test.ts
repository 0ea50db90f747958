import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { startServe } from "./serve_process.ts";

/** What systemd would be: a socket, and the messages that arrive there. */
class ServiceManager implements Disposable {
  readonly #socket: Deno.DatagramConn;

  constructor(path: string) {
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path });
  }

  async next(): Promise<string> {
    const [bytes] = await this.#socket.receive();
    return new TextDecoder().decode(bytes).trimEnd();
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

async function withSite(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-notify-" }));
  try {
    await Deno.mkdir(join(directory, "root"));
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const FLAGS = ["--anonymous", "root", "--port", "0", "--allow-root"];
const ignore = Deno.build.os !== "linux";

for (const kind of ["a path", "an abstract name"]) {
  Deno.test({
    name: `serve tells systemd at ${kind} of its life`,
    ignore,
    fn: () =>
      withSite(async (cwd) => {
        const name = `denoftpd-test-${crypto.randomUUID()}`;
        const path = join(cwd, "notify");
        using manager = new ServiceManager(kind === "a path" ? path : `\0${name}`);
        const env = { NOTIFY_SOCKET: kind === "a path" ? path : `@${name}`, WATCHDOG_USEC: "400000" };
        await using server = await startServe({ permissions: ["--allow-all"], flags: FLAGS, cwd, env });
        assertMatch(await manager.next(), /^READY=1\nSTATUS=Serving 1 account at ftp:\/\/127\.0\.0\.1:\d+$/);
        assertEquals(await manager.next(), "WATCHDOG=1");
        const before = monotonic();
        server.kill("SIGHUP");
        const reloading = await nextBut(manager, "WATCHDOG=1");
        const [, microseconds = "0"] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading) ?? [];
        assert(Number(microseconds) >= before && Number(microseconds) < monotonic() + 1e6, reloading);
        assertMatch(await nextBut(manager, "WATCHDOG=1"), /^READY=1\n/);
        server.kill("SIGTERM");
        assertMatch(await nextBut(manager, "WATCHDOG=1"), /^STOPPING=1\n/);
        assertEquals(await server.code, 0);
        assertEquals(server.stderr.match(/^\S+ (warning|error) .*systemd.*/gm), null);
      }),
  });
}

/** Microseconds since the system was booted. */
function monotonic(): number {
  return Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]) * 1e6;
}

async function nextBut(manager: ServiceManager, other: string): Promise<string> {
  let message = await manager.next();
  while (message === other) message = await manager.next();
  return message;
}

Deno.test({
  name: "serve says in one line what it lacks to notify systemd, and serves",
  ignore,
  fn: () =>
    withSite(async (cwd) => {
      const permissions = ["--allow-net=127.0.0.1", `--allow-read=${cwd}`, "--allow-env=NOTIFY_SOCKET"];
      const env = { NOTIFY_SOCKET: join(cwd, "notify") };
      await using server = await startServe({ permissions, flags: FLAGS, cwd, env });
      server.kill("SIGTERM");
      assertEquals(await server.code, 0);
      const lines = server.stderr.split("\n").filter((line) => line.includes("systemd"));
      assertEquals(lines.length, 1, server.stderr);
      assertStringIncludes(lines[0] ?? "", `deno run needs --allow-net and --allow-write=${env.NOTIFY_SOCKET}`);
    }),
});
