import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { readAccountsFile } from "../../lib/auth/file/read.ts";
import { runExplain } from "../../lib/cli/admin/explain.ts";
import { runUser } from "../../lib/cli/user/user.ts";

interface Answers {
  /** What stdin has, in the chunks in which it comes. */
  readonly stdin?: readonly string[];
  /** What is typed on the terminal; without it there is none. */
  readonly typed?: readonly (string | null)[];
}

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How each message on standard error begins. */
const COMPLAINT = "denoftpd: ";

const NO_ROOT = 'warning: The root "/srv/new" does not exist: create it, or add --create-root next time\n';

/** An accounts file that does not exist yet, in a directory of its own. */
class Bed implements AsyncDisposable {
  private constructor(readonly directory: string, readonly path: string) {}

  static async make(): Promise<Bed> {
    const directory = await Deno.makeTempDir();
    return new Bed(directory, join(directory, "users.json"));
  }

  /** `user LINE... --users` with the file of the bed. */
  async run(args: readonly string[], { stdin = [], typed }: Answers = {}): Promise<Run> {
    const written = { stdout: "", stderr: "" };
    const answers = [...typed ?? []];
    const status = await runUser([...args, "--users", this.path], {
      stdin: {
        readable: ReadableStream.from(stdin.map((text) => new TextEncoder().encode(text))),
        isTerminal: () => typed !== undefined,
      },
      promptSecret: () => answers.shift() ?? null,
      stdout: (text) => void (written.stdout += text),
      stderr: (text) => void (written.stderr += text),
      hash: { ln: 4 },
    });
    if (written.stderr !== "") assert(written.stderr.startsWith(COMPLAINT), written.stderr);
    return { status, ...written, stderr: written.stderr.slice(COMPLAINT.length) };
  }

  async addBob(...flags: string[]): Promise<void> {
    const added = await this.run(["add", "bob", "--password-stdin", "--root", "/srv/bob", ...flags], {
      stdin: ["long enough\n"],
    });
    assertEquals([added.status, added.stdout.startsWith(`Added account "bob" to "${this.path}": `)], [0, true]);
    assertEquals(
      added.stderr.split("\n")[0],
      'warning: The root "/srv/bob" does not exist: create it, or add ' +
        "--create-root next time",
    );
  }

  async json(): Promise<Record<string, unknown>[]> {
    return JSON.parse(await Deno.readTextFile(this.path)).accounts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }
}

Deno.test("user add makes the file, with the password as a hash", async () => {
  await using bed = await Bed.make();
  await bed.addBob();
  const [bob, ...others] = await bed.json();
  assertEquals(others, []);
  assertEquals(Object.keys(bob ?? {}), ["name", "password", "root", "permissions"]);
  assertMatch(String(bob?.password), /^\$scrypt\$ln=4,r=8,p=1\$/);
  assertEquals([bob?.root, bob?.permissions], ["/srv/bob", "rw"]);
});

Deno.test("user add writes every flag into the file", async () => {
  await using bed = await Bed.make();
  await bed.addBob(
    ...["--permissions", "ro", "--permissions", "/in=dropbox", "--uploads", "atomic", "--broken-uploads", "delete"],
    ...["--max-sessions", "3", "--upload-rate", "1 MiB", "--download-rate", "2MiB/s", "--quota", "10G"],
    ...["--valid-until", "2030-12-31", "--allow-from", "192.0.2.0/24, ::1", "--allow-from", "10.0.0.0/8"],
    ...["--tls", "required", "--comment", "A guest", "--disable"],
  );
  const [bob] = await bed.json();
  const { password: _, ...fields } = bob ?? {};
  assertEquals(fields, {
    name: "bob",
    root: "/srv/bob",
    permissions: [{ path: "/", allow: "ro" }, { path: "/in", allow: "dropbox" }],
    uploads: "atomic",
    brokenUploads: "delete",
    maxSessions: 3,
    uploadRate: "1 MiB",
    downloadRate: "2MiB/s",
    quota: "10G",
    enabled: false,
    validUntil: "2030-12-31",
    allowFrom: ["192.0.2.0/24", "::1", "10.0.0.0/8"],
    tls: "required",
    comment: "A guest",
  });
});

Deno.test("user add writes a relative root as seen from the file", async () => {
  await using bed = await Bed.make();
  await bed.run(["add", "anonymous", "--root", "files"]);
  const [anonymous] = await readAccountsFile(bed.path);
  assertEquals(anonymous?.rootPath, join(Deno.cwd(), "files"));
  assert(anonymous?.root.startsWith(".."));
});

Deno.test("user add writes a root that is a URL as it is", async () => {
  await using bed = await Bed.make();
  await bed.run(["add", "anonymous", "--root", "memory:pub"]);
  const [anonymous] = await readAccountsFile(bed.path);
  assertEquals([anonymous?.root, anonymous?.rootPath], ["memory:pub", "memory:pub"]);
});

Deno.test("user add refuses a name that is taken", async () => {
  await using bed = await Bed.make();
  await bed.addBob();
  const again = await bed.run(["add", "bob", "--root", "/", "--password-stdin"], { stdin: ["long enough\n"] });
  assertEquals(again, { status: 1, stdout: "", stderr: `Account "bob" already exists: use "set"\n` });
});

Deno.test("user add makes the anonymous account without a password, by either name", async () => {
  await using bed = await Bed.make();
  const wrong = await bed.run(["add", "ftp", "--root", "/pub", "--password-stdin"], { stdin: ["long enough\n"] });
  assertEquals(wrong.status, 2);
  assertStringIncludes(wrong.stderr, "--password-stdin");
  assertEquals(
    (await bed.run(["add", "ftp", "--root", "/pub"])).stdout,
    `Added account "anonymous" to ` +
      `"${bed.path}": ro in "/pub"\n`,
  );
  assertEquals(await bed.json(), [{ name: "anonymous", root: "/pub", permissions: "ro" }]);
});

Deno.test("user takes the password from the first line of stdin, however it arrives", async () => {
  const cases: (readonly string[])[] = [["swordfish7"], ["swordfish7\n"], ["sword", "fish7\r", "\nmore\n"], [
    "swordfish7\n\n",
  ]];
  for (const stdin of cases) {
    await using bed = await Bed.make();
    await bed.run(["add", "bob", "--root", "/", "--password-stdin"], { stdin });
    const check = await bed.run(["check", "bob", "--password-stdin"], { stdin: ["swordfish7\n"] });
    assertEquals(check.status, 0, JSON.stringify(stdin));
  }
});

Deno.test("user asks twice for a new password on a terminal", async () => {
  await using bed = await Bed.make();
  const add = ["add", "bob", "--root", "/"];
  const differ = await bed.run(add, { typed: ["swordfish7", "swordfish8"] });
  assertEquals([differ.status, differ.stderr], [2, "The two passwords differ\n"]);
  const none = await bed.run(add, { typed: [null] });
  assertEquals([none.status, none.stderr], [2, "No password given\n"]);
  assertEquals((await bed.run(add, { typed: ["swordfish7", "swordfish7"] })).status, 0);
  assertEquals((await bed.run(["check", "bob"], { typed: ["swordfish7"] })).status, 0);
});

Deno.test("user explains how to enter a password without a terminal, and refuses a weak one", async () => {
  await using bed = await Bed.make();
  const add = ["add", "bob", "--root", "/"];
  const cases: [string[], string[], string][] = [
    [[], [], "Stdin is not a terminal: use --password-stdin to read the password from it\n"],
    [["--password-stdin"], [], "The password is empty\n"],
    [["--password-stdin"], ["\n"], "The password is empty\n"],
    [["--password-stdin", "--allow-short-password"], ["\n"], "The password is empty\n"],
    [
      ["--password-stdin"],
      ["1234567\n"],
      "The password has 7 characters, fewer than 8: choose a longer one, or add --allow-short-password\n",
    ],
    [["--password-stdin"], ["x".repeat(5000)], "The password on stdin is too long\n"],
  ];
  for (const [flags, stdin, stderr] of cases) {
    assertEquals(await bed.run([...add, ...flags], { stdin }), { status: 2, stdout: "", stderr });
  }
  const weak = await bed.run([...add, "--password-stdin", "--allow-short-password"], { stdin: ["x\n"] });
  assertEquals(weak.status, 0);
});

Deno.test("user set changes what is named, removes limits and leaves the rest", async () => {
  await using bed = await Bed.make();
  await bed.addBob("--quota", "1G", "--disable", "--comment", "x");
  const [before] = await bed.json();
  const set = await bed.run(["set", "bob", "--quota", "none", "--enable", "--max-sessions", "2", "--root", "/srv/new"]);
  assertEquals(set, { status: 0, stdout: `Changed account "bob"\n`, stderr: NO_ROOT });
  assertEquals((await bed.json())[0], {
    name: "bob",
    password: before?.password,
    root: "/srv/new",
    permissions: "rw",
    comment: "x",
    maxSessions: 2,
  });
});

Deno.test("user set without a flag is about the password", async () => {
  await using bed = await Bed.make();
  await bed.addBob();
  assertEquals((await bed.run(["set", "bob"])).status, 2);
  assertEquals((await bed.run(["set", "bob"], { typed: ["another one", "another one"] })).status, 0);
  assertEquals((await bed.run(["check", "bob"], { typed: ["another one"] })).status, 0);
  await bed.run(["add", "anonymous", "--root", "/"]);
  const nothing = await bed.run(["set", "anonymous"]);
  assertEquals([nothing.status, nothing.stderr], [2, "Nothing to change: name a flag such as --root\n"]);
});

Deno.test("user remove takes one account out", async () => {
  await using bed = await Bed.make();
  await bed.addBob();
  await bed.run(["add", "anonymous", "--root", "/"]);
  assertEquals((await bed.run(["remove", "bob"])).stdout, `Removed account "bob"\n`);
  assertEquals((await bed.json()).map(({ name }) => name), ["anonymous"]);
});

Deno.test("user list prints a table", async () => {
  await using bed = await Bed.make();
  await bed.addBob("--permissions", "ro", "--permissions", "/in=list,write,no-overwrite");
  await bed.run(["add", "anonymous", "--root", "/pub", "--valid-until", "2020-01-01"]);
  assertEquals(
    (await bed.run(["list"])).stdout,
    `
NAME       STATE    PERMISSIONS                     ROOT
bob        enabled  ro /in=list,write,no-overwrite  /srv/bob
anonymous  expired  ro                              /pub
`.trimStart(),
  );
});

Deno.test("user check shows what the account may do", async () => {
  await using bed = await Bed.make();
  await bed.addBob("--quota", "1G", "--allow-from", "::1", "--upload-rate", "64K", "--max-sessions", "2");
  const check = await bed.run(["check", "bob", "--password-stdin"], { stdin: ["long enough\n"] });
  assertEquals(check.status, 0);
  for (const text of ["/srv/bob", "rw", "1 GiB", "::1", "64 KiB/s", "at most 2"]) {
    assertStringIncludes(check.stdout, text);
  }
});

Deno.test("user exits with 1 when the answer is no", async () => {
  await using bed = await Bed.make();
  await bed.addBob("--disable");
  const cases: [string[], string, string][] = [
    [["check", "bob", "--password-stdin"], "wrong\n", `Wrong password for account "bob"\n`],
    [["check", "bob", "--password-stdin"], "long enough\n", `Account "bob" is disabled\n`],
    [["check", "alice", "--password-stdin"], "x\n", `No account "alice"\n`],
    [["set", "alice", "--enable"], "", `No account "alice"\n`],
    [["remove", "alice"], "", `No account "alice"\n`],
  ];
  for (const [args, stdin, stderr] of cases) {
    assertEquals(await bed.run(args, { stdin: [stdin] }), { status: 1, stdout: "", stderr });
  }
});

Deno.test("user exits with 2 and one line for a bad command line", async () => {
  await using bed = await Bed.make();
  await bed.addBob();
  const cases: [string[], string][] = [
    [["frob"], `Action must be one of add, set, passwd, remove, list, check, import, export, not "frob"\n`],
    [["set"], `Action "set" needs a name\n`],
    [["set", "bob", "alice"], `Unexpected argument "alice", see denoftpd help user\n`],
    [["list", "bob"], `Unexpected argument "bob"\n`],
    [["set", "bob", "--frob"], `Unknown flag "--frob", see denoftpd help user\n`],
    [["set", "bob", "--frob=secret"], `Unknown flag "--frob", see denoftpd help user\n`],
    [["set", "bob", "-f"], `Unknown flag "-f", see denoftpd help user\n`],
    [["set", "bob", "--quota"], `Flag "--quota" needs a value\n`],
    [["set", "bob", "--quota", "1", "--quota", "2"], `Flag "--quota" was given twice\n`],
    [["set", "bob", "--quota", "x"], `Flag "--quota": Must be a size such as "10 MiB", not "x"\n`],
    [["set", "bob", "--max-sessions", "x"], `Flag "--max-sessions": Must be a whole number from 1 up, not "x"\n`],
    [["set", "bob", "--root", "/"], ""],
    [["set", "bob", "--enable", "--disable"], `Flags "--enable" and "--disable" cannot be combined\n`],
    [["add", "alice"], `Flag "--root" must name the account's directory\n`],
  ];
  for (const [args, stderr] of cases) {
    const run = await bed.run(args);
    assertEquals([run.status, run.stderr], [stderr === "" ? 0 : 2, stderr], args.join(" "));
  }
});

Deno.test("user exits with 2 for a missing or broken file, and lists every mistake", async () => {
  await using bed = await Bed.make();
  const missing = await bed.run(["list"]);
  assertEquals([missing.status, missing.stderr], [2, `File "${bed.path}": Does not exist\n`]);
  await Deno.writeTextFile(bed.path, `{"accounts": [{"name": "anonymous"}]}`);
  const broken = await bed.run(["remove", "anonymous"]);
  assertEquals([broken.status, broken.stderr], [
    2,
    `File "${bed.path}": Account "anonymous": field "root": Is missing (and 1 more)
  Account "anonymous": field "permissions": Is missing
`,
  ]);
});

Deno.test("user without arguments or with --help prints its usage", async () => {
  await using bed = await Bed.make();
  const help = await bed.run(["set", "--help"]);
  assertEquals(help.status, 0);
  assertStringIncludes(help.stdout, "Usage: denoftpd user add|set|passwd|remove|check NAME [flags]");
});

Deno.test("user add says what it grants, and creates the root with --create-root", async () => {
  await using bed = await Bed.make();
  const root = join(bed.directory, "ftp", "bob");
  const args = ["add", "bob", "--password-stdin", "--root", root, "--create-root"];
  const { status, stdout } = await bed.run(args, { stdin: ["long enough\n"] });
  assertEquals([status, stdout], [0, `Added account "bob" to "${bed.path}": rw in "${root}"\n`]);
  assert((await Deno.stat(root)).isDirectory);
});

Deno.test("user add leaves root and rights to the group that it names", async () => {
  await using bed = await Bed.make();
  const group = { root: "/srv/staff", permissions: "ro" };
  await Deno.writeTextFile(bed.path, JSON.stringify({ groups: { staff: group }, accounts: [] }));
  const args = ["add", "bob", "--password-stdin", "--group", "staff"];
  const { status, stdout } = await bed.run(args, { stdin: ["long enough\n"] });
  assertEquals([status, stdout], [0, `Added account "bob" to "${bed.path}": ro in "/srv/staff"\n`]);
});

Deno.test("user passwd asks twice, or makes a password that then opens the account", async () => {
  await using bed = await Bed.make();
  await bed.addBob();
  const typed = await bed.run(["passwd", "bob"], { typed: ["another one", "another one"] });
  assertEquals([typed.status, typed.stdout], [0, 'Changed account "bob"\n']);
  assertEquals((await bed.run(["check", "bob", "--password-stdin"], { stdin: ["another one\n"] })).status, 0);
  const made = await bed.run(["passwd", "bob", "--generate"]);
  const [, password = ""] = /^Changed account "bob"\nPassword: ([a-zA-Z2-9]{16})\n$/.exec(made.stdout) ?? [];
  assertEquals((await bed.run(["check", "bob", "--password-stdin"], { stdin: [`${password}\n`] })).status, 0);
});

for (
  const [args, message] of [
    [["passwd", "bob", "--root", "/x"], 'Action "passwd" changes only the password: use "set"'],
    [["passwd", "anonymous"], 'The account "anonymous" has no password'],
    [["add", "anonymous", "--root", "/x", "--generate"], 'Flag "--generate": the account "anonymous" has no password'],
    [["set", "bob", "--generate", "--password-stdin"], 'Flags "--generate" and "--password-stdin" cannot be combined'],
  ] as const
) {
  Deno.test(`user ${args.join(" ")} is refused`, async () => {
    await using bed = await Bed.make();
    await bed.addBob();
    assertEquals(await bed.run(args), { status: 2, stdout: "", stderr: `${message}\n` });
  });
}

Deno.test({
  name: "user gives a new file of root the owner of its directory",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  fn: async () => {
    await using bed = await Bed.make();
    await Deno.chown(bed.directory, 65534, 65534);
    await bed.addBob();
    const { uid, gid, mode } = await Deno.stat(bed.path);
    assertEquals([uid, gid, (mode ?? 0) & 0o777], [65534, 65534, 0o600]);
  },
});

Deno.test({
  name: "user writes into a file that is a mount point, and a watcher says when it has been replaced underneath",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0 || !await mayMount(),
  fn: async () => {
    await using bed = await Bed.make();
    const mounted = join(bed.directory, "mounted.json");
    await Deno.writeTextFile(bed.path, '{ "accounts": [] }');
    await Deno.writeTextFile(mounted, "");
    const main = fromFileUrl(new URL("../../main.ts", import.meta.url));
    const add = (name: string) =>
      `"${Deno.execPath()}" run -A --quiet "${main}" user add ${name} --users "${mounted}" --root / --generate`;
    const script = [
      `mount --bind "${bed.path}" "${mounted}"`,
      `${add("bob")} && ${add("eve")}`,
      `cp "${bed.path}" "${bed.path}.new" && mv "${bed.path}.new" "${bed.path}"`,
      `"${Deno.execPath()}" run -A --quiet "${main}" user list --users "${mounted}"`,
    ].join("\n");
    const { stdout, stderr } = await new Deno.Command("unshare", { args: ["-m", "sh", "-c", script] }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assertEquals(text(stdout).match(/^Added account "(bob|eve)"/gm)?.length, 2, text(stderr));
    assertEquals((await bed.json()).map(({ name }) => name), ["bob", "eve"]);
    assertStringIncludes(text(stderr), "Was replaced on the host, which a mount of a single file does not show");
    const left = Array.from(Deno.readDirSync(bed.directory), ({ name }) => name).toSorted();
    assertEquals(left, ["mounted.json", "users.json"]);
  },
});

async function mayMount(): Promise<boolean> {
  try {
    const args = ["-m", "sh", "-c", "mount --bind /etc/hostname /etc/hosts"];
    return (await new Deno.Command("unshare", { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

Deno.test("user takes the whole text from the draft after an edit in place was cut short", async () => {
  await using bed = await Bed.make();
  await bed.addBob();
  await Deno.copyFile(bed.path, join(bed.directory, ".users.json.new"));
  await Deno.truncate(bed.path, 40);
  assertEquals((await bed.run(["add", "eve", "--root", bed.directory, "--generate"])).status, 0);
  assertEquals((await bed.json()).map(({ name }) => name), ["bob", "eve"]);
});

Deno.test("user and explain find the accounts that DENOFTPD_USERS names, as serve does", async () => {
  await using bed = await Bed.make();
  await using other = await Bed.make();
  await bed.addBob();
  const written: string[] = [];
  const io = { stdout: (text: string) => void written.push(text), stderr: (text: string) => void written.push(text) };
  Deno.env.set("DENOFTPD_USERS", bed.path);
  try {
    assertEquals(await runUser(["add", "eve", "--root", bed.directory, "--generate"], { ...io, stdin: Deno.stdin }), 0);
    assertEquals((await bed.json()).map(({ name }) => name), ["bob", "eve"]);
    assertEquals(await runExplain(["eve", "STOR", "/a.txt"], io), 0);
    assertEquals((await other.run(["add", "zoe", "--root", bed.directory, "--generate"])).status, 0);
    assertEquals((await other.json()).map(({ name }) => name), ["zoe"]);
  } finally {
    Deno.env.delete("DENOFTPD_USERS");
  }
});
