/** Clients of other people, and our own, with several nodes behind a real HAProxy. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Client, type ClientTlsMode } from "../../lib/client/mod.ts";
import { makePayload, sha256, sha256OfFile } from "../clients/payload.ts";
import { find, type Finished, run } from "../clients/process.ts";
import { protectTrusting } from "../helpers/tls.ts";
import { Redis } from "../helpers/redis.ts";
import { Wire } from "../helpers/wire.ts";
import { Balanced, type BalancedOptions, PUBLIC } from "./balanced.ts";

/** Where clients are. */
const CLIENT = "127.0.3.7";
const PROGRAMS = ["haproxy", "curl", "lftp", "rclone"];
const missing = (await Promise.all(PROGRAMS.map(find))).includes(undefined);
const ignore = missing && Deno.env.get("CI") === undefined;
const KINDS = ["plain", "explicit", "implicit"] as const;
type Kind = typeof KINDS[number];

/** Bytes of a file that takes HAProxy more than one buffer. */
const SIZE = 3_000_017;

type Claims = Readonly<Record<string, (cluster: Balanced) => Promise<void>>>;

/** Registers claims about one cluster of three nodes, which takes longer to start than most of them do. */
function cluster(name: string, options: Omit<BalancedOptions, "nodes">, claims: () => Claims): void {
  Deno.test({
    name,
    ignore,
    fn: async (t) => {
      await using balanced = await Balanced.start({ nodes: 3, ...options });
      for (const [claim, hold] of Object.entries(claims())) await t.step(claim, () => hold(balanced));
    },
  });
}

/** A directory for what a client has, with `sent` in it. */
async function withLocal(use: (local: string, digest: string) => Promise<void>): Promise<void> {
  const local = await Deno.makeTempDir();
  try {
    const payload = makePayload(SIZE);
    await Deno.writeFile(join(local, "sent"), payload);
    await use(local, await sha256(payload));
  } finally {
    await Deno.remove(local, { recursive: true });
  }
}

function curl({ port, implicitPort, certificateFile }: Balanced, kind: Kind, args: string[], path: string) {
  const scheme = kind === "implicit" ? "ftps" : "ftp";
  const url = `${scheme}://localhost:${kind === "implicit" ? implicitPort : port}/${path}`;
  const there = ["localhost", String(kind === "implicit" ? implicitPort : port), PUBLIC].join(":");
  const tls = kind === "plain" ? [] : ["--cacert", certificateFile, ...kind === "explicit" ? ["--ssl-reqd"] : []];
  return run("curl", [
    ...["-sv", "--user", "demo:demo", "--interface", CLIENT, "--resolve", there, ...tls, ...args, url],
  ]);
}

async function curlMoves(balanced: Balanced): Promise<void> {
  for (const kind of KINDS) {
    for (const mode of [[], ["--disable-epsv"]]) {
      await withLocal(async (local, digest) => {
        await curl(balanced, kind, [...mode, "-T", join(local, "sent")], kind);
        assertEquals(await sha256OfFile(join(balanced.root, kind)), digest);
        await curl(balanced, kind, [...mode, "-o", join(local, "received")], kind);
        assertEquals(await sha256OfFile(join(local, "received")), digest);
      });
    }
  }
  const lines = balanced.nodes.flatMap(({ serving }) => serving.stderr.trimEnd().split("\n"));
  const sessions = lines.map((line) => JSON.parse(line)).filter(({ session }) => session !== undefined);
  // HAProxy connects from 127.0.0.1: no line has that.
  assertEquals([...new Set(sessions.map(({ address }) => address))], [CLIENT]);
  assertEquals(lines.filter((line) => /"level":"(warning|error)"/.test(line)), []);
}

async function lftpMirrors(balanced: Balanced): Promise<void> {
  const { port, implicitPort, certificateFile, root } = balanced;
  const lftp = (kind: Kind, ...commands: string[]): Promise<Finished> => {
    const url = kind === "implicit" ? `ftps://${PUBLIC}:${implicitPort}` : `ftp://${PUBLIC}:${port}`;
    const settings = [
      ...["cmd:fail-exit yes", "cmd:move-background no", "net:timeout 20", "net:max-retries 3"],
      ...["net:reconnect-interval-base 1", `net:socket-bind-ipv4 ${CLIENT}`],
      ...[`ssl:ca-file ${certificateFile}`, "ssl:check-hostname no"],
      ...kind === "explicit" ? ["ftp:ssl-force yes", "ftp:ssl-protect-data yes"] : [],
      ...kind === "plain" ? ["ftp:ssl-allow no"] : [],
    ].map((setting) => `set ${setting}`);
    const script = ["debug 5", ...settings, `open -u demo,demo ${url}`, ...commands].join("\n");
    return run("lftp", ["--norc", "-c", script], { allowFailure: true });
  };
  for (const kind of KINDS) {
    await withLocal(async (local, digest) => {
      await Deno.mkdir(join(local, "sub"));
      for (let index = 0; index < 10; index++) {
        await Deno.writeFile(join(local, "sub", String(index)), makePayload(index * 9001));
      }
      const done = await lftp(kind, `mirror -R -P 4 ${local} ${kind}`, `mirror -P 4 ${kind} ${join(local, "back")}`);
      assertEquals(done.code, 0, done.stderr);
      assertEquals(await sha256OfFile(join(root, kind, "sent")), digest);
      for (let index = 0; index < 10; index++) {
        const expected = await sha256(makePayload(index * 9001));
        assertEquals(await sha256OfFile(join(local, "back", "sub", String(index))), expected);
      }
    });
    // It does then what the reply says.
    const active = await lftp(kind, "set ftp:passive-mode no", "cat plain/sub/3");
    assertStringIncludes(active.stderr, "502 Active mode does not work behind a load balancer: use PASV or EPSV");
    assertStringIncludes(active.stderr, "Switching passive mode on");
    assertEquals(active.code, 0, active.stderr);
  }
}

/** It offers the session of one node to another, so that none may insist on it. */
async function rcloneCopies({ port, implicitPort, certificateFile }: Balanced): Promise<void> {
  for (const kind of KINDS) {
    await withLocal(async (local) => {
      for (let index = 0; index < 20; index++) {
        await Deno.writeFile(join(local, String(index)), makePayload(index * 9001));
      }
      const { stdout: obscured } = await run("rclone", ["obscure", "demo"]);
      const environment = {
        SSL_CERT_FILE: certificateFile,
        RCLONE_CONFIG_SERVER_TYPE: "ftp",
        // The name that the certificate has; the address of the balancer is a flag of its own.
        RCLONE_CONFIG_SERVER_HOST: PUBLIC,
        RCLONE_CONFIG_SERVER_NO_CHECK_CERTIFICATE: "true",
        RCLONE_CONFIG_SERVER_PORT: String(kind === "implicit" ? implicitPort : port),
        RCLONE_CONFIG_SERVER_USER: "demo",
        RCLONE_CONFIG_SERVER_PASS: obscured.trim(),
        ...kind !== "plain" && { [`RCLONE_CONFIG_SERVER_${kind === "implicit" ? "TLS" : "EXPLICIT_TLS"}`]: "true" },
      };
      const always = ["--config", "/dev/null", "--retries", "1", "--low-level-retries", "1", "--transfers", "6"];
      await run("rclone", [...always, "copy", local, `server:rclone-${kind}`], { environment });
      const { stderr } = await run("rclone", [...always, "-v", "check", "--download", local, `server:rclone-${kind}`], {
        environment,
      });
      assertMatch(stderr, /: 21 matching files/);
    });
  }
}

/** Our own client. */
function connect({ port, implicitPort, certificate }: Balanced, kind: Kind, user = "demo"): Promise<Client> {
  const tls = { plain: "off", explicit: "required", implicit: "implicit" } as const satisfies Record<
    Kind,
    ClientTlsMode
  >;
  return Client.connect({
    ...{ host: PUBLIC, port: kind === "implicit" ? implicitPort : port, user, password: "demo", tls: tls[kind] },
    trust: { ca: [certificate], insecure: true },
  });
}

async function store(client: Client, path: string, content: Uint8Array): Promise<void> {
  let sent = 0;
  const read = (buffer: Uint8Array): Promise<number | null> => {
    const piece = content.subarray(sent, sent + buffer.length);
    buffer.set(piece);
    sent += piece.length;
    return Promise.resolve(piece.length === 0 ? null : piece.length);
  };
  await client.upload({ read }, path);
}

async function fetchDigest(client: Client, path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  await client.download(path, { write: (data) => Promise.resolve(void chunks.push(data.slice())) });
  return await sha256(new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer()));
}

async function clientMoves(balanced: Balanced): Promise<void> {
  const payload = makePayload(SIZE);
  const digest = await sha256(payload);
  for (const kind of KINDS) {
    await using client = await connect(balanced, kind);
    for (let times = 0; times < 3; times++) {
      await store(client, `own-${kind}${times}`, payload);
      assertEquals(await fetchDigest(client, `own-${kind}${times}`), digest);
    }
    assertEquals((await client.list()).entries.filter(({ name }) => name.startsWith(`own-${kind}`)).length, 3);
  }
}

/** The node of a new session at the control port. */
async function nodeOf({ port }: Balanced): Promise<string | undefined> {
  await using wire = await Wire.connect(port, { hostname: PUBLIC, from: CLIENT });
  await wire.expectReply(220);
  await wire.login();
  return /^ *([abc])\.\d+ /.exec((await wire.expect("SITE WHO", 211)).lines[1] ?? "")?.[1];
}

async function leavesItsNode(balanced: Balanced): Promise<void> {
  const first = await nodeOf(balanced);
  for (let times = 0; times < 3; times++) assertEquals(await nodeOf(balanced), first);
  const node = balanced.nodes.find(({ name }) => name === first);
  assert(node);
  node.serving.kill("SIGKILL");
  await node.serving.code;
  const second = await nodeOf(balanced);
  assert(second !== undefined && second !== first, second);
  for (let times = 0; times < 3; times++) assertEquals(await nodeOf(balanced), second);
}

async function sessionsAreSharedOut(balanced: Balanced): Promise<void> {
  const wires: Wire[] = [];
  const protect = protectTrusting([balanced.certificate]);
  try {
    const found: string[] = [];
    for (let index = 0; index < 6; index++) {
      const wire = await Wire.connect(balanced.port, { hostname: PUBLIC, from: CLIENT });
      wires.push(wire);
      await wire.expectReply(220);
      await wire.login();
      const lines = (await wire.expect("SITE WHO", 211)).lines;
      found.push(/^ *([abc])\.\d+ .*127\.0\.3\.7/.exec(lines[1] ?? "")?.[1] ?? lines.join("|"));
    }
    assertEquals(found.toSorted(), ["a", "a", "b", "b", "c", "c"]);
    const implicit = await Wire.connect(balanced.implicitPort, { hostname: PUBLIC, protect });
    wires.push(implicit);
    await implicit.expectReply(220);
    await implicit.login();
  } finally {
    for (const wire of wires) wire.close();
  }
}

async function restartLosesNothing(balanced: Balanced): Promise<void> {
  const payload = makePayload(300_000);
  const digest = await sha256(payload);
  await Deno.writeFile(join(balanced.root, "long"), makePayload(4_000_000));
  const long = await sha256OfFile(join(balanced.root, "long"));
  const over = new AbortController();
  let moved = 0;
  const load = async (number: number): Promise<void> => {
    for (let round = 0; !over.signal.aborted; round++) {
      await using client = await connect(balanced, KINDS[number % 3] ?? "plain");
      await store(client, `load${number}`, payload);
      assertEquals(await fetchDigest(client, `load${number}`), digest, `Round ${round} of client ${number}`);
      moved += 2;
    }
  };
  const loads = [0, 1, 2].map(load);
  // A failure is to be seen at once, not after the restarts.
  const failed = Promise.race(loads.map((each) => each.then(() => new Promise<never>(() => {}))));
  for (const node of balanced.nodes) {
    // Ten seconds at their rate: longer than the node goes on to be asked.
    const clients = await Promise.all(balanced.nodes.map(() => connect(balanced, "explicit", "slow")));
    const downloads = clients.map((client) => fetchDigest(client, "long"));
    await Promise.race([balanced.restart(node), failed]);
    assertEquals(await Promise.all(downloads), downloads.map(() => long));
    await Promise.all(clients.map((client) => client.close()));
  }
  over.abort();
  await Promise.all(loads);
  assert(moved > 30, `Only ${moved} transfers`);
}

async function killedNodeGetsNone(balanced: Balanced): Promise<void> {
  const [first, ...others] = balanced.nodes;
  first?.serving.kill("SIGKILL");
  await first?.serving.code;
  for (let index = 0; index < 9; index++) {
    await using wire = await Wire.connect(balanced.port, { hostname: PUBLIC });
    await wire.expectReply(220);
    await wire.login();
    const node = /^ *([abc])\./.exec((await wire.expect("SITE WHO", 211)).lines[1] ?? "")?.[1];
    assert(others.some(({ name }) => name === node), `Session at ${node}`);
  }
}

/** The first line of a session of `from`, and the session. */
async function greeted({ port }: Balanced, from: string): Promise<{ readonly wire: Wire; readonly line: string }> {
  const wire = await Wire.connect(port, { hostname: PUBLIC, from });
  return { wire, line: (await wire.reply()).lines.join() };
}

async function limitsHoldForAllNodes(balanced: Balanced): Promise<void> {
  const all = await Promise.all(Array.from({ length: 12 }, () => greeted(balanced, CLIENT)));
  const other = await greeted(balanced, "127.0.3.8");
  for (const { wire } of [...all, other]) wire.close();
  assertEquals(all.filter(({ line }) => line.startsWith("220 ")).length, 5, all.map(({ line }) => line).join("\n"));
  assertMatch(other.line, /^220 /);
}

async function bansHoldForAllNodes(balanced: Balanced): Promise<void> {
  const guesser = "127.0.3.66";
  const known = balanced.nodes.map(({ serving }) => serving.logged(/Shut out 127\.0\.3\.66/));
  for (let index = 0; index < 3; index++) {
    const { wire, line } = await greeted(balanced, guesser);
    assertMatch(line, /^220 /);
    await wire.expect("USER demo", 331);
    await wire.send("PASS wrong");
    await wire.reply();
    wire.close();
  }
  await Promise.all(known);
  for (let index = 0; index < 6; index++) {
    const { wire, line } = await greeted(balanced, guesser);
    wire.close();
    assertMatch(line, /^421 Too many failed logins/);
  }
  const { wire, line } = await greeted(balanced, CLIENT);
  wire.close();
  assertMatch(line, /^220 /);
}

Deno.test({
  name: "Behind HAProxy and with Redis the clients' addresses count over all nodes",
  ignore: ignore || !Redis.isInstalled,
  fn: async (t) => {
    await using redis = await Redis.start();
    await using balanced = await Balanced.start({
      nodes: 3,
      flags: ["--cluster", redis.url, "--max-sessions-per-ip", "5", "--ban-after", "3"],
    });
    await t.step("an address has as many sessions as it may", () => limitsHoldForAllNodes(balanced));
    await t.step("one that guesses at several nodes is shut out by all", () => bansHoldForAllNodes(balanced));
  },
});

const REQUIRED = { flags: ["--tls-session-reuse", "require"] };

cluster("Behind HAProxy, with TLS sessions that must be resumed", REQUIRED, () => ({
  "curl moves files in clear and under TLS, and every line of the log has its own address": curlMoves,
  "our own client moves several files over one session": clientMoves,
}));

cluster("Behind a sticky HAProxy, with TLS sessions that must be resumed", { ...REQUIRED, isSticky: true }, () => ({
  "rclone copies trees over parallel sessions, which are all at one node": async (balanced) => {
    await rcloneCopies(balanced);
    const used = balanced.nodes.filter(({ serving }) => /"session":/.test(serving.stderr)).map(({ name }) => name);
    // Each port has its own: one node for 21, and one for that of implicit TLS.
    assert(used.length === 1 || used.length === 2, used.join());
  },
  "a client goes to another node when its own is shut down": leavesItsNode,
}));

cluster("Behind HAProxy", { flags: ["--grace", "60s"] }, () => ({
  "sessions are shared out over the nodes, under ids that name them, with their clients' addresses":
    sessionsAreSharedOut,
  "lftp mirrors trees, and does in place of active mode what it is told": lftpMirrors,
  "rclone copies trees over parallel sessions and finds every byte": rcloneCopies,
  "a rolling restart of all nodes under load ends no transfer": restartLosesNothing,
  "a node that was killed gets no session, also before HAProxy knows": killedNodeGetsNone,
}));
