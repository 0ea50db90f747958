import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { MemoryAccounts } from "../../lib/auth/accounts.ts";
import { PasswordAuthenticator } from "../../lib/auth/authenticator.ts";
import { readAccountsFile } from "../../lib/auth/file/read.ts";
import { verifyPassword } from "../../lib/auth/password.ts";
import { runUser } from "../../lib/cli/user/user.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { Wire } from "../helpers/wire.ts";

/** Made by pure-pw 1.0.50 of Debian 12: "pure-pw useradd", the second with every limit. Password: secret12. */
const PURE_FTPD = `# comment
alice:$argon2id$v=19$m=8192,t=63,p=1$K+8vQmUiB4qD4V4PGJmq3g$k9aX04hQBuETPwRznzjHyHd901qTFU7iGU4Phta9fbM:1000:1000::/srv/ftp/alice/./::::::::::::
bob:$argon2id$v=19$m=8192,t=63,p=1$elDzqynJg0nSmnei+R54tQ$igq4Hjiv3LTEd2VMKWsTnxm3vqpw3vCyQ5H/kLK7jeY:1000:1000::/srv/ftp/bob:204800:102400:1:2:3:1000:10485760:::192.0.2.0/24,198.51.100.7:203.0.113.5:900-1800
`;

/** Made by ftpasswd of ProFTPD 1.3.8 of Debian 12, "lock" by "ftpasswd --passwd --lock". Password: secret12. */
const PROFTPD =
  `carol:$6$nzfrMWybTfpm7wgy$b6UQVlHR7ayk6cNP0bl1TE50vDHoELMsq/.WOg7THNXB73mJoeeqMz3ZBOCAs44GtK/oYoiu36UXDMErA3Ocl0:1001:1001:A comment:/srv/ftp/carol:/bin/false
dave:$5$SPCAPOeTv1LwQfKo$tXnH.oAwwQDdONUxZ7aTx3qxFMT0Tcpvo5YiL8isOR9:1002:1001::/srv/ftp/dave:/bin/false
lock:!$6$Pxu6NQUmBHaDzuzN$ktmdZRjYtmCJOMO4VojqKne0X8kq8/qAQWo3Y6F./Q6cOdmeHsho2F9BWvuqBcS9nK6phyUWDceBwUZdr16fu.:1003:1001::/srv/ftp/dave:/bin/false
old:$1$53OYCrYi$dUPopeN55hZphaEm93HKj.:1003:1001::/srv/ftp/old:/bin/false
short:x:1003
ftp:$5$SPCAPOeTv1LwQfKo$tXnH.oAwwQDdONUxZ7aTx3qxFMT0Tcpvo5YiL8isOR9:1002:1001::/srv/ftp/dave:/bin/false
`;

/** "secret" with SFTPGo's PBKDF2, made with Python's hashlib as SFTPGo does it, and by htpasswd. */
const SFTPGO = {
  users: [
    {
      username: "eve",
      status: 1,
      password: "$2b$05$Lp.eY1zmBqCJbOaO4YYg3ePXZ45TCS1GoQwWlEW6iC/qORlZ/1zhi",
      expiration_date: Date.parse("2031-01-02T03:04:05.678Z"),
      home_dir: "/srv/sftpgo/data/eve",
      virtual_folders: [
        { name: "archive", virtual_path: "/archive", quota_size: 1000, quota_files: 0 },
        { name: "shared", virtual_path: "/shared", mapped_path: "/srv/shared", quota_size: -1, quota_files: -1 },
        { name: "cloud", virtual_path: "/cloud", filesystem: { provider: 1 } },
      ],
      max_sessions: 2,
      quota_size: 5000,
      permissions: {
        "/": ["list", "download", "upload", "create_dirs", "rename_files"],
        "/sub": ["*"],
        "/archive": ["list", "download"],
        "/archive/in": ["list", "upload", "overwrite", "delete_files"],
        "/shared": ["*"],
      },
      upload_bandwidth: 10,
      download_bandwidth: 0,
      filters: {
        allowed_ip: ["192.0.2.0/24"],
        denied_ip: ["198.51.100.0/24"],
        file_patterns: [
          { path: "/", denied_patterns: ["*.zip", "a{b}"], deny_policy: 0 },
          { path: "/sub", denied_patterns: [".git"], deny_policy: 1 },
        ],
        max_upload_file_size: 300,
      },
      description: "Eve",
    },
    { username: "off", status: 0, password: "", home_dir: "/srv/off", permissions: { "/": ["*"] } },
    {
      username: "strict",
      password: "$pbkdf2-sha256$1000$E86a9YMX3zC7$XfjWMLcvbZceSv9fFPj+HtJxb+Br7J8rDSOwJWTAc8Y=",
      home_dir: "/srv/strict",
      permissions: { "/": ["*"] },
      filters: {
        denied_ip: ["198.51.100.0/24"],
        denied_protocols: ["FTP"],
        access_time: [{ day_of_week: 1, from: "00:00", to: "01:00" }],
      },
      groups: [{ name: "staff", type: 1 }],
    },
    { username: "remote", password: "", home_dir: "/x", permissions: { "/": ["*"] }, filesystem: { provider: 1 } },
  ],
  folders: [{ name: "archive", mapped_path: "/srv/archive" }],
  version: 17,
};

interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly into: string;
}

async function withImport(
  text: string,
  flags: readonly string[],
  check: (result: Result, again: (...more: string[]) => Promise<Result>) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const [file, into] = [join(directory, "theirs"), join(directory, "users.json")];
    await Deno.writeTextFile(file, text);
    const run = async (...more: string[]): Promise<Result> => {
      const written = { stdout: "", stderr: "" };
      const status = await runUser(["import", file, "--into", into, ...flags, ...more], {
        stdin: { readable: ReadableStream.from([]), isTerminal: () => false },
        stdout: (more) => void (written.stdout += more),
        stderr: (more) => void (written.stderr += more),
      });
      return { ...written, status, into };
    };
    await check(await run(), run);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A real login at a real server with the accounts of `file`. */
async function loginCode(file: string, name: string, password: string): Promise<number> {
  await using server = new FtpServer({
    authenticator: new PasswordAuthenticator(new MemoryAccounts(await readAccountsFile(file))),
    fileSystem: () => new MemoryVfs(),
    port: 0,
    failureDelay: 0,
    guessInterval: 0,
  });
  server.listen();
  await using ftp = await Wire.connect(server.address.port);
  await ftp.expectReply(220);
  await ftp.expect(`USER ${name}`, 331);
  return (await ftp.say(`PASS ${password}`)).code;
}

Deno.test("user import takes over Pure-FTPd's accounts, with their passwords", () =>
  withImport(PURE_FTPD, ["--from", "pure-ftpd", "--permissions", "rw"], async ({ status, stdout, into }) => {
    assertEquals(status, 0);
    const [alice, bob] = await readAccountsFile(into);
    assertEquals([alice?.root, alice?.enabled, alice?.rules[0]?.allow.size], ["/srv/ftp/alice", true, 9]);
    assertEquals([await loginCode(into, "alice", "secret12"), await loginCode(into, "alice", "secret")], [230, 530]);
    assert(await verifyPassword("secret12", bob?.passwordHash ?? ""));
    assertEquals([bob?.root, bob?.enabled, bob?.uploadRate, bob?.downloadRate, bob?.maxSessions, bob?.quota], [
      ...["/srv/ftp/bob", false],
      ...[204800, 102400, 3, 10485760],
    ]);
    assertEquals(bob?.allowFrom.map(({ text }) => text), ["192.0.2.0/24", "198.51.100.7"]);
    assertEquals(
      stdout.replace(into, "INTO"),
      `"alice"
  Files belonged to 1000:1000: here all belong to the user that the server runs as
"bob"
  Was not kept in its directory: it is now
  Files belonged to 1000:1000: here all belong to the user that the server runs as
  Ratio of uploads to downloads 1:2: there is no such limit here, so the account is disabled
  At most 1000 files: there is no such limit here, so the account is disabled
  Logins at 900-1800 only: there is no such limit here, so the account is disabled
Added 2 of 2 accounts to "INTO"
`,
    );
  }));

Deno.test("user import gives no right that a file does not name, and loosens no network", async () => {
  const line = (from: string, notFrom: string) =>
    `x:$5$SPCAPOeTv1LwQfKo$tXnH.oAwwQDdONUxZ7aTx3qxFMT0Tcpvo5YiL8isOR9:1:1::/srv/x/./sub::::::::::${from}:${notFrom}:`;
  for (
    const [from, notFrom, enabled] of [
      ["10.0.0.0/8", "", true],
      ["10.0.0.0/8", "192.0.2.1", true],
      ["10.0.0.0/8", "10.1.0.0/16", false],
      ["10.1.0.0/16", "10.0.0.0/8", false],
      ["", "192.0.2.1", false],
      ["ftp.example.org", "", false],
    ] as const
  ) {
    await withImport(line(from, notFrom), ["--from", "pure-ftpd"], async ({ into, stdout }) => {
      const [account] = await readAccountsFile(into);
      assertEquals([account?.enabled, [...account?.rules[0]?.allow ?? []]], [enabled, ["list", "read"]], stdout);
      assertStringIncludes(stdout, `Begins in "/", not in "/sub"`);
    });
  }
});

Deno.test("user import takes over ProFTPD's accounts, and says which it cannot", () =>
  withImport(PROFTPD, ["--from", "proftpd"], async ({ status, stdout, into }) => {
    assertEquals(status, 1);
    const accounts = await readAccountsFile(into);
    assertEquals(accounts.map(({ name, root, enabled }) => [name, root, enabled]), [
      ["carol", "/srv/ftp/carol", true],
      ["dave", "/srv/ftp/dave", true],
      ["lock", "/srv/ftp/dave", false],
      ["old", "/srv/ftp/old", true],
    ]);
    assertEquals([await loginCode(into, "carol", "secret12"), await loginCode(into, "dave", "secret12")], [230, 230]);
    assertEquals([await loginCode(into, "lock", "secret12"), await loginCode(into, "old", "x")], [530, 530]);
    assertMatch(stdout, /"old"\n {2}Is MD5-crypt, which is broken: no password opens the account, give it one with/);
    assertMatch(stdout, /"lock"\n {2}The password is locked: disabled\n/);
    assertMatch(stdout, /"short"\n {2}Not taken over: line 5 has 3 fields, not 7\n/);
    assertMatch(stdout, /"ftp"\n.*\n {2}Not taken over: "ftp" is the anonymous account here/);
    assertMatch(stdout, /Added 4 of 6 accounts/);
  }));

Deno.test("user import takes over SFTPGo's users, folders and filters, never with more rights", () =>
  withImport(JSON.stringify(SFTPGO), ["--from", "sftpgo"], async ({ status, stdout, into }) => {
    assertEquals(status, 1);
    const [eve, off, strict, ...more] = await readAccountsFile(into);
    assertEquals([eve?.name, off?.name, strict?.name, more], ["eve", "off", "strict", []]);
    assertEquals(await verifyPassword("secret", eve?.passwordHash ?? ""), true);
    const rules = eve?.rules.map(({ path, allow, overwrite }) => [path, [...allow].join(), overwrite]);
    const all = "list,read,write,append,delete,rename,mkdir,rmdir,modify";
    assertEquals(rules, [["/", "list,read,write,mkdir", false], ["/sub", all, true]]);
    const mounts = eve?.mounts.map(({ at, root, quota, rules }) => [at, root, quota, rules.length]);
    assertEquals(mounts, [["/archive", "/srv/archive", 1000, 2], ["/shared", "/srv/shared", undefined, 1]]);
    const inner = eve?.mounts[0]?.rules.map(({ path, allow, overwrite }) => [path, [...allow].join(), overwrite]);
    assertEquals(inner, [["/", "list,read", true], ["/in", "list,write,append,delete", true]]);
    assertEquals([...eve?.mounts[1]?.rules[0]?.allow ?? []], ["list", "read"]);
    assertEquals([eve?.enabled, eve?.quota, eve?.maxSessions, eve?.uploadRate, eve?.maxFileSize, eve?.validUntil], [
      ...[true, 5000, 2, 10240],
      ...[300, Date.parse("2031-01-02T03:04:05Z")],
    ]);
    assertEquals([eve?.deny, eve?.hide], [["*.zip", "a\\{b\\}"], [".git"]]);
    assertMatch(stdout, /Rights rename_files at "\/" are not taken over alone/);
    assertMatch(stdout, /Folder "cloud" at "\/cloud" is not on the disk of the server: not taken over/);
    assertMatch(stdout, /Folder "\/shared" shared the quota of the account: it can only be read now/);
    assertEquals([off?.enabled, strict?.enabled], [false, false]);
    for (const lost of ["No logins from 198.51.100.0/24", "Hours of access", "Settings of the groups staff"]) {
      assertStringIncludes(stdout, `${lost}: there is no such limit here, so the account is disabled`);
    }
    assertMatch(stdout, /"remote"\n.*\n {2}Not taken over: its files are not on the disk of the server/);
  }));

Deno.test("user import reads SFTPGo's PBKDF2, whose salt is text", async () => {
  // Python: base64.b64encode(hashlib.pbkdf2_hmac("sha256", b"secret", b"E86a9YMX3zC7", 1000))
  const password = "$pbkdf2-sha256$1000$E86a9YMX3zC7$XfjWMLcvbZceSv9fFPj+HtJxb+Br7J8rDSOwJWTAc8Y=";
  const users = [{ username: "eve", password, home_dir: "/srv/eve", permissions: { "/": ["list"] } }];
  await withImport(JSON.stringify({ users }), ["--from", "sftpgo"], async ({ into }) => {
    const [eve] = await readAccountsFile(into);
    assertEquals(await verifyPassword("secret", eve?.passwordHash ?? ""), true);
  });
});

Deno.test("user import changes no account that is there, and nothing at all with --dry-run", () =>
  withImport(PROFTPD.split("\n", 1).join(), ["--from", "proftpd"], async ({ status, into }, again) => {
    assertEquals(status, 0);
    const before = await Deno.readTextFile(into);
    const second = await again("--permissions", "rw");
    assertEquals(second.status, 1);
    assertMatch(second.stdout, /"carol"\n {2}Not taken over: there is such an account already\nAdded 0 of 1 accounts/);
    assertEquals(await Deno.readTextFile(into), before);
    await Deno.remove(into);
    const dry = await again("--dry-run");
    assertEquals(dry.status, 0);
    assertMatch(dry.stdout, /Would add 1 of 1 accounts/);
    assertEquals(await Deno.stat(into).catch(() => "none"), "none");
  }));

Deno.test("user import says what is wrong with its command line or its file", async () => {
  const cases: readonly (readonly [text: string, flags: readonly string[], problem: RegExp])[] = [
    ["", [], /Flag "--from" must be one of pure-ftpd, proftpd, sftpgo\n/],
    ["", ["--from", "vsftpd"], /Flag "--from" must be one of .*, not "vsftpd"/],
    ["", ["--from", "toString"], /Flag "--from" must be one of/],
    ["", ["--from", "proftpd", "--permissions", "wr"], /Flag "--permissions": .*wr/],
    ["{", ["--from", "sftpgo"], /The file is not JSON: make it with SFTPGo's backup/],
    ["{}", ["--from", "sftpgo"], /The file is not a backup of SFTPGo: users: /],
    [`{"users": [{"username": 1}]}`, ["--from", "sftpgo"], /users\.0\.username/],
  ];
  for (const [text, flags, problem] of cases) {
    await withImport(text, flags, ({ status, stderr, stdout }) => {
      assertEquals([status, stdout], [2, ""]);
      assertMatch(stderr, problem);
      return Promise.resolve();
    });
  }
});

Deno.test("user import passes no control character of a file on to the terminal", () =>
  withImport("e\x1b[2Jve:x:1:1::/srv/\x1b[2J:/bin/false\n", ["--from", "proftpd"], ({ stdout }) => {
    // deno-lint-ignore no-control-regex -- it is what must not be there
    assertEquals(/[\x00-\x09\x0b-\x1f\x7f]/.test(stdout), false, JSON.stringify(stdout));
    return Promise.resolve();
  }));
