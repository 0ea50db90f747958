import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { runPermissions } from "../../lib/cli/permissions/command.ts";
import { runCert } from "../../lib/cli/cert.ts";
import { HAS_NATIVE } from "../helpers/native.ts";
import { Wire } from "../helpers/wire.ts";
import { serve } from "./serve_process.ts";

/** Password: demo. */
const ACCOUNT = {
  name: "demo",
  password: "$scrypt$ln=14,r=8,p=1$v4LEZTvw8/Xbwtq5jxgWdQ$GQuWuSXJhNbqXcUnp229g1tk9n9IWbQrAnIGTshPC1c",
};

/** The same, as Linux has it in its own files. */
const SHA_CRYPT =
  "$6$rounds=1000$saltsalt$q4ilo6nLeslq5GepBSYgFDMcnSV4wlkkqp1WRvgnfdi6gOHaQwsrNVCYEjGkhbU0O0BoaJgaBouA2T.xVV76d1";

/** A directory with accounts, their roots, a configuration file and a certificate. */
async function withSite(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-permissions-" }));
  try {
    await Deno.mkdir(join(directory, "root"));
    await Deno.mkdir(join(directory, "log"));
    await Deno.symlink(join(directory, "root"), join(directory, "link"));
    const accounts = [{ ...ACCOUNT, root: "./link", permissions: "rw" }];
    await Deno.writeTextFile(join(directory, "users.json"), JSON.stringify({ accounts }));
    const inMemory = [{ ...ACCOUNT, root: "memory:", permissions: "rw" }];
    await Deno.writeTextFile(join(directory, "memory.json"), JSON.stringify({ accounts: inMemory }));
    for (const name of ["archive", "incoming"]) await Deno.mkdir(join(directory, name));
    const mounts = [
      { at: "/archive", root: "./archive", permissions: "ro" },
      { at: "/archive/incoming", root: "./incoming", permissions: "add" },
    ];
    const mounted = [{ ...ACCOUNT, root: "./link", permissions: "rw", mounts }];
    await Deno.writeTextFile(join(directory, "mounts.json"), JSON.stringify({ accounts: mounted }));
    const foreign = [{ ...ACCOUNT, password: SHA_CRYPT, root: "./link", permissions: "rw" }];
    await Deno.writeTextFile(join(directory, "foreign.json"), JSON.stringify({ accounts: foreign }));
    await Deno.writeTextFile(join(directory, "config.json"), JSON.stringify({ grace: 5 }));
    const io = { stdout: () => {}, stderr: () => {} };
    assertEquals(await runCert(["--out", join(directory, "tls")], io), 0);
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** What `denoftpd permissions` prints. */
async function printed(flags: readonly string[]): Promise<string[]> {
  let text = "";
  const status = await runPermissions(flags, {
    stdout: (more) => void (text += more),
    stderr: (message) => assert(false, message),
  });
  assertEquals(status, 0);
  return text.trimEnd().split("\n");
}

/**
 * Everything that a session can ask of the runtime: names, links, listings, bytes both ways, attributes, both kinds of
 * data port.
 */
async function fullSession(port: number, options: { readonly active: boolean }): Promise<void> {
  await using ftp = await Wire.connect(port);
  await ftp.expectReply(220);
  await ftp.login();
  await ftp.expect("TYPE I", 200);
  await ftp.upload("STOR a.txt", "hello");
  assertEquals(new TextDecoder().decode(await ftp.download("RETR a.txt")), "hello");
  await ftp.upload("APPE a.txt", " again");
  await ftp.expect("SIZE a.txt", 213);
  await ftp.expect("MFMT 20200102030405 a.txt", 213);
  await ftp.expect("SITE CHMOD 600 a.txt", 200);
  await ftp.expect("MKD d", 257);
  await ftp.expect("RNFR a.txt", 350);
  await ftp.expect("RNTO d/b.txt", 250);
  assertStringIncludes(await ftp.downloadText("LIST d"), "b.txt");
  assertStringIncludes(await ftp.downloadText("MLSD d"), "b.txt");
  if (options.active) await activeDownload(ftp, "d/b.txt", "hello again");
  await ftp.expect("DELE d/b.txt", 250);
  await ftp.expect("RMD d", 250);
  await ftp.expect("QUIT", 221);
}

async function activeDownload(ftp: Wire, path: string, content: string): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await ftp.expect(`EPRT |1|127.0.0.1|${listener.addr.port}|`, 200);
  await ftp.expect(`RETR ${path}`, 150);
  assertEquals(await new Response((await listener.accept()).readable).text(), content);
  await ftp.expectReply(226);
}

/** Each value of each flag taken away once: the flags that remain, and what is missing. */
function withoutOne(flags: readonly string[]): { rest: string[]; missing: string }[] {
  return flags.flatMap((flag, index) => {
    const others = flags.filter((_, other) => other !== index);
    const [name, list] = flag.split("=");
    if (list === undefined) return [{ rest: others, missing: flag }];
    const values = list.split(",");
    return values.map((value) => {
      const left = values.filter((other) => other !== value);
      return {
        rest: left.length === 0 ? others : [...others, `${name}=${left.join(",")}`],
        missing: `${name}=${value}`,
      };
    });
  });
}

/** Three ports that were free a moment ago, to be named in flags. */
function freePorts(): [number, number, number] {
  using one = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using two = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using three = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return [one.addr.port, two.addr.port, three.addr.port];
}

const SITES: Record<string, (directory: string) => string[]> = {
  "accounts, a configuration file, both logs and a state": (directory) => [
    ...["--port", "0", "--users", join(directory, "users.json"), "--config", join(directory, "config.json")],
    ...["--log-file", join(directory, "log", "denoftpd.log"), "--xferlog", join(directory, "log", "xferlog")],
    ...["--state", join(directory, "state")],
  ],
  "named ports, one for metrics, a certificate and no active mode": (directory) => {
    const [port, passive, metrics] = freePorts();
    return [
      ...["--port", String(port), "--passive-ports", String(passive), "--active", "off"],
      ...["--users", join(directory, "users.json"), "--metrics", `127.0.0.1:${metrics}`],
      ...["--tls-cert", join(directory, "tls", "cert.pem"), "--tls-key", join(directory, "tls", "key.pem")],
    ];
  },
  "files in memory": (directory) => ["--port", "0", "--users", join(directory, "memory.json")],
  "a hash of another system": (directory) => ["--port", "0", "--users", join(directory, "foreign.json")],
  "mounts": (directory) => ["--port", "0", "--users", join(directory, "mounts.json")],
  ...HAS_NATIVE && {
    "the C library": (directory) => ["--port", "0", "--users", join(directory, "users.json"), "--native-io"],
  },
};

for (const [title, flagsOf] of Object.entries(SITES)) {
  Deno.test(`permissions prints what is enough and no more: ${title}`, () =>
    withSite(async (cwd) => {
      const flags = flagsOf(cwd);
      const permissions = await printed(flags);
      const active = !flags.includes("--active");
      const whenReady = (port: number): Promise<void> => fullSession(port, { active });
      const enough = await serve({ permissions, flags, cwd, whenReady });
      assertEquals(enough.code, 0, enough.stderr);
      assertEquals(enough.stderr.match(/^\S+ (warning|error).*/gm), null, enough.stderr);
      for (const { rest, missing } of withoutOne(permissions)) {
        const { code, stdout, stderr } = await serve({ permissions: rest, flags, cwd });
        assertEquals({ code, stdout }, { code: 2, stdout: "" }, missing);
        assertStringIncludes(stderr, missing);
        assertMatch(stderr, /^denoftpd: [^\n]+\n$/);
      }
    }));
}

for (
  const [flags, expected] of [
    [["--host", "0.0.0.0"], ["--allow-net"]],
    [["--host", "192.0.2.1"], ["--allow-net"]],
    [["--host", "192.0.2.1", "--active", "off"], ["--allow-net=192.0.2.1:2121,192.0.2.1:0"]],
    [["--host", "::1"], ["--allow-net=[::1]"]],
    [["--allow-foreign-data-peer"], ["--allow-net"]],
    [["--active", "off", "--passive-ports", "9-10", "--passive-address", "ftp.example"], [
      "--allow-net=127.0.0.1:2121,127.0.0.1:9,127.0.0.1:10,ftp.example",
    ]],
    [["--active", "off", "--node", "b", "--node-slices", "a=10-29,b=30-39"], [
      `--allow-net=127.0.0.1:2121,${Array.from({ length: 10 }, (_, index) => `127.0.0.1:${30 + index}`).join(",")}`,
    ]],
    [["--active", "off", "--implicit-tls-port", "990"], ["--allow-net=127.0.0.1:2121,127.0.0.1:990,127.0.0.1:0"]],
  ] as const
) {
  Deno.test(`permissions of ${flags.join(" ")}`, async () => {
    const lines = await printed([...flags, "--anonymous", "/"]);
    assertEquals(lines.filter((line) => line.startsWith("--allow-net")), [...expected]);
  });
}

Deno.test({
  name: "permissions of --user has what changing the user needs",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const root = await Deno.realPath("/");
    const lines = async (user: string) => (await printed(["--anonymous", root, "--user", user])).slice(1);
    const sys = "--allow-sys=uid,gid,setuid,setgid";
    assertEquals(await lines("1000:1000"), [`--allow-read=${root}`, sys]);
    const pub = await Deno.makeTempDir();
    const named = await printed(["--anonymous", pub, "--user", "ftp:ftp"]);
    await Deno.remove(pub);
    assertMatch(named[1] ?? "", /^--allow-read=\/etc\/passwd,\/etc\/group,/);
  },
});

Deno.test("serve --anonymous runs with the permissions that are printed for a path or a URL", () =>
  withSite(async (cwd) => {
    const root = join(cwd, "root");
    await Deno.writeTextFile(join(root, "a.txt"), "hello");
    for (const anonymous of [root, toFileUrl(root).href]) {
      const flags = ["--port", "0", "--allow-root", "--anonymous", anonymous];
      const permissions = await printed(flags);
      assertEquals(permissions, ["--allow-net=127.0.0.1", `--allow-read=${root}`]);
      const ended = await serve({
        permissions,
        flags,
        cwd,
        whenReady: async (port) => {
          await using ftp = await Wire.connect(port);
          await ftp.expectReply(220);
          await ftp.login("anonymous", "anonymous");
          assertEquals(await ftp.downloadText("RETR a.txt"), "hello");
        },
      });
      assertEquals(ended.code, 0, ended.stderr);
    }
  }));

Deno.test("serve and permissions name the account whose root has no driver, or not for workers", () =>
  withSite(async (cwd) => {
    await Deno.writeTextFile(
      join(cwd, "other.json"),
      JSON.stringify({ accounts: [{ ...ACCOUNT, root: "tape:1", permissions: "rw" }] }),
    );
    const mounts = ["archive", "missing"].map((root) => ({ at: `/${root}`, root, permissions: "rw" }));
    await Deno.writeTextFile(join(cwd, "mount.json"), JSON.stringify({ accounts: [{ ...ACCOUNT, mounts }] }));
    const permissions = ["--allow-all"];
    for (
      const [flags, expected] of [
        [["--users", "other.json"], /^denoftpd: Account "demo": field "root": No driver for the root "tape:1": .*\n$/],
        [
          ["--anonymous", "file://host/srv"],
          /^denoftpd: Flag "--anonymous": Must be a path, or a URL such as [^\n]+\n$/,
        ],
        [
          ["--users", "mount.json"],
          /^denoftpd: Account "demo" of "mount.json": field "mounts\[1\].root": [^\n]+missing[^\n]*\n$/,
        ],
        [
          ["--users", "memory.json", "--workers", "2"],
          /"memory:" cannot be shared by several workers: start one, with --workers 1\n$/,
        ],
      ] as const
    ) {
      const { code, stderr } = await serve({ permissions, flags: ["--port", "0", "--allow-root", ...flags], cwd });
      assertEquals(code, 2);
      assertMatch(stderr, expected);
    }
  }));

Deno.test("serve warns of far too many permissions, drops the unused ones and reports that", () =>
  withSite(async (cwd) => {
    const flags = ["--port", "0", "--log-level", "debug", "--allow-root"];
    const { stderr } = await serve({
      permissions: ["--allow-all"],
      flags,
      cwd,
      whenReady: (port) => fullSession(port, { active: true }),
    });
    assertMatch(stderr, /warning Deno grants far more than is needed \(.*--allow-run.*\): start with --allow-net=/);
    assertMatch(stderr, /debug +Dropped the permissions run, ffi, env, import\n/);
  }));

Deno.test("serve --strict-permissions refuses far too many permissions", () =>
  withSite(async (cwd) => {
    const flags = ["--port", "0", "--strict-permissions", "--allow-root"];
    const refused = await serve({ permissions: ["--allow-all"], flags, cwd });
    assertEquals(refused.code, 2);
    assertMatch(refused.stderr, /^denoftpd: Deno grants far more [^\n]+\n$/);
    const narrow = await serve({
      permissions: await printed(["--port", "0", "--users", join(cwd, "users.json")]),
      flags,
      cwd,
    });
    assertEquals(narrow.code, 0, narrow.stderr);
  }));
