import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { readAccountsFile } from "../../lib/auth/file/read.ts";
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
    assertEquals(added, { status: 0, stdout: `Added account "bob"\n`, stderr: "" });
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
  assertEquals((await bed.run(["add", "ftp", "--root", "/pub"])).stdout, `Added account "anonymous"\n`);
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
  assertEquals(set, { status: 0, stdout: `Changed account "bob"\n`, stderr: "" });
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
    [["frob"], `Action must be one of add, set, remove, list, check, not "frob"\n`],
    [["set"], `Action "set" needs a name\n`],
    [["set", "bob", "alice"], `Unexpected argument "alice"\n`],
    [["list", "bob"], `Unexpected argument "bob"\n`],
    [["set", "bob", "--frob"], `Unknown flag "--frob", see denoftpd help user\n`],
    [["set", "bob", "--frob=secret"], `Unknown flag "--frob", see denoftpd help user\n`],
    [["set", "bob", "-f"], `Unknown flag "-f", see denoftpd help user\n`],
    [["set", "bob", "--quota"], `Flag "--quota" needs a value\n`],
    [["set", "bob", "--quota", "1", "--quota", "2"], `Flag "--quota" was given twice\n`],
    [["set", "bob", "--quota", "x"], `Flag "--quota": Must be a size such as "10 MiB", not "x"\n`],
    [["set", "bob", "--max-sessions", "x"], `Flag "--max-sessions": Must be a whole number from 1 up, not "x"\n`],
    [["set", "bob", "--root", "none"], ""],
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
  assertStringIncludes(help.stdout, "Usage: denoftpd user add|set|remove|check NAME --users FILE");
});
