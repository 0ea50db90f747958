import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertNotMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { ACCOUNT_FIELDS } from "../../../lib/auth/file/schema.ts";
import { type Account, rulesOf } from "../../../lib/auth/accounts.ts";
import { AccountsFileError, parseAccounts, readAccountsFile } from "../../../lib/auth/file/read.ts";

const HASH = "$scrypt$ln=4,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const BOB = { name: "bob", password: HASH, root: "data", permissions: "rw" };
const PROJECT = fromFileUrl(new URL("../../../", import.meta.url));

function textOf(...accounts: unknown[]): string {
  return JSON.stringify({ accounts });
}

function parse(...accounts: unknown[]): Account[] {
  return parseAccounts(textOf(...accounts), "/etc/ftp/users.json");
}

/** Everything that is wrong with `text`. */
function problemsOf(text: string): readonly string[] {
  return assertThrows(() => parseAccounts(text, "users.json"), AccountsFileError).problems;
}

Deno.test("parseAccounts supplies defaults", () => {
  const [bob] = parse(BOB);
  assertEquals(bob, {
    name: "bob",
    passwordHash: HASH,
    root: "data",
    rootPath: "/etc/ftp/data",
    rules: bob?.rules ?? [],
    uploads: "safe",
    brokenUploads: "keep",
    enabled: true,
    allowFrom: [],
    mounts: [],
    hide: [],
    deny: [],
    welcome: [],
    tls: "optional",
  });
  assertEquals(bob?.rules.map(({ path, allow, overwrite }) => [path, allow.size, overwrite]), [["/", 9, true]]);
});

Deno.test("parseAccounts takes a path or a URL as root, and changes no URL", () => {
  for (
    const [root, expected] of [
      ["./data/../files", "/etc/ftp/files"],
      ["file:///srv/two%20words", "/srv/two words"],
      ["memory:", "memory:"],
      ["s3://bucket/some/prefix", "s3://bucket/some/prefix"],
      ["./with:colon", "/etc/ftp/with:colon"],
    ] as const
  ) {
    const [account] = parse({ ...BOB, root });
    assertEquals([account?.root, account?.rootPath], [root, expected]);
  }
});

Deno.test("parseAccounts reads every field", () => {
  const [account] = parse({
    ...BOB,
    root: "/srv/ftp",
    permissions: [
      { path: "/", allow: "ro" },
      { path: "/in", allow: ["list", "write"], overwrite: false },
      { path: "/in/own", allow: "dropbox", overwrite: true },
    ],
    uploads: "atomic",
    brokenUploads: "delete",
    maxSessions: 3,
    uploadRate: "1 MiB/s",
    downloadRate: 5000,
    quota: "10 GB",
    enabled: false,
    validUntil: "2030-12-31",
    allowFrom: ["192.0.2.0/24", "::1"],
    tls: "required",
    comment: "A guest",
  });
  assert(account !== undefined);
  assertEquals(account.rootPath, "/srv/ftp");
  assertEquals(account.rules.map(({ path, allow, overwrite }) => [path, [...allow].join(), overwrite]), [
    ["/", "list,read", true],
    ["/in", "list,write", false],
    ["/in/own", "write,mkdir", true],
  ]);
  const { uploads, brokenUploads, maxSessions, uploadRate, downloadRate, quota, enabled, validUntil, tls } = account;
  assertEquals([uploads, brokenUploads, enabled, tls], ["atomic", "delete", false, "required"]);
  assertEquals([maxSessions, uploadRate, downloadRate, quota], [3, 1_048_576, 5000, 10_000_000_000]);
  assertEquals(new Date(validUntil ?? 0).toISOString(), "2031-01-01T00:00:00.000Z");
  assertEquals(account.allowFrom.map((network) => network.text), ["192.0.2.0/24", "::1"]);
});

Deno.test("parseAccounts reads a point in time with its zone", () => {
  const until = (validUntil: string) => parse({ ...BOB, validUntil })[0]?.validUntil;
  assertEquals(until("2030-12-31T18:00:00Z"), Date.UTC(2030, 11, 31, 18));
  assertEquals(until("2030-12-31T18:00+02:00"), Date.UTC(2030, 11, 31, 16));
});

Deno.test("parseAccounts names the account and the field of each mistake", () => {
  const cases: [unknown, string][] = [
    [
      { ...BOB, pasword: "x" },
      `field "pasword": Unknown field: did you mean "password"? The fields are ${ACCOUNT_FIELDS.join(", ")}`,
    ],
    [{ ...BOB, salary: "x" }, `field "salary": Unknown field; the fields are ${ACCOUNT_FIELDS.join(", ")}`],
    [{ ...BOB, root: "" }, `field "root": Must be a non-empty string`],
    [{ ...BOB, uploads: "atomc" }, `field "uploads": Must be "safe", "inPlace" or "atomic", not "atomc"`],
    [{ ...BOB, maxSessions: 0 }, `field "maxSessions": Must be a whole number from 1 up, not 0`],
    [{ ...BOB, maxSessions: "5" }, `field "maxSessions": Must be a whole number from 1 up, not "5"`],
    [{ ...BOB, quota: "10 X" }, `field "quota": Must be a size such as "10 MiB", not "10 X"`],
    [{ ...BOB, enabled: "yes" }, `field "enabled": Must be true or false, not "yes"`],
    [{ ...BOB, allowFrom: "::1" }, `field "allowFrom": Must be a list, not "::1"`],
    [{ ...BOB, permissions: [] }, `field "permissions": Must contain at least one rule; use "none" to grant nothing`],
    [{ ...BOB, permissions: [{ path: "/" }] }, `field "permissions[0].allow": Is missing`],
    [
      { ...BOB, permissions: [{ path: "/", allow: "ro", overwite: true }] },
      `field "permissions[0].overwite": Unknown field: did you mean "overwrite"? The fields are path, allow, overwrite`,
    ],
    [
      { ...BOB, permissions: [{ path: "/a/../b", allow: "ro" }] },
      `field "permissions[0].path": Must be a path such as "/" or "/incoming", not "/a/../b"`,
    ],
    [
      { ...BOB, allowFrom: ["::1", "192.0.2.1/24"] },
      `field "allowFrom[1]": Must be an address or a network such as "192.0.2.0/24", not "192.0.2.1/24"`,
    ],
    [
      { ...BOB, validUntil: "2030-02-31" },
      `field "validUntil": Must be a day "2030-12-31" or a time "2030-12-31T18:00:00Z", not "2030-02-31"`,
    ],
  ];
  for (const [account, problem] of cases) assertEquals(problemsOf(textOf(account)), [`Account "bob": ${problem}`]);
  const [wrongRight] = problemsOf(
    textOf({ ...BOB, permissions: [{ path: "/", allow: "ro" }, { path: "/a", allow: ["wirte"] }] }),
  );
  assert(wrongRight?.startsWith(`Account "bob": field "permissions[1].allow": Unknown right "wirte"`), wrongRight);
});

Deno.test("parseAccounts refuses an invalid day or time", () => {
  for (const validUntil of ["2030-13-01", "tomorrow", "2030-12-31T25:00Z", "2030-12-31T18:00", 5, null]) {
    assertEquals(problemsOf(textOf({ ...BOB, validUntil })).length, 1, String(validUntil));
  }
});

Deno.test("parseAccounts never shows the value that is not a hash", () => {
  const [problem = ""] = problemsOf(textOf({ ...BOB, password: "swordfish" }));
  assert(problem.startsWith(`Account "bob": field "password": Must be a hash`));
  assertNotMatch(problem, /swordfish/);
});

Deno.test("parseAccounts reports everything at once and puts the first into its message", () => {
  const text = textOf({ name: "a" }, 5, { ...BOB, quota: 0 }, { ...BOB, name: "c" }, { ...BOB, name: "c" });
  const error = assertThrows(() => parseAccounts(text, "users.json"), AccountsFileError);
  assertEquals(error.problems, [
    `Account "a": field "root": Is missing`,
    `Account "a": field "permissions": Is missing`,
    `Account "a": field "password": Is missing`,
    `Account number 2: Must be an object, not 5`,
    `Account "bob": field "quota": Must be a whole number from 1 up, not 0`,
    `Account "c": Another account has the same name`,
  ]);
  assertEquals(error.message, `File "users.json": Account "a": field "root": Is missing (and 5 more)`);
});

Deno.test("parseAccounts knows the fixed meaning of anonymous", () => {
  const anonymous = { name: "anonymous", root: "pub", permissions: "ro" };
  assertEquals(parse(anonymous)[0]?.passwordHash, undefined);
  assertEquals(problemsOf(textOf({ ...anonymous, password: HASH })), [
    `Account "anonymous": field "password": Not allowed: any password opens the account "anonymous"`,
  ]);
  for (const name of ["ftp", "Anonymous"]) {
    assertEquals(problemsOf(textOf({ ...BOB, name })), [
      `Account "${name}": field "name": Must be "anonymous", the name that also accepts "ftp", not "${name}"`,
    ]);
  }
});

Deno.test("parseAccounts refuses names that cannot be typed", () => {
  for (const name of ["", " bob", "bob ", "b\nob", "b\u009bob", 7]) {
    assertEquals(problemsOf(textOf({ ...BOB, name })).length, 1, String(name));
  }
});

Deno.test("parseAccounts says where the JSON breaks off and quotes nothing of the file", () => {
  const cases: [string, string][] = [
    ["", "Not valid JSON: Unexpected end of JSON input"],
    ["\x1b[31m", "Not valid JSON: Unexpected token '\\u001b' (near line 1)"],
    [`{"accounts": [], "\x9b": 1}`, `Field "\\u009b": Unknown field; the fields are accounts, groups, $schema`],
    [`{\n  "accounts": [],\n}`, "Not valid JSON: Expected double-quoted property name (line 3 column 1)"],
    [`{\n  "accounts": [\n    {"password": secret}\n  ]\n}`, `Not valid JSON: Unexpected token 's' (near line 3)`],
    ["[]", `Must be an object with a list "accounts"`],
    ["{}", `Field "accounts": Is missing`],
    [`{"accounts": {}}`, `Field "accounts": Must be a list of accounts`],
    [`{"$schema": 1, "accounts": []}`, `Field "$schema": Must be a string`],
    [`{"accounts": [], "users": []}`, `Field "users": Unknown field; the fields are accounts, groups, $schema`],
  ];
  for (const [text, problem] of cases) assertEquals(problemsOf(text), [problem]);
});

Deno.test("parseAccounts takes a byte order mark and a $schema", () => {
  assertEquals(parseAccounts(`\uFEFF{"$schema": "x.json", "accounts": []}`, "users.json"), []);
});

Deno.test("readAccountsFile rejects with one error for a missing file or something that is not a file", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = join(directory, "users.json");
    const error = await assertRejects(() => readAccountsFile(path), AccountsFileError);
    assertEquals(error.message, `File "${path}": Does not exist`);
    assertInstanceOf(error.cause, Deno.errors.NotFound);
    await assertRejects(() => readAccountsFile(directory), AccountsFileError, "Is a directory");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test({
  name: "readAccountsFile names the flag that the runtime wants",
  permissions: { read: false },
  fn: async () => {
    await assertRejects(() => readAccountsFile("users.json"), AccountsFileError, "add --allow-read=users.json");
  },
});

Deno.test("users.json has the demo accounts", async () => {
  const accounts = await readAccountsFile(join(PROJECT, "users.json"));
  assertEquals(accounts.map(({ name, root }) => [name, root]), [
    ["demo", "./data"],
    ["reader", "./data"],
    ["anonymous", "./data/pub"],
  ]);
});

Deno.test("parseAccounts reads mounts, with roots of any driver and rules of their own", () => {
  const [account] = parse({
    ...BOB,
    mounts: [
      { at: "/archive", root: "../archive", permissions: "ro", quota: "1 KiB" },
      { at: "/archive/x", root: "memory:x", permissions: [{ path: "/in", allow: "dropbox" }] },
    ],
  });
  assertEquals(account?.mounts.map(({ at, root, rootPath, quota }) => [at, root, rootPath, quota]), [
    ["/archive", "../archive", "/etc/archive", 1024],
    ["/archive/x", "memory:x", "memory:x", undefined],
  ]);
  const rules = account && rulesOf(account).map(({ path, allow, overwrite }) => [path, allow.size, overwrite]);
  assertEquals(rules, [
    ["/", 9, true],
    ["/archive", 2, true],
    ["/archive/x", 0, false],
    ["/archive/x/in", 2, false],
  ]);
});

Deno.test("parseAccounts needs no root where there are mounts", () => {
  const { root: _, permissions: __, ...others } = BOB;
  const [account] = parse({ ...others, mounts: [{ at: "/a", root: "a", permissions: "rw" }] });
  assertEquals([account?.rootPath, account?.rules.map(({ allow }) => [...allow])], ["empty:", [["list", "read"]]]);
  const missing = [`Account "bob": field "root": Is missing`, `Account "bob": field "permissions": Is missing`];
  assertEquals(problemsOf(textOf(others)), missing);
  assertEquals(problemsOf(textOf({ ...others, mounts: [] })), missing);
  assertEquals(problemsOf(textOf({ ...others, root: "x" })), [`Account "bob": field "permissions": Is missing`]);
});

Deno.test("parseAccounts says what is wrong with mounts", () => {
  const MOUNT = { at: "/a", root: "a", permissions: "rw" };
  const cases: readonly (readonly [mounts: unknown, problem: string])[] = [
    ["x", `field "mounts": Must be a list of mounts, not "x"`],
    [[{ ...MOUNT, at: "/" }], `field "mounts[0].at": Must be a path such as "/archive", not "/"`],
    [[{ ...MOUNT, at: "/a/../b" }], `field "mounts[0].at": Must be a path such as "/" or "/incoming", not "/a/../b"`],
    [[MOUNT, MOUNT], `field "mounts": Has two mounts at "/a"`],
    [[{ at: "/a", root: "a" }], `field "mounts[0].permissions": Is missing`],
    [[{ ...MOUNT, rot: 1 }], `field "mounts[0].rot": Unknown field: did you mean "root"? The fields are at, `],
    [[{ ...MOUNT, permissions: "wr" }], `field "mounts[0].permissions": Unknown right "wr"`],
    [Array.from({ length: 65 }, (_, i) => ({ ...MOUNT, at: `/${i}` })), `field "mounts": Must not have more than 64`],
  ];
  for (const [mounts, problem] of cases) {
    const [first = ""] = problemsOf(textOf({ ...BOB, mounts }));
    assertEquals(first.slice(0, `Account "bob": ${problem}`.length), `Account "bob": ${problem}`);
  }
  const hidden = { ...BOB, permissions: [{ path: "/", allow: "ro" }, { path: "/a/in", allow: "rw" }], mounts: [MOUNT] };
  assertEquals(problemsOf(textOf(hidden)), [
    `Account "bob": field "permissions": The rule for "/a/in" is in the mount "/a": write it there, with its path in ` +
    "the mount",
  ]);
});

/** Everything that is wrong with a file of these groups and accounts. */
function problemsOfFile(groups: unknown, ...accounts: unknown[]): readonly string[] {
  return problemsOf(JSON.stringify({ groups, accounts }));
}

Deno.test("parseAccounts gives accounts the fields of their groups, each from the first that has it", () => {
  const groups = {
    staff: { root: "./home/%u", permissions: "rw", quota: "1 KiB", hide: [".git"], comment: "all of us" },
    guests: { root: "./guests", permissions: "ro", quota: "2 KiB", maxSessions: 1, uploads: "atomic" },
  };
  const accounts = [
    { name: "ann", password: HASH, group: "staff" },
    { name: "bob", password: HASH, group: ["guests", "staff"], quota: "3 KiB", hide: [] },
    { name: "anonymous", group: ["guests"] },
    { ...BOB, name: "eve" },
  ];
  const read = parseAccounts(JSON.stringify({ groups, accounts }), "/etc/ftp/users.json");
  assertEquals(read.map((each) => [each.rootPath, each.quota, each.maxSessions, each.uploads, each.hide]), [
    ["/etc/ftp/home/ann", 1024, undefined, "safe", [".git"]],
    ["/etc/ftp/guests", 3072, 1, "atomic", []],
    ["/etc/ftp/guests", 2048, 1, "atomic", []],
    ["/etc/ftp/data", undefined, undefined, "safe", []],
  ]);
  assertEquals(read.map(({ brokenUploads }) => brokenUploads), ["keep", "delete", "delete", "keep"]);
});

Deno.test("parseAccounts says what is wrong with groups, once", () => {
  const ann = { name: "ann", password: HASH, group: "staff" };
  const [staff = "", other, ...more] = problemsOfFile({ staff: { permissions: "wr" }, other: 5 }, ann);
  assertMatch(staff, /^Group "staff": field "permissions": Unknown right "wr"/);
  assertEquals([other, more], [`Group "other": Must be an object, not 5`, []]);
  const [own = ""] = problemsOfFile({ staff: { password: HASH } }, ann);
  assertMatch(own, /^Group "staff": field "password": Unknown field; the fields are root, permissions, /);
  assertEquals(problemsOfFile({ staff: {}, x: {} }, { ...ann, group: ["staff", "stuff"] }), [
    `Account "ann": field "group": There is no group "stuff"; there are "staff", "x"`,
  ]);
  assertEquals(problemsOf(textOf(ann)), [
    `Account "ann": field "group": There is no group "staff": the file has no "groups"`,
  ]);
  assertEquals(problemsOfFile({ staff: { quota: 1 } }, ann), [
    `Account "ann": field "root": Is missing`,
    `Account "ann": field "permissions": Is missing`,
  ]);
});

Deno.test("parseAccounts puts the name into a root, and never lets it lead elsewhere", () => {
  const rootOf = (name: string, root: string) => parse({ ...BOB, name, root })[0]?.rootPath;
  assertEquals(rootOf("ann", "/home/%u/ftp"), "/home/ann/ftp");
  assertEquals(rootOf("ann", "/home/%%u"), "/home/%u");
  assertEquals(rootOf("a%2f..", "file:///srv/%u"), "/srv/a%2f..");
  assertEquals(rootOf("$& x", "/home/%u"), "/home/$& x");
  assertEquals(rootOf("ann", "memory:%u"), "memory:ann");
  assertEquals(parse({ name: "anonymous", root: "/srv/%u", permissions: "ro" })[0]?.rootPath, "/srv/anonymous");
  for (const name of ["../bob", "..", ".", "a/b", "a\\b", "memory:x", "/etc"]) {
    assertEquals(problemsOf(textOf({ ...BOB, name, root: "%u" })), [
      `Account ${JSON.stringify(name)}: field "root": Has %u, and ${JSON.stringify(name)} cannot be the name of a ` +
      "directory: write the root out",
    ]);
    const mounts = [{ at: "/m", root: "x", permissions: "ro" }, { at: "/n", root: "/srv/%u", permissions: "ro" }];
    const [problem = ""] = problemsOf(textOf({ ...BOB, name, mounts }));
    assert(problem.includes(`field "mounts[1].root": Has %u`), problem);
  }
});

Deno.test("parseAccounts reads patterns, masks and a welcome", () => {
  const [account] = parse({
    ...BOB,
    hide: [".*"],
    deny: ["*.{exe,com}"],
    umask: "027",
    directoryUmask: "0007",
    maxFileSize: "1 KiB",
    welcome: "Hello %u\n\nBye\n",
  });
  assertEquals([account?.hide, account?.deny, account?.umask, account?.directoryUmask, account?.maxFileSize], [
    [".*"],
    ["*.{exe,com}"],
    0o027,
    0o007,
    1024,
  ]);
  assertEquals(account?.welcome, ["Hello %u", "", "Bye"]);
  const wrong: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
    [{ hide: ["a/b"] }, /field "hide\[0\]": Must be a pattern for single names, without "\/", such as "\*\.tmp"/],
    [{ deny: "x" }, /field "deny": Must be a list of patterns, not "x"/],
    [{ deny: [""] }, /field "deny\[0\]": Must be a non-empty string/],
    [{ deny: ["x".repeat(256)] }, /field "deny\[0\]": Pattern has more than 255 characters/],
    [{ hide: Array(101).fill("x") }, /field "hide": Must not have more than 100 patterns/],
    [{ umask: 22 }, /field "umask": Must be an octal number in quotes, such as "027", not 22/],
    [{ umask: "89" }, /field "umask": Must be an octal number in quotes/],
    [{ welcome: ["a\r\n230 x"] }, /field "welcome\[0\]": Must not contain control characters/],
    [{ welcome: Array(21).fill("x") }, /field "welcome": Must not have more than 20 lines/],
    [{ welcome: "x".repeat(201) }, /field "welcome(\[0\])?": Must not be longer than 200 characters/],
  ];
  for (const [fields, problem] of wrong) assertMatch(problemsOf(textOf({ ...BOB, ...fields }))[0] ?? "", problem);
});

Deno.test("parseAccounts takes hashes of other systems, and says what to do about those it does not take", () => {
  const password = "$2y$04$8HW/Ml0eQqlMzprBg5JQbuZq3vAE3xd1rv.kznPg7yDBfsOxwTV0W";
  assertEquals(parse({ ...BOB, password })[0]?.passwordHash, password);
  assertEquals(problemsOf(textOf({ ...BOB, password: "$1$53OYCrYi$dUPopeN55hZphaEm93HKj." })), [
    `Account "bob": field "password": Is MD5-crypt, which is broken, and not supported: give the account a new password`,
  ]);
});
