import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { serve } from "../cli/serve_process.ts";
import { protectTrusting } from "../helpers/tls.ts";
import { untilGivenWay } from "../helpers/priorities.ts";
import { Wire } from "../helpers/wire.ts";
import { type Both, connectBoth } from "./stage.ts";

/** The password `bench`, at the least cost there is. */
const HASH = "$scrypt$ln=1,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$mLlqpXFdGdwV8bSd4JrPaFb8BiJDqoNOIfoplEiPnYQ";

/** The source, for which threads ask again. */
const SOURCE = fromFileUrl(new URL("../../lib", import.meta.url));

/** A directory with an accounts file and a root. */
async function makePlace(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir();
  await Deno.mkdir(join(path, "root"));
  await writeAccounts(path, "rw");
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function writeAccounts(path: string, permissions: string): Promise<void> {
  const account = { name: "bench", password: HASH, root: "root", permissions };
  await Deno.writeTextFile(join(path, "users.json"), JSON.stringify({ accounts: [account] }));
}

/** What one account in one directory needs, and nothing else. */
function permissionsFor(path: string): string[] {
  const [read, write] = [[path, SOURCE], [join(path, "root"), join(path, "xferlog")]];
  return ["--allow-net=127.0.0.1", `--allow-read=${read}`, `--allow-write=${write}`];
}

async function visitBoth(port: number, talk: (both: Both) => Promise<void>): Promise<void> {
  const wires: Wire[] = [];
  const connect = async () => {
    const wire = await Wire.connect(port);
    wires.push(wire);
    await wire.expectReply(220);
    return wire;
  };
  try {
    await talk(await connectBoth(connect, "bench"));
  } finally {
    for (const wire of wires) wire.close();
  }
}

Deno.test("serve --workers runs with narrow permissions, is ready once, and reloads accounts for all", async () => {
  await using place = await makePlace();
  const { code, stdout, stderr } = await serve({
    permissions: permissionsFor(place.path),
    flags: ["--port", "0", "--workers", "2", "--allow-root"],
    cwd: place.path,
    whenReady: (port, pid) =>
      visitBoth(port, async ({ one, other }) => {
        let directory = 0;
        const code = async (wire: Wire) => (await wire.say(`MKD ${++directory}`)).code;
        for (const wire of [one, other]) assertEquals(await code(wire), 257);
        await writeAccounts(place.path, "ro");
        Deno.kill(pid, "SIGHUP");
        for (const wire of [one, other]) {
          // Until the news is there; a session keeps the account that it has logged in with.
          while (await code(wire) === 257) await wire.login("bench", "bench");
        }
      }),
  });
  assertEquals(code, 0, stderr);
  assertEquals(stdout.match(/ready/g)?.length, 1);
  assertMatch(stderr, /Reloaded 1 account from/);
  assertMatch(stderr, /\[1-1 .*Session opened/);
  assertMatch(stderr, /\[2-1 .*Session opened/);
});

Deno.test("serve --workers writes the transfers of all workers to the xferlog before it ends", async () => {
  await using place = await makePlace();
  const { code, stderr } = await serve({
    permissions: permissionsFor(place.path),
    flags: ["--port", "0", "--workers", "2", "--allow-root", "--xferlog", "xferlog", "--log-level", "error"],
    cwd: place.path,
    whenReady: (port) =>
      visitBoth(port, async ({ one, other }) => {
        await one.upload("STOR first", "1");
        await other.upload("STOR second", "2");
      }),
  });
  assertEquals([code, stderr], [0, ""]);
  const lines = (await Deno.readTextFile(join(place.path, "xferlog"))).trimEnd().split("\n");
  assertEquals(lines.map((line) => /\/(first|second) /.exec(line)?.[1]).toSorted(), ["first", "second"]);
});

Deno.test("serve --workers reads certificates again for all workers", async () => {
  await using place = await makePlace();
  const certificates = [await createSelfSigned(), await createSelfSigned()] as const;
  const put = async ({ certificate, privateKey }: { readonly certificate: string; readonly privateKey: string }) => {
    await Deno.writeTextFile(join(place.path, "key.pem"), privateKey);
    await Deno.writeTextFile(join(place.path, "cert.pem"), certificate);
  };
  await put(certificates[0]);
  const { code, stderr } = await serve({
    permissions: permissionsFor(place.path),
    flags: ["--port", "0", "--workers", "2", "--allow-root", "--tls-cert", "cert.pem", "--tls-key", "key.pem"],
    cwd: place.path,
    whenReady: async (port, pid) => {
      await visitBoth(port, async ({ one, other }) => {
        for (const wire of [one, other]) await wire.startTls(protectTrusting([certificates[0].certificate]));
      });
      await put(certificates[1]);
      Deno.kill(pid, "SIGHUP");
      const left = new Set([0, 1]);
      while (left.size > 0) {
        await visitBoth(port, async ({ one, other }) => {
          for (const [index, wire] of [one, other].entries()) {
            await wire.expect("AUTH TLS", 234);
            const upgraded = wire.upgrade(protectTrusting([certificates[1].certificate]));
            await upgraded.then(() => left.delete(index), () => {});
          }
        });
      }
    },
  });
  assertEquals(code, 0, stderr);
});

Deno.test("serve --workers ends with 1 where the port is taken", async () => {
  await using place = await makePlace();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, stderr } = await serve({
    permissions: permissionsFor(place.path),
    flags: ["--port", String(taken.addr.port), "--workers", "2", "--allow-root"],
    cwd: place.path,
  });
  assertEquals(code, 1);
  assertMatch(stderr, /Cannot listen on 127\.0\.0\.1:\d+: the port is in use/);
});

const LARGE = 4_000_000;

/** A session beside another one that says nothing. */
async function visit(port: number, talk: (ftp: Wire) => Promise<void>): Promise<void> {
  await using ftp = await Wire.connect(port);
  await using other = await Wire.connect(port);
  for (const wire of [ftp, other]) {
    await wire.expectReply(220);
    await wire.login("bench", "bench");
  }
  await ftp.expect("TYPE I", 200);
  await talk(ftp);
}

Deno.test({
  name: "serve starts data threads that give way to its sessions, where both are permitted",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using place = await makePlace();
    await Deno.writeFile(join(place.path, "root", "large"), new Uint8Array(LARGE));
    let priorities: number[] = [];
    const { code, stderr } = await serve({
      permissions: [...permissionsFor(place.path), "--allow-sys=getPriority,setPriority"],
      flags: ["--port", "0", "--allow-root", "--log-level", "warning"],
      cwd: place.path,
      whenReady: (port, pid) =>
        visit(port, async (ftp) => {
          priorities = await untilGivenWay(pid, () => ftp.download("RETR large"));
        }),
    });
    assertEquals([code, stderr], [0, ""]);
    assertEquals(new Set(priorities), new Set([10]));
  },
});

Deno.test({
  name: "serve moves all bytes itself where it may not read its source, and says nothing",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using place = await makePlace();
    await Deno.writeFile(join(place.path, "root", "large"), new Uint8Array(LARGE));
    const read = `--allow-read=${place.path}`;
    let priorities: number[] = [];
    const { code, stderr } = await serve({
      permissions: [...permissionsFor(place.path).with(1, read), "--allow-sys=getPriority,setPriority"],
      flags: ["--port", "0", "--allow-root", "--log-level", "warning"],
      cwd: place.path,
      whenReady: (port, pid) =>
        visit(port, async (ftp) => {
          priorities = await untilGivenWay(pid, () => ftp.download("RETR large"), 50);
        }),
    });
    assertEquals([code, stderr, priorities], [0, "", []]);
  },
});

for (const flag of ["--workers", "--data-threads"]) {
  Deno.test(`serve ${flag} names the permission that threads need`, async () => {
    await using place = await makePlace();
    const { code, stderr } = await serve({
      permissions: ["--allow-net=127.0.0.1", `--allow-read=${place.path}`, `--allow-write=${join(place.path, "root")}`],
      flags: ["--port", "0", flag, "2", "--allow-root"],
      cwd: place.path,
    });
    assertEquals(code, 2);
    assertMatch(stderr, /does not permit starting threads: add --allow-read=\S+lib\b/);
  });
}
