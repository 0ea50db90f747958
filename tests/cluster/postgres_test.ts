import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DatabasePlace } from "../../lib/auth/postgres/place.ts";
import { connect } from "../../lib/auth/postgres/client.ts";
import { migrate, MIGRATIONS } from "../../lib/auth/postgres/migrations.ts";
import { parseDatabaseUrl } from "../../lib/auth/postgres/url.ts";
import { DatabaseAccounts } from "../../lib/auth/postgres/watch.ts";
import { ofAccounts } from "../../lib/auth/place.ts";
import { runConfig } from "../../lib/cli/config.ts";
import { runPermissions } from "../../lib/cli/permissions/command.ts";
import { runUser } from "../../lib/cli/user/user.ts";
import { readSecrets } from "../../lib/auth/postgres/secrets.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { startServe } from "../cli/serve_process.ts";
import { testCertificate } from "../helpers/tls.ts";
import { DATABASE_PASSWORD, Postgres } from "../helpers/postgres.ts";
import { Wire } from "../helpers/wire.ts";

const ignore = !await Postgres.isInstalled() && Deno.env.get("CI") === undefined;

const HOUR = 3_600_000;
/** Password: demo. */
const HASH = "$scrypt$ln=14,r=8,p=1$v4LEZTvw8/Xbwtq5jxgWdQ$GQuWuSXJhNbqXcUnp229g1tk9n9IWbQrAnIGTshPC1c";
const noVariable = () => undefined;

interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command whose output is collected. */
async function run(
  command: (io: { stdout(text: string): void; stderr(text: string): void }) => Promise<number>,
): Promise<Run> {
  const written = { stdout: "", stderr: "" };
  const status = await command({
    stdout: (text) => void (written.stdout += text),
    stderr: (text) => void (written.stderr += text),
  });
  return { status, ...written };
}

function user(users: string, args: readonly string[], stdin = "long enough\n"): Promise<Run> {
  return run((io) =>
    runUser([...args, "--users", users], {
      ...io,
      stdin: { readable: ReadableStream.from([new TextEncoder().encode(stdin)]), isTerminal: () => false },
      hash: { ln: 4 },
    })
  );
}

function accountSql(name: string, fields: Readonly<Record<string, unknown>> = {}): string {
  const json = JSON.stringify({ password: HASH, root: "memory:", permissions: "rw", ...fields });
  return `insert into denoftpd.accounts (name, fields) values ('${name}', '${json}')`;
}

/** The accounts of a database in this process, and what they report, to be waited for. */
class Watched implements AsyncDisposable {
  private constructor(
    readonly accounts: DatabaseAccounts,
    readonly reported: readonly string[],
    readonly waiting: Set<() => void>,
  ) {}

  static async open(url: string, interval: number): Promise<Watched> {
    const reported: string[] = [];
    const waiting = new Set<() => void>();
    const tell = (line: string) => {
      reported.push(line);
      for (const wake of waiting) wake();
      waiting.clear();
    };
    const accounts = await DatabaseAccounts.open(parseDatabaseUrl(url), noVariable, {
      interval,
      onReload: (outcome) => tell(outcome.ok ? `reloaded ${outcome.accounts}` : `failed ${outcome.error.message}`),
      onRefused: (problems) => problems.forEach(tell),
      onTrouble: (error) => tell(error ? `lost ${error.message}` : "back"),
    });
    return new Watched(accounts, reported, waiting);
  }

  /** Resolves as soon as `holds`, which may be now. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.accounts[Symbol.asyncDispose]();
  }
}

Deno.test({
  name: "denoftpd user does the same with a file and with PostgreSQL",
  ignore,
  fn: async () => {
    await using postgres = await Postgres.start();
    const directory = await Deno.makeTempDir();
    try {
      const url = await postgres.create("accounts");
      const file = join(directory, "users.json");
      const round = async (users: string, name: string): Promise<Run[]> => {
        const ran: Run[] = [];
        const told = (text: string) => text.replaceAll(name, "PLACE");
        const step = async (args: readonly string[], stdin?: string) => {
          const { status, stdout, stderr } = await user(users, args, stdin);
          // Who owns a file matters only where there is one.
          const complaints = told(stderr).split("\n").filter((line) => !line.includes("Only root can read"));
          ran.push({ status, stdout: told(stdout), stderr: complaints.join("\n") });
        };
        // In the order of their names, in which the table has them: a file has them as they came.
        await step(["add", "ftp", "--root", "memory:pub"]);
        await step(["add", "bob", "--password-stdin", "--root", "memory:bob", "--quota", "10G", "--permissions", "ro"]);
        await step(["add", "bob", "--password-stdin", "--root", "memory:bob"]);
        await step(["add", "ünï", "--root", "memory:u", "--password-stdin", "--allow-from", "10.0.0.0/8", "--disable"]);
        await step(["add", "short", "--root", "memory:u", "--password-stdin"], "short\n");
        await step(["set", "bob", "--quota", "none", "--max-sessions", "3", "--comment", "it's \"his\" \\ 'own'"]);
        await step(["set", "bob", "--permissions", "ro", "--permissions", "/in=dropbox"]);
        await step(["set", "nobody", "--tls", "required"]);
        await step(["passwd", "bob", "--password-stdin"], "another one\n");
        await step(["check", "bob", "--password-stdin"], "another one\n");
        await step(["check", "bob", "--password-stdin"], "long enough\n");
        await step(["list"]);
        await step(["remove", "ftp"]);
        await step(["remove", "ftp"]);
        await step(["list"]);
        await step(["export", "-"]);
        return ran.map((each) => ({ ...each, stdout: each.stdout.replaceAll(/\$scrypt\$[^"]+/g, "HASH") }));
      };
      const inFile = await round(file, file);
      const inDatabase = await round(url, parseDatabaseUrl(url).name);
      assertEquals(inDatabase, inFile);
      assertEquals(inFile.map(({ status }) => status), [0, 0, 1, 0, 2, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]);
      assertStringIncludes(inDatabase.at(-1)?.stdout ?? "", `"comment": "it's \\"his\\" \\\\ 'own'"`);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test({
  name: "accounts move from a file to PostgreSQL and back, groups and relative roots included",
  ignore,
  fn: async () => {
    await using postgres = await Postgres.start();
    const directory = await Deno.realPath(await Deno.makeTempDir());
    try {
      const url = await postgres.create("moved");
      const [file, copy] = ["users.json", "copy.json"].map((name) => join(directory, name)) as [string, string];
      const groups = { staff: { root: "./home/%u", permissions: "rw" } };
      const accounts = [
        { name: "alice", password: HASH, group: "staff", quota: "1 GiB" },
        { name: "bob", password: HASH, root: "./bob", permissions: [{ path: "/", allow: ["list", "read"] }] },
      ];
      await Deno.writeTextFile(file, JSON.stringify({ groups, accounts }));
      assertEquals((await user(url, ["import", file])).stdout.split(" from ")[0], "Imported 2 accounts");
      const again = await user(url, ["import", file]);
      assertEquals(again.status, 1);
      assertStringIncludes(again.stderr, 'has account "alice" and 2 more already: add --replace, or take them out');
      assertEquals((await user(url, ["import", file, "--replace"])).status, 0);
      assertEquals((await user(url, ["export", copy])).status, 0);
      assertEquals((await Deno.stat(copy)).mode! & 0o777, 0o600);
      const [alice, bob] = accounts;
      assertEquals(JSON.parse(await Deno.readTextFile(copy)), {
        groups: { staff: { root: `${directory}/home/%u`, permissions: "rw" } },
        accounts: [alice, { ...bob, root: `${directory}/bob` }],
      });
      const taken = await user(url, ["export", copy]);
      assertEquals([taken.status, taken.stderr], [2, `denoftpd: Cannot write "${copy}": it is there already\n`]);
      await Deno.writeTextFile(file, JSON.stringify({ accounts: [{ ...bob, name: "carol" }, { name: "dave" }] }));
      assertStringIncludes((await user(url, ["import", file])).stderr, 'Account "dave": field "root": Is missing');
      assertEquals(
        await postgres.sql("moved", "select string_agg(name, ' ' order by name) from denoftpd.accounts"),
        "alice bob",
      );
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test({
  name: "PostgreSQL: edits at the same time lose nothing, and an invalid row stands in nobody's way",
  ignore,
  fn: async () => {
    await using postgres = await Postgres.start();
    const url = await postgres.create("edits");
    // The first of them make the tables, too.
    const names = Array.from({ length: 12 }, (_, index) => `user${String(index).padStart(2, "0")}`);
    const runs = await Promise.all(
      names.map((name) => user(url, ["add", name, "--root", "memory:", "--password-stdin"])),
    );
    assertEquals(runs.map(({ stderr }) => stderr), names.map(() => ""));
    await Promise.all(
      ["--max-sessions 3", "--quota 1G", "--umask 027", "--comment x"].map((flags) =>
        user(url, ["set", "user00", ...flags.split(" ")])
      ),
    );
    assertEquals(
      await postgres.sql(
        "edits",
        "select fields - 'password' from denoftpd.accounts where name = 'user00'",
      ),
      '{"root": "memory:", "quota": "1G", "umask": "027", "comment": "x", "maxSessions": 3, "permissions": "rw"}',
    );
    await postgres.sql("edits", accountSql("wrong", { permissions: "wirte" }));
    await postgres.sql("edits", accountSql("FTP"));
    assertEquals((await user(url, ["set", "user01", "--comment", "y"])).status, 0);
    const listed = await user(url, ["list"]);
    assertEquals(listed.stdout.split("\n").length, names.length + 2);
    assertMatch(listed.stderr, /warning: Refused: Account "FTP": field "name": Must be "anonymous"/);
    assertMatch(listed.stderr, /warning: Refused: Account "wrong": field "permissions": Unknown right "wirte"/);
    assertMatch((await user(url, ["check", "wrong", "--password-stdin"], "demo\n")).stderr, /Unknown right "wirte"/);
    // What is wrong can be mended, and cannot be made.
    assertEquals((await user(url, ["set", "wrong", "--permissions", "ro"])).status, 0);
    const place = await DatabasePlace.open(parseDatabaseUrl(url), noVariable);
    const broken = ofAccounts((all) => all.map((each) => ({ ...each, quota: -1 })));
    const error = await place.edit(broken).catch((error: Error) => error);
    assertStringIncludes(String(error), 'Account "FTP": field');
    assertEquals((await user(url, ["set", "user00", "--quota", "2G"])).status, 0);
    assertEquals(
      await postgres.sql("edits", "select count(*) from denoftpd.accounts where fields @> '{\"quota\":-1}'"),
      "0",
    );
  },
});

Deno.test({
  name: "PostgreSQL: tables are made, brought up to date, and left alone if they are newer",
  ignore,
  fn: async () => {
    await using postgres = await Postgres.start();
    const url = await postgres.create("old");
    const reachable = {
      database: parseDatabaseUrl(url),
      secrets: { password: DATABASE_PASSWORD, certificates: undefined },
    };
    const sql = connect(reachable);
    await migrate(reachable, sql, 1);
    await sql.end();
    await postgres.sql("old", accountSql("alice"));
    assertEquals(await postgres.sql("old", "select to_regclass('denoftpd.groups') is null"), "t");
    // Several at once.
    const runs = await Promise.all([1, 2, 3, 4].map(() => user(url, ["list"])));
    assertEquals(runs.map(({ status }) => status), [0, 0, 0, 0]);
    assertMatch(runs[0]?.stdout ?? "", /^alice +enabled +rw +memory:$/m);
    assertEquals(
      await postgres.sql("old", "select string_agg(version::text, ' ' order by version) from denoftpd.migrations"),
      MIGRATIONS.map((_, index) => index + 1).join(" "),
    );
    await postgres.sql("old", "insert into denoftpd.migrations (version) values (99)");
    const newer = await user(url, ["list"]);
    assertEquals([newer.status, newer.stderr], [
      2,
      `denoftpd: Accounts of "${reachable.database.name}": Its tables have version 99, and this denoftpd knows ` +
      `${MIGRATIONS.length}: use a newer one\n`,
    ]);
    // A role that may only read is enough for a node that changes nothing, and not to make tables.
    await postgres.sql(
      "old",
      `delete from denoftpd.migrations where version = 99;
      create role reader login password 'r'; grant usage on schema denoftpd to reader;
      grant select on all tables in schema denoftpd to reader`,
    );
    const asReader = (database: string) => `postgres://reader:r@127.0.0.1:${postgres.port}/${database}`;
    assertEquals((await user(asReader("old"), ["list"])).status, 0);
    assertMatch(
      (await user(asReader("old"), ["remove", "alice"])).stderr,
      /User "reader" may not do that: permission denied for table/,
    );
    await postgres.create("none");
    assertMatch(
      (await user(asReader("none"), ["list"])).stderr,
      /tables have version 0 of 2, and user "reader" may not change that/,
    );
  },
});

Deno.test({
  name: "PostgreSQL: what is wrong is said in one line, without the password",
  ignore,
  fn: async () => {
    await using postgres = await Postgres.start();
    const directory = await Deno.makeTempDir();
    try {
      const at = `127.0.0.1:${postgres.port}`;
      const passFile = join(directory, "pass");
      await Deno.writeTextFile(passFile, `# it\n*:*:other:ftp:x\n127.0.0.1:*:*:ftp:${DATABASE_PASSWORD}\n`, {
        mode: 0o600,
      });
      const openFile = join(directory, "open");
      await Deno.writeTextFile(openFile, `*:*:*:*:${DATABASE_PASSWORD}\n`);
      await Deno.chmod(openFile, 0o644);
      const cases: readonly (readonly [string, string])[] = [
        [postgres.url("postgres", "", "secret0"), 'Not let in: password authentication failed for user "ftp"'],
        [`postgres://ftp@${at}/postgres`, "No password is given (password authentication failed for user"],
        [postgres.url("missing"), 'There is no database "missing": make it with createdb'],
        [postgres.url("postgres").replace(at, "127.0.0.1:1"), "Nothing listens at 127.0.0.1:1: is PostgreSQL running"],
        [postgres.url("postgres", "?sslmode=require"), "does not offer TLS, or closed the connection"],
        [`postgres://ftp@${at}/postgres?passfile=${openFile}`, `Others may read the password file "${openFile}"`],
        [`postgres://ftp@${at}/postgres?passfile=${directory}/no`, `Cannot read "${directory}/no": it does not exist`],
        [postgres.url("postgres", "?sslmode=always"), 'Flag "--users": the URL must have as sslmode one of disable,'],
        [postgres.url("postgres", "?password=secret0"), "must not have its password among the parameters"],
        [postgres.url("postgres", "?foo=1"), 'must not have the parameter "foo": there are sslmode'],
        [`postgres://${at}/postgres`, "must name a user and a database"],
        [`postgres://ftp:secret0/${at}/postgres`, "must be postgres://USER@HOST/DATABASE"],
      ];
      for (const [url, message] of cases) {
        const { status, stdout, stderr } = await user(url, ["list"]);
        assertEquals([status, stdout, stderr.split("\n").length], [2, "", 2], stderr);
        assertStringIncludes(stderr, message);
        for (const secret of ["secret0", DATABASE_PASSWORD, encodeURIComponent(DATABASE_PASSWORD)]) {
          assert(!stderr.includes(secret), stderr);
        }
      }
      assertEquals((await user(`postgres://ftp@${at}/postgres?passfile=${passFile}`, ["list"])).status, 0);
      const shown = await run((io) => runConfig(["--users", postgres.url("postgres")], io));
      assertMatch(shown.stdout, new RegExp(`^users +postgres://\\*\\*\\*@${at}/postgres +flag --users$`, "m"));
      const flags = await run((io) =>
        runPermissions([
          "--users",
          `postgres://ftp@${at}/postgres?passfile=${passFile}`,
          "--port",
          "2121",
          "--active",
          "off",
        ], io)
      );
      assertMatch(flags.stdout, new RegExp(`^--allow-net=.*\\b${at}\\b`, "m"));
      assertStringIncludes(flags.stdout, `--allow-read=${passFile}`);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test({
  name: "PostgreSQL: accounts follow changes by any program, and stay as they were while it is away",
  ignore,
  fn: async () => {
    await using postgres = await Postgres.start();
    const url = await postgres.create("live");
    // Without a look in between: what arrives was notified of.
    await using watched = await Watched.open(url, HOUR);
    const { accounts } = watched;
    const names = () => accounts.list().map(({ name }) => name).join(" ");
    assertEquals([names(), watched.reported], ["", []]);
    // By plain SQL, in one transaction; and rows that cannot be used.
    await postgres.sql("live", `begin; ${accountSql("alice")}; ${accountSql("bob", { group: "staff" })}; commit`);
    await watched.until(() => names() === "alice");
    assertMatch(
      watched.reported.join("\n"),
      /^Account "bob": There is no group "staff"|field "group": There is no group/m,
    );
    await postgres.sql("live", `insert into denoftpd.groups values ('staff', '{"maxSessions": 2}')`);
    await watched.until(() => names() === "alice bob");
    assertEquals(accounts.find("bob")?.maxSessions, 2);
    await postgres.sql(
      "live",
      `update denoftpd.accounts set fields = fields || '{"enabled": false}' where name = 'alice'`,
    );
    await watched.until(() => accounts.find("alice")?.enabled === false);
    // Killed: what was known goes on.
    await postgres.kill();
    await watched.until(() => watched.reported.some((line) => line.startsWith("lost ")));
    assert(accounts.trouble !== undefined);
    assertEquals(names(), "alice bob");
    assertEquals((await accounts.reload()).ok, false);
    await postgres.begin();
    // While it was away for the watcher, or not: what has changed counts as soon as it is back.
    await postgres.sql("live", accountSql("carol"));
    await watched.until(() => names() === "alice bob carol");
    await watched.until(() => watched.reported.includes("back"));
    assertEquals(accounts.trouble, undefined);
    // A change by the place itself is there when the reload that follows has ended.
    await accounts.place.edit(ofAccounts((all) => all.filter(({ name }) => name !== "bob")));
    assertEquals(await accounts.reload(), { ok: true, accounts: 2 });
    await postgres.sql("live", "truncate denoftpd.accounts");
    await watched.until(() => names() === "");
  },
});

Deno.test({
  name: "PostgreSQL: a change is found where notifications are lost, and a lost connection made again",
  ignore,
  fn: async () => {
    await using postgres = await Postgres.start();
    const url = await postgres.create("quiet");
    await using watched = await Watched.open(url, 20);
    await postgres.sql("quiet", "alter table denoftpd.accounts disable trigger all");
    await postgres.sql("quiet", accountSql("alice"));
    await watched.until(() => watched.accounts.find("alice") !== undefined);
    assertEquals(watched.reported, ["reloaded 1"]);
    await postgres.sql(
      "quiet",
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'denoftpd'",
    );
    await watched.until(() => watched.reported.length === 3);
    assertMatch(watched.reported.join("\n"), /^reloaded 1\nlost .*\nback$/);
  },
});

Deno.test({
  name: "two nodes of serve see a change of accounts at once, and outlive their database",
  ignore,
  fn: async () => {
    await using postgres = await Postgres.start();
    const directory = await Deno.makeTempDir();
    try {
      const url = await postgres.create("nodes");
      await user(url, ["list"]);
      await postgres.sql("nodes", accountSql("first"));
      const socket = (name: string) => `unix:${directory}/${name}.sock`;
      const node = async (name: string) => {
        const flags = [
          "--port",
          "0",
          "--users",
          url,
          "--allow-root",
          "--metrics",
          "127.0.0.1:0",
          "--admin",
          socket(name),
        ];
        const printed = await run((io) => runPermissions(flags, io));
        return await startServe({ permissions: printed.stdout.trimEnd().split("\n"), flags, cwd: directory });
      };
      await using one = await node("one");
      await using other = await node("other");
      const nodes = [one, other];
      await postgres.sql("nodes", accountSql("demo"));
      for (const each of nodes) await each.logged(/Reloaded 2 accounts from "postgres:\/\/ftp@127/);
      const login = async (port: number) => {
        const ftp = await Wire.connect(port);
        await ftp.expectReply(220);
        await ftp.login();
        return ftp;
      };
      await using _session = await login(one.port);
      // Through the API of one node, for both.
      const at = (name: string, args: readonly string[]) =>
        run((io) =>
          runUser([...args, "--admin", socket(name)], {
            ...io,
            stdin: {
              readable: ReadableStream.from([new TextEncoder().encode("long enough\n")]),
              isTerminal: () => false,
            },
          })
        );
      const added = await at("one", ["add", "third", "--root", "memory:", "--password-stdin"]);
      assertEquals([added.status, added.stderr], [0, ""]);
      await other.logged(/Reloaded 3 accounts from/);
      assertMatch((await at("other", ["list"])).stdout, /^third +enabled/m);
      assertEquals((await at("other", ["remove", "first"])).status, 0);
      assertEquals(
        await postgres.sql("nodes", "select string_agg(name, ' ' order by name) from denoftpd.accounts"),
        "demo third",
      );
      await postgres.kill();
      for (const each of nodes) await each.logged(/cannot be reached; the accounts stay as they were/);
      // Seen as they are in memory, and not to be changed.
      assertMatch((await at("one", ["list"])).stdout, /^demo +enabled/m);
      assertMatch(
        (await at("one", ["remove", "demo"])).stderr,
        /The accounts cannot be changed: Accounts of "postgres:/,
      );
      await using doomed = await login(other.port);
      const metrics = await one.logged(/Metrics are at (\S+)\/metrics/);
      assertMatch(await (await fetch(`${metrics}/readyz`)).text(), /^ok\nAccounts of "postgres:/);
      await postgres.begin();
      for (const each of nodes) await each.logged(/can be reached again/);
      assertEquals(await (await fetch(`${metrics}/readyz`)).text(), "ok\n");
      // The sessions of an account that is disabled end, on every node.
      assertEquals((await user(url, ["set", "demo", "--disable"])).status, 0);
      await doomed.expectReply(421);
      for (const each of nodes) assert(!each.stderr.includes(encodeURIComponent(DATABASE_PASSWORD)));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test({
  name: "PostgreSQL: TLS as sslmode says, by default with a certificate that is trusted",
  ignore,
  fn: async () => {
    const { certificate, privateKey } = await testCertificate();
    await using postgres = await Postgres.start({ cert: certificate, key: privateKey });
    const directory = await Deno.makeTempDir();
    try {
      const authority = join(directory, "ca.pem");
      await Deno.writeTextFile(authority, certificate);
      const stranger = join(directory, "stranger.pem");
      await Deno.writeTextFile(stranger, (await createSelfSigned()).certificate);
      const [byName, byAddress] = [
        postgres.url("postgres").replace("127.0.0.1", "localhost"),
        postgres.url("postgres"),
      ];
      // Which connections are encrypted, the server knows.
      const isEncrypted = async (url: string): Promise<boolean> => {
        const database = parseDatabaseUrl(url);
        const sql = connect({ database, secrets: await readSecrets(database, noVariable) });
        const [row] = await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
        await sql.end();
        return row?.["ssl"] === "t";
      };
      assertEquals(await isEncrypted(`${byName}?sslmode=disable`), false);
      for (const mode of ["", "?sslmode=prefer", "?sslmode=require"]) assert(await isEncrypted(byAddress + mode), mode);
      for (const mode of ["require", "verify-ca", "verify-full"]) {
        assert(await isEncrypted(`${byName}?sslmode=${mode}&sslrootcert=${authority}`), mode);
        const refused = await user(`${byName}?sslmode=${mode}&sslrootcert=${stranger}`, ["list"]);
        assertEquals(refused.status, 2);
        assertMatch(refused.stderr, /The certificate of localhost:\d+ is not trusted \(.*\): name its authority with/);
      }
      assert(await isEncrypted(`${byAddress}?sslmode=verify-full&sslrootcert=${authority}`));
      assertMatch((await user(`${byName}?sslmode=verify-full`, ["list"])).stderr, /is not trusted/);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
