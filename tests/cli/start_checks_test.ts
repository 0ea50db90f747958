import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runConfig } from "../../lib/cli/config.ts";
import { runCert } from "../../lib/cli/cert.ts";
import { certificateFor } from "../helpers/tls.ts";
import { Wire } from "../helpers/wire.ts";
import { serve } from "./serve_process.ts";

const linux = Deno.build.os === "linux";
const root = linux && Deno.uid() === 0;

const PASSWORD = "$scrypt$ln=14,r=8,p=1$v4LEZTvw8/Xbwtq5jxgWdQ$GQuWuSXJhNbqXcUnp229g1tk9n9IWbQrAnIGTshPC1c";

type AccountFields = Readonly<Record<string, unknown>>;

/** A directory that everybody may enter, with a directory `root` and an accounts file. */
class Site implements AsyncDisposable {
  private constructor(readonly directory: string) {}

  static async make(...accounts: readonly AccountFields[]): Promise<Site> {
    const site = new Site(await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-start-" })));
    await Deno.chmod(site.directory, 0o755);
    await Deno.mkdir(site.path("root"));
    const demo = { password: PASSWORD, root: "./root", permissions: "rw" };
    const all = accounts.map((account) => account.name === "anonymous" ? account : { ...demo, ...account });
    await Deno.writeTextFile(site.path("users.json"), JSON.stringify({ accounts: all }));
    return site;
  }

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  /** `serve` with the accounts of the site on a free port; the last line of standard error without its beginning. */
  async serve(...flags: string[]): Promise<{ readonly code: number; readonly stderr: string }> {
    const args = ["--port", "0", "--users", this.path("users.json"), "--allow-root", ...flags];
    return await serve({ permissions: ["--allow-all"], flags: args, cwd: this.directory });
  }

  /** `config --check` with the accounts of the site. */
  async check(
    ...flags: string[]
  ): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
    const written = { stdout: "", stderr: "" };
    const status = await runConfig(["--check", "--users", this.path("users.json"), "--allow-root", ...flags], {
      stdout: (text) => void (written.stdout += text),
      stderr: (text) => void (written.stderr += text),
    });
    return { status, ...written, stderr: written.stderr.replaceAll(this.directory, "SITE") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Tests run with all permissions, of which `serve` warns. */
const EXCESS = /^denoftpd: warning: Deno grants far more.*\n/m;

for (
  const [what, accounts, flags, message] of [
    [
      "no account at all",
      [],
      [],
      'File "SITE/users.json" has no account: add one with "denoftpd user add NAME", or serve a directory with ' +
      "--anonymous DIR",
    ],
    [
      "--anonymous beside such an account",
      [{ name: "anonymous", root: "./root", permissions: "ro" }],
      ["--anonymous", "."],
      'Flag "--anonymous": File "SITE/users.json" has an account "anonymous" as well; leave the flag out, or ' +
      "remove the account",
    ],
    [
      "a passive range over the control port",
      [{ name: "a" }],
      ["--port", "30005", "--passive-ports", "30000-30010"],
      'Flag "--passive-ports": the range 30000-30010 includes port 30005 of "--port": change one',
    ],
    [
      "a missing root",
      [{ name: "a", root: "./gone" }],
      [],
      'Account "a" of "SITE/users.json": field "root": Directory "SITE/gone" does not exist: create it with ' +
      'mkdir -p "SITE/gone", or name another',
    ],
    [
      "a --passive-address that does not resolve",
      [{ name: "a" }],
      ["--passive-address", "no-such-name.invalid"],
      'Flag "--passive-address": "no-such-name.invalid" does not resolve to an IPv4 address (getaddrinfo ' +
      "ENOTFOUND no-such-name.invalid): correct the name, or give the address itself",
    ],
  ] as const
) {
  Deno.test(`config --check refuses ${what}, as serve does`, async () => {
    await using site = await Site.make(...accounts);
    const { status, stdout, stderr } = await site.check(...flags);
    assertEquals([status, stdout, stderr.replace(EXCESS, "")], [2, "", `denoftpd: ${message}\n`]);
  });
}

for (
  const [what, accounts, flags, warning] of [
    [
      "passwords in clear on a public address",
      [{ name: "a" }],
      ["--host", "0.0.0.0"],
      "Passwords are sent in clear to 0.0.0.0: add --tls-cert, --tls-key and --tls required, or accept it with " +
      "--tls off",
    ],
    [
      "passwords in clear beside TLS",
      [{ name: "a" }],
      ["--host", "0.0.0.0", "--tls-self-signed"],
      "Passwords may be sent in clear to 0.0.0.0: refuse that with --tls required, or accept it with --tls optional",
    ],
    [
      "accounts that are all disabled",
      [{ name: "a", enabled: false }, { name: "b", validUntil: "2020-01-01" }],
      [],
      'No account can log in: all are disabled or expired; change one with "denoftpd user set NAME"',
    ],
    [
      "a balancer that may be anywhere",
      [{ name: "a" }],
      ["--proxy-from", "10.0.0.0/8,::/0"],
      "Anyone may claim any address by a PROXY header, as --proxy-from has ::/0: name the balancers alone",
    ],
    ["passwords in clear that are accepted", [{ name: "a" }], ["--host", "0.0.0.0", "--tls", "off"], undefined],
    [
      "accounts that all require TLS",
      [{ name: "a", tls: "required" }],
      ["--host", "::", "--tls-self-signed"],
      undefined,
    ],
    ["passwords in clear on loopback", [{ name: "a" }], [], undefined],
  ] as const
) {
  Deno.test(`config --check ${warning === undefined ? "does not warn" : "warns"} of ${what}`, async () => {
    await using site = await Site.make(...accounts);
    const { status, stdout, stderr } = await site.check(...flags);
    assertEquals(stderr.replace(EXCESS, ""), warning === undefined ? "" : `denoftpd: warning: ${warning}\n`);
    assertEquals(status, 0);
    assertMatch(stdout, /^serve would start: [12] accounts?, [0-9] warnings?\n$/);
  });
}

Deno.test("serve ends with status 2 and one line about an account file without accounts", async () => {
  await using site = await Site.make();
  const { code, stderr } = await site.serve();
  assertEquals(code, 2);
  assertStringIncludes(stderr, "has no account: add one with");
});

for (
  const [what, from, until, message] of [
    ["expired", -10, -2, /^denoftpd: Certificate "SITE\/cert.pem" expired on \d{4}-\d\d-\d\d: renew it\n$/],
    [
      "not yet valid",
      2,
      10,
      /^denoftpd: Certificate "SITE\/cert.pem" is not valid before [\d-]{10}: check the clock, or.*\n$/,
    ],
    [
      "soon to expire",
      -10,
      3,
      /^denoftpd: warning: Certificate for localhost: [23] days left, until [\d-]{10}; renew it: new files.*\n$/,
    ],
  ] as const
) {
  Deno.test(`config --check reports a certificate that is ${what}`, async () => {
    await using site = await Site.make({ name: "a" });
    const day = (days: number) => new Date(Date.now() + days * 86_400_000);
    const pair = await certificateFor("localhost", { notBefore: day(from), notAfter: day(until) });
    await Deno.writeTextFile(site.path("cert.pem"), pair.certificate);
    await Deno.writeTextFile(site.path("key.pem"), pair.privateKey);
    const { status, stderr } = await site.check("--tls-cert", site.path("cert.pem"), "--tls-key", site.path("key.pem"));
    assertMatch(stderr.replace(EXCESS, ""), message);
    assertEquals(status, until > 0 && from < 0 ? 0 : 2);
  });
}

Deno.test("config --check refuses a key that does not fit the certificate", async () => {
  await using site = await Site.make({ name: "a" });
  const io = { stdout: () => {}, stderr: () => {} };
  for (const name of ["one", "two"]) assertEquals(await runCert(["--out", site.path(name)], io), 0);
  const files = ["--tls-cert", site.path("one", "cert.pem"), "--tls-key", site.path("two", "key.pem")];
  const { status, stderr } = await site.check(...files);
  assertEquals(
    stderr.replace(EXCESS, ""),
    'denoftpd: Key file "SITE/two/key.pem" does not belong to certificate file "SITE/one/cert.pem"\n',
  );
  assertEquals(status, 2);
});

for (
  const [what, mode, permissions, message] of [
    ["entered", 0o700, "rw", 'User UID may not enter "SITE/root": give it the right, with chmod or chown'],
    ["read", 0o711, "ro", 'User UID may not read "SITE/root": give it the right, with chmod or chown'],
    [
      "written to",
      0o755,
      "rw",
      'User UID may not write to "SITE/root", as the permissions of the account say: give it the right, with ' +
      "chmod or chown, or take it from the account (ro)",
    ],
    ["used as its rights say", 0o755, "ro", undefined],
    ["used by a drop box", 0o733, "dropbox", undefined],
  ] as const
) {
  Deno.test({
    name: `serve --user ${
      message === undefined ? "takes a root that can be" : "refuses a root that cannot be"
    } ${what}`,
    ignore: !root,
    fn: async () => {
      await using site = await Site.make({ name: "a", permissions });
      await Deno.chmod(site.path("root"), mode);
      const before = await Deno.stat(site.path("root"));
      const flags = ["--port", "0", "--users", site.path("users.json"), "--user", "65534:65534"];
      const { code, stderr } = await serve({
        permissions: ["--allow-all"],
        flags,
        cwd: site.directory,
        ...(message === undefined && { whenReady: () => Promise.resolve() }),
      });
      const end = stderr.replaceAll(site.directory, "SITE").trimEnd().split("\n").at(-1);
      const source = 'denoftpd: Account "a" of "SITE/users.json": field "root": ';
      if (message !== undefined) assertEquals(end, source + message.replace("UID", "65534"));
      assertEquals(code, message === undefined ? 0 : 2, stderr);
      assertEquals((await Deno.stat(site.path("root"))).mtime, before.mtime);
    },
  });
}

Deno.test({
  name: "serve finds what access control lists and a read-only file system allow",
  ignore: !root || !await runs("setfacl", "--version"),
  fn: async () => {
    await using site = await Site.make({ name: "a" });
    await Deno.chmod(site.path("root"), 0o755);
    assert(await runs("setfacl", "-m", "u:65534:rwx", site.path("root")));
    const flags = ["--port", "0", "--users", site.path("users.json"), "--user", "65534:65534"];
    const whenReady = () => Promise.resolve();
    const { code, stderr } = await serve({ permissions: ["--allow-all"], flags, cwd: site.directory, whenReady });
    assertEquals(code, 0, stderr);
    assertEquals(Array.from(Deno.readDirSync(site.path("root"))), []);
  },
});

Deno.test({
  name: "serve --user warns of an accounts file that it could not read again",
  ignore: !root,
  fn: async () => {
    await using site = await Site.make({ name: "a", permissions: "ro" });
    await Deno.chmod(site.path("users.json"), 0o600);
    const { code, stderr } = await serve({
      permissions: ["--allow-all"],
      flags: ["--port", "0", "--users", site.path("users.json"), "--user", "65534:65534"],
      cwd: site.directory,
      whenReady: () => Promise.resolve(),
    });
    assertEquals(code, 0, stderr);
    assertStringIncludes(
      stderr,
      `User 65534 may not read "${site.path("users.json")}", so changes to it will be missed`,
    );
  },
});

Deno.test({
  name: "serve names the user that may not enter a directory above the root",
  ignore: !root,
  fn: async () => {
    await using site = await Site.make({ name: "a", root: "./closed/root" });
    await Deno.mkdir(site.path("closed", "root"), { recursive: true });
    await Deno.chmod(site.path("closed"), 0o700);
    const flags = ["--port", "0", "--users", site.path("users.json"), "--user", "65534:65534"];
    const { code, stderr } = await serve({ permissions: ["--allow-all"], flags, cwd: site.directory });
    assertEquals(code, 2);
    assertStringIncludes(stderr, `User 65534 may not enter "${site.path("closed", "root")}", or a directory above it`);
  },
});

Deno.test({
  name: "serve keeps the permissions that a root below /dev/shm takes, and says so",
  ignore: !linux,
  fn: async () => {
    const directory = await Deno.makeTempDir({ dir: "/dev/shm", prefix: "denoftpd-start-" });
    try {
      await Deno.writeTextFile(join(directory, "a.txt"), "hello");
      await using site = await Site.make({ name: "demo", root: directory });
      const flags = ["--port", "0", "--users", site.path("users.json"), "--allow-root"];
      const { code, stderr } = await serve({
        permissions: ["--allow-all"],
        flags,
        cwd: site.directory,
        whenReady: async (port) => {
          await using ftp = await Wire.connect(port);
          await ftp.expectReply(220);
          await ftp.login();
          assertEquals(new TextDecoder().decode(await ftp.download("RETR a.txt")), "hello");
        },
      });
      assertEquals(code, 0, stderr);
      assertStringIncludes(stderr, `Keeps all permissions while it runs: the root "${directory}" of account "demo"`);
      const narrow = await serve({
        permissions: [`--allow-read=${site.directory},${directory}`, `--allow-write=${directory}`, "--allow-net"],
        flags,
        cwd: site.directory,
      });
      assertEquals(narrow.code, 2);
      assertStringIncludes(narrow.stderr, "Deno permits nothing below /dev unless it permits everything");
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

async function runs(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}
