import { createHash } from "node:crypto";
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { runStorage } from "../../lib/cli/storage/storage.ts";
import { StoreClient } from "../../lib/drivers/s3/client.ts";
import { S3Roots } from "../../lib/drivers/s3/open.ts";
import { SMALLEST_PART } from "../../lib/drivers/s3/part_writer.ts";
import { ObjectStore } from "../../lib/drivers/s3/store.ts";
import { mapAtOnce } from "../../lib/drivers/s3/tree.ts";
import { testDriver } from "../../lib/vfs/testing/mod.ts";
import { serve } from "../cli/serve_process.ts";
import { keysFile } from "../helpers/s3.ts";
import { Wire } from "../helpers/wire.ts";
import { Swift, SWIFT_KEYS } from "./swift.ts";

const ignore = !await Swift.isInstalled() && Deno.env.get("CI") === undefined;

/** Password: demo. */
const PASSWORD = "$scrypt$ln=14,r=8,p=1$v4LEZTvw8/Xbwtq5jxgWdQ$GQuWuSXJhNbqXcUnp229g1tk9n9IWbQrAnIGTshPC1c";
const BUCKET = "files";
/** Claims and uploads at the same time. */
const AT_ONCE = 4;

/** Swift with a bucket, and a directory with its keys and an account. */
interface Site {
  readonly swift: Swift;
  readonly store: ObjectStore;
  readonly directory: string;
  readonly keys: string;
  /** Of `serve`. */
  readonly flags: readonly string[];
  /** Runs `serve` with its files in the store, until `use` has ended. */
  readonly served: (use: (port: number, pid: number) => Promise<void>) => Promise<unknown>;
}

async function withSite(use: (site: Site) => Promise<void>): Promise<void> {
  await using swift = await Swift.start();
  await using keys = await keysFile(SWIFT_KEYS);
  const provider = { get: () => Promise.resolve(SWIFT_KEYS) };
  const store = new ObjectStore(new StoreClient({ endpoint: swift.url, bucket: BUCKET, provider }));
  await store.client.send({ method: "PUT" });
  const directory = await Deno.makeTempDir();
  try {
    const users = join(directory, "users.json");
    const accounts = [{ name: "demo", password: PASSWORD, root: `s3://${BUCKET}/ftp`, permissions: "rw" }];
    await Deno.writeTextFile(users, JSON.stringify({ accounts }));
    const flags = [
      ...["--port", "0", "--users", users, "--allow-root", "--state", join(directory, "state")],
      ...["--s3-endpoint", swift.url, "--s3-credentials", keys.path],
    ];
    const served: Site["served"] = (whenReady) =>
      serve({ permissions: ["--allow-all"], flags, cwd: directory, whenReady });
    await use({ swift, store, directory, keys: keys.path, flags, served });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function session(port: number): Promise<Wire> {
  const ftp = await Wire.connect(port);
  await ftp.expectReply(220);
  await ftp.login();
  await ftp.expect("TYPE I", 200);
  return ftp;
}

function bytesOf(seed: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = seed + 1;
  for (let index = 0; index < size; index++) bytes[index] = (state = (state * 1_103_515_245 + 12_345) | 0) >>> 16;
  return bytes;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function digestIn(store: ObjectStore, key: string): Promise<string> {
  return sha256(await (await store.client.open({ method: "GET", key })).bytes());
}

Deno.test({
  name: "Swift: the whole conformance kit holds",
  ignore,
  fn: () =>
    withSite(async ({ swift, keys }) => {
      const roots = new S3Roots({ endpoint: swift.url, credentials: { file: keys } });
      const claims: { readonly title: string; readonly run: () => Promise<void> }[] = [];
      let subjects = 0;
      await testDriver("Swift", async () => ({ vfs: await roots.open(`s3://${BUCKET}/kit-${subjects++}`) }), {
        register: (title, run) => void claims.push({ title, run }),
      });
      const failures: string[] = [];
      await mapAtOnce(claims, AT_ONCE, async ({ title, run }) => {
        await run().catch((error) => void failures.push(`${title}: ${error}`));
      });
      assertEquals(failures, []);
      assert(claims.length > 40);
    }),
});

Deno.test({
  name: "Swift: rclone and s3cmd see the files, sizes, digests and times that FTP shows, and the other way round",
  ignore,
  fn: () =>
    withSite(async ({ swift, store, directory, served }) => {
      const large = bytesOf(1, 2 * SMALLEST_PART + 4_321);
      await served(async (port) => {
        await using ftp = await session(port);
        await ftp.expect("MKD a b", 257);
        await ftp.upload("STOR a b/large [1].bin", large);
        await ftp.upload("STOR small.txt", "small");
        await ftp.expect("MFMT 20200102030405 small.txt", 213);
        const rclone = async (...args: string[]) => await run("rclone", [...args], rcloneVariables(swift.url));
        const seen = JSON.parse(await rclone("lsjson", "-R", "--files-only", "--hash", `store:${BUCKET}/ftp`));
        const byPath = new Map<string, { Size: number; ModTime: string }>(
          seen.map((entry: { Path: string; Size: number; ModTime: string }) => [entry.Path, entry]),
        );
        assertEquals([...byPath.keys()].sort(), ["a b/large [1].bin", "small.txt"]);
        assertEquals(byPath.get("a b/large [1].bin")?.Size, large.length);
        assertEquals(Date.parse(byPath.get("small.txt")?.ModTime ?? ""), Date.UTC(2020, 0, 2, 3, 4, 5));
        const copy = join(directory, "copy");
        await rclone("copy", `store:${BUCKET}/ftp`, copy);
        assertEquals(sha256(await Deno.readFile(join(copy, "a b", "large [1].bin"))), sha256(large));
        const config = join(directory, "s3cfg");
        await Deno.writeTextFile(config, s3cmdConfig(swift.url));
        const listed = await run("s3cmd", ["-c", config, "ls", "-r", `s3://${BUCKET}/ftp/`]);
        assert(listed.includes(` ${large.length} `) && listed.includes("ftp/a b/large [1].bin"), listed);
        // The other way round.
        const own = join(directory, "own");
        await Deno.mkdir(join(own, "deep"), { recursive: true });
        await Deno.writeFile(join(own, "deep", "file"), large);
        await Deno.utime(join(own, "deep", "file"), 981_173_106, 981_173_106);
        await rclone("copy", own, `store:${BUCKET}/ftp/from-rclone`);
        await run("s3cmd", ["-c", config, "put", join(copy, "small.txt"), `s3://${BUCKET}/ftp/from-s3cmd`]);
        assertEquals(sha256(await ftp.download("RETR from-rclone/deep/file")), sha256(large));
        assertEquals((await ftp.expect("MDTM from-rclone/deep/file", 213)).lines, ["213 20010203040506"]);
        assertEquals(new TextDecoder().decode(await ftp.download("RETR from-s3cmd")), "small");
        const names = (await ftp.downloadLines("NLST")).sort();
        assertEquals(names, ["a b", "from-rclone", "from-s3cmd", "small.txt"]);
        const hash = (await ftp.expect("HASH from-rclone/deep/file", 213)).lines.join();
        assert(hash.includes(sha256(large)), hash);
      });
      assert(await store.head("ftp/a b/"));
    }),
});

Deno.test({
  name: "Swift: what 226 was sent for is there after kill -9 of the store's proxy and of the server, and nothing else",
  ignore,
  fn: () =>
    withSite(async ({ swift, store, flags, served }) => {
      const old = sha256(bytesOf(99, 50_000));
      for (let index = 0; index < UPLOADS; index += 2) await store.put(`ftp/f${index}`, bytesOf(99, 50_000));
      const earned = new Map<number, string>();
      const waiting = Array.from({ length: UPLOADS }, (_, index) => index);
      for (let round = 0; round < ROUNDS && waiting.length > 0; round++) {
        await served(async (port, pid) => {
          const uploads = mapAtOnce(waiting.splice(0), AT_ONCE, async (index) => {
            const content = bytesOf(index, SMALLEST_PART * (1 + index % 2) + index);
            try {
              await using ftp = await session(port);
              await ftp.upload(`STOR f${index}`, content);
              earned.set(index, sha256(content));
            } catch {
              waiting.push(index);
            }
          });
          await mostOf(uploads, 400);
          await swift.killProxy();
          await swift.startProxy();
          await mostOf(uploads, 800);
          if (round + 1 < ROUNDS) Deno.kill(pid, "SIGKILL");
          await uploads;
        });
      }
      for (let index = 0; index < UPLOADS; index++) {
        const there = await store.head(`ftp/f${index}`) && await digestIn(store, `ftp/f${index}`);
        const whole = sha256(bytesOf(index, SMALLEST_PART * (1 + index % 2) + index));
        if (earned.has(index)) assertEquals(there, earned.get(index), `f${index}`);
        else assert([whole, index % 2 === 0 ? old : undefined].includes(there), `f${index} is neither old nor new`);
      }
      assert(earned.size > 0, "No upload has ended");
      const io = { stdout: () => {}, stderr: (text: string) => assert(false, text) };
      assertEquals(await runStorage(["sweep", "--older-than", "0", ...flags], io), 0);
      assertEquals(await Array.fromAsync(store.uploads("ftp/")), []);
    }),
});

const UPLOADS = 6;
const ROUNDS = 3;

/** Resolves when `running` has, or after some milliseconds: faults come at any time. */
async function mostOf(running: Promise<unknown>, milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([running, promise]);
  clearTimeout(timer);
}

const PATH = { PATH: Deno.env.get("PATH") ?? "" };

/** Without what the environment has about other stores. */
async function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    env: { ...env, ...PATH },
    clearEnv: true,
  })
    .output();
  assert(success, `${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function rcloneVariables(endpoint: string): Record<string, string> {
  return {
    RCLONE_CONFIG: "/nowhere",
    RCLONE_CONFIG_STORE_TYPE: "s3",
    RCLONE_CONFIG_STORE_PROVIDER: "Other",
    RCLONE_CONFIG_STORE_ENDPOINT: endpoint,
    RCLONE_CONFIG_STORE_REGION: "us-east-1",
    RCLONE_CONFIG_STORE_ACCESS_KEY_ID: SWIFT_KEYS.accessKeyId,
    RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: SWIFT_KEYS.secretAccessKey,
  };
}

function s3cmdConfig(endpoint: string): string {
  const { host } = new URL(endpoint);
  return `[default]
access_key = ${SWIFT_KEYS.accessKeyId}
secret_key = ${SWIFT_KEYS.secretAccessKey}
host_base = ${host}
host_bucket = ${host}/%(bucket)
use_https = False
`;
}
