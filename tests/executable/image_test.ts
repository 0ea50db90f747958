/**
 * The image of `deploy/Dockerfile`, as docs/deploy.md and docs/fixture.md run it: `DENOFTPD_IMAGE` names it, and
 * `DENOFTPD_ENGINE` what runs it, if that is not Docker. Without an image there is nothing to try.
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { VERSION } from "../../lib/version.ts";
import { type Finished, run } from "../clients/process.ts";
import { withDirectory } from "./executable.ts";

const IMAGE = Deno.env.get("DENOFTPD_IMAGE") ?? "";
const ENGINE = Deno.env.get("DENOFTPD_ENGINE") ?? "docker";

const HARDENED = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"];
/** On the network of the host, on any free port of loopback. */
const LOCAL = ["DENOFTPD_HOST=127.0.0.1", "DENOFTPD_PORT=0", "DENOFTPD_PASSIVE_PORTS="].flatMap((
  pair,
) => ["--env", pair])
  .concat("--network", "host");
const READY = /^(?:ready |\{"url":")ftp:\/\/[^"\s]+:(\d+).*\n/m;
/** Longest life of a container: only a test that has failed already gets here. */
const PATIENCE = 120_000;
const LOGIN = ["--user", "alice:long enough"];

interface ImageOptions {
  /** For the engine, before the name of the image. */
  readonly flags?: readonly string[];
  readonly stdin?: string;
  /** Called with the port of the ready line once it is there; then the container is asked to stop. */
  readonly whenReady?: (port: number, name: string) => Promise<void>;
}

/** What the engine does, with the environment of who runs the tests: it finds its server there. */
const engine = (args: readonly string[], options: { stdin?: string; allowFailure?: boolean } = {}) =>
  run(ENGINE, args, { ...options, inheritEnvironment: true });

/** Runs a command of the image to its end. */
async function runImage(
  args: readonly string[],
  { flags = [], stdin, whenReady }: ImageOptions = {},
): Promise<Finished> {
  const name = `denoftpd-try-${crypto.randomUUID()}`;
  const line = ["run", "--rm", "--name", name, ...HARDENED, ...flags, IMAGE, ...args];
  if (whenReady === undefined) {
    const interactive = stdin === undefined ? line : line.toSpliced(1, 0, "--interactive");
    return await engine(interactive, { allowFailure: true, ...(stdin !== undefined && { stdin }) });
  }
  const child = new Deno.Command(ENGINE, { args: line, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  const stderr = new Response(child.stderr).text();
  const timer = setTimeout(() => void engine(["rm", "--force", name], { allowFailure: true }), PATIENCE);
  const decoder = new TextDecoder();
  let [stdout, isReady] = ["", false];
  for await (const chunk of child.stdout) {
    stdout += decoder.decode(chunk, { stream: true });
    const port = READY.exec(stdout)?.[1];
    if (port === undefined || isReady) continue;
    isReady = true;
    try {
      await whenReady(Number(port), name);
    } finally {
      // It may have ended by itself.
      await engine(["stop", "-t", "45", name], { allowFailure: true });
    }
  }
  clearTimeout(timer);
  return { code: (await child.status).code, stdout, stderr: await stderr };
}

async function curl(args: readonly string[]): Promise<string> {
  return (await run("curl", ["--disable", "--silent", "--show-error", ...args])).stdout;
}

/** Adds alice, and a certificate beside the accounts, with these flags for the engine. */
async function prepare(flags: readonly string[]): Promise<void> {
  const added = await runImage(
    "user add alice --password-stdin --root /srv/ftp/alice --create-root".split(" "),
    { flags, stdin: "long enough\n" },
  );
  assertEquals([added.code, added.stderr], [0, ""]);
  assertEquals((await runImage(["cert", "--out", "/etc/denoftpd"], { flags })).code, 0);
}

function imageTest(name: string, fn: () => Promise<void>): void {
  if (IMAGE !== "") Deno.test(`image ${name}`, fn);
}

imageTest(
  "says its version and its commit, and has the licences of all that is in it",
  () =>
    withDirectory(async (directory) => {
      const { stdout } = await runImage(["version"]);
      assertMatch(stdout, new RegExp(`^denoftpd ${RegExp.escape(VERSION)} \\(commit [0-9a-f]{10}, deno `));
      const { stdout: id } = await engine(["create", IMAGE]);
      try {
        await engine(["cp", `${id.trim()}:/usr/share/doc/denoftpd/.`, directory]);
      } finally {
        await engine(["rm", id.trim()]);
      }
      assertEquals(Deno.readTextFileSync(join(directory, "LICENSE")), await Deno.readTextFile("LICENSE"));
      assertStringIncludes(Deno.readTextFileSync(join(directory, "THIRD_PARTY_LICENSES")), "valibot ");
    }),
);

imageTest(
  "keeps files of a user of the host, under TLS, over a restart, and ends with status 0",
  () =>
    withDirectory(async (directory) => {
      // It refuses to be root, whoever runs the tests.
      const [uid, gid] = Deno.uid() === 0 ? [1000, 1000] : [Deno.uid() ?? 0, Deno.gid() ?? 0];
      const [etc, files] = [join(directory, "etc"), join(directory, "files")];
      await Deno.chmod(directory, 0o755);
      for (const path of [etc, files]) {
        await Deno.mkdir(path);
        await Deno.chown(path, uid, gid);
      }
      const owner = ["--user", `${uid}:${gid}`];
      await prepare([...owner, "--volume", `${etc}:/etc/denoftpd`, "--volume", `${files}:/srv/ftp`]);
      const flags = [...owner, ...LOCAL, "--volume", `${etc}:/etc/denoftpd:ro`, "--volume", `${files}:/srv/ftp`];
      const serve = "serve --tls required --tls-cert /etc/denoftpd/cert.pem --tls-key /etc/denoftpd/key.pem".split(" ");
      const secure = ["--ssl-reqd", "--cacert", join(etc, "cert.pem"), ...LOGIN];
      const sent = join(directory, "sent");
      await Deno.writeTextFile(sent, "kept\n");
      const first = await runImage(serve, {
        flags,
        whenReady: async (port) => void await curl([...secure, "--upload-file", sent, `ftp://127.0.0.1:${port}/a.txt`]),
      });
      assertEquals(first.code, 0, first.stderr);
      const second = await runImage(serve, {
        flags,
        whenReady: async (port) => assertEquals(await curl([...secure, `ftp://127.0.0.1:${port}/a.txt`]), "kept\n"),
      });
      assertEquals(second.code, 0, second.stderr);
      const { uid: found } = await Deno.stat(join(files, "alice/a.txt"));
      assertEquals(found, uid);
    }),
);

imageTest("writes to new named volumes as its own user, and has a place for state", async () => {
  const volumes = ["/etc/denoftpd", "/srv/ftp", "/var/lib/denoftpd"].map((path) => ({ path, id: crypto.randomUUID() }));
  try {
    const flags = volumes.flatMap(({ path, id }) => ["--volume", `${id}:${path}`]);
    await prepare(flags);
    const { code, stderr } = await runImage(["serve", "--state", "/var/lib/denoftpd"], {
      flags: [...flags, ...LOCAL],
      whenReady: async (port) => {
        const url = `ftp://127.0.0.1:${port}/license.txt`;
        await curl([...LOGIN, "--upload-file", "LICENSE", url]);
        assertEquals(await curl([...LOGIN, url]), await Deno.readTextFile("LICENSE"));
      },
    });
    assertEquals(code, 0, stderr);
  } finally {
    for (const { id } of volumes) await engine(["volume", "rm", id], { allowFailure: true });
  }
});

imageTest("says in one line that it lacks accounts, and that it is root", async () => {
  const none = await runImage([]);
  assertEquals(none.code, 2);
  assertMatch(none.stderr, /^denoftpd: File "\/etc\/denoftpd\/users\.json": Does not exist: [^\n]*\n$/);
  const root = await runImage(["serve", "--anonymous", "/srv/ftp"], { flags: ["--user", "0:0"] });
  assertEquals(root.code, 2);
  assertMatch(root.stderr, /^denoftpd: Refusing to serve as root: [^\n]*\n$/);
});

imageTest("is a fixture behind ports that are known late, and ends when it is asked over HTTP", async () => {
  // One by one: of a range Podman looks only whether its first port outside is free.
  const published = [2121, 8021, 30000, 30001, 30002, 30003, 30004].flatMap((port) => ["--publish", `${port}`]);
  const { code, stderr } = await runImage(
    "fixture --user alice:long --host 0.0.0.0 --port 2121 --passive-ports 30000-30004 --control-address 0.0.0.0:8021"
      .split(" "),
    {
      flags: published,
      whenReady: async (port, name) => {
        const { stdout } = await engine(["port", name]);
        const outside = Object.fromEntries(
          stdout.matchAll(/^(\d+)\/tcp -> (?:0\.0\.0\.0|127\.0\.0\.1):(\d+)$/gm).map(([, ...pair]) => pair),
        );
        const control = `http://127.0.0.1:${outside[8021]}`;
        const ask = async (method: string, path: string, body?: unknown) => {
          const request = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
          const response = await fetch(`${control}${path}`, request);
          const text = await response.text();
          assertEquals(response.status, 200, text);
          return text;
        };
        const passive = Object.entries(outside).filter(([inside]) => Number(inside) >= 30_000)
          .map(([inside, port]) => [inside, Number(port)]);
        assertEquals(passive.length, 5);
        await ask("PUT", "/passive", { host: "127.0.0.1", ports: Object.fromEntries(passive) });
        const login = ["--user", "alice:long"];
        await curl([...login, "--upload-file", "LICENSE", `ftp://127.0.0.1:${outside[port]}/license.txt`]);
        assertEquals(await ask("GET", "/files/license.txt"), await Deno.readTextFile("LICENSE"));
        await ask("POST", "/stop");
      },
    },
  );
  assertEquals([code, stderr], [0, ""]);
});
