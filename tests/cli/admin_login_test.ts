import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Secret, TOTP } from "otpauth";
import { hashPassword } from "../../lib/auth/password.ts";
import { findCommand } from "../../lib/cli/commands.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { serve } from "./serve_process.ts";

const SECRET = "JBSWY3DPEHPK3PXPJBSW";
const PASSWORD = "a password of ann";

/** Runs a command of the program; `answers` are what somebody types, in order. */
async function run(line: string, answers: readonly string[] = []): Promise<{
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly asked: readonly string[];
}> {
  const [name = "", ...args] = line.split(" ");
  let [stdout, stderr] = ["", ""];
  const asked: string[] = [];
  const status = await (await findCommand(name))?.run(args, {
    stdout: (text) => stdout += text,
    stderr: (text) => stderr += text,
    stdin: { readable: new Blob([]).stream(), isTerminal: () => false },
    promptSecret: (message) => {
      asked.push(message);
      return answers[asked.length - 1] ?? null;
    },
  });
  return { status, stdout, stderr, asked };
}

/** A server whose control plane others can reach: under TLS, for ann with a code and for bob, who only looks. */
async function withServer(body: (url: string, directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-login-" }));
  const at = (name: string) => join(directory, name);
  try {
    const { certificate, privateKey } = await createSelfSigned();
    await Deno.writeTextFile(at("cert.pem"), certificate);
    await Deno.writeTextFile(at("key.pem"), privateKey, { mode: 0o600 });
    await Deno.mkdir(at("root"));
    const password = await hashPassword(PASSWORD, { ln: 1 });
    const account = { name: "ann", password, root: "root", permissions: "rw" };
    await Deno.writeTextFile(at("users.json"), JSON.stringify({ accounts: [account] }));
    const users = [
      { name: "ann", password, roles: ["view", "sessions", "accounts"], totp: SECRET },
      { name: "bob", password, roles: ["view"] },
    ];
    await Deno.writeTextFile(at("admins.json"), JSON.stringify({ users }), { mode: 0o600 });
    await Deno.writeTextFile(at("password"), `${PASSWORD}\n`, { mode: 0o600 });
    await Deno.writeTextFile(at("wrong"), "a guess\n", { mode: 0o600 });
    const port = freePort();
    const { code, stderr } = await serve({
      permissions: ["--allow-all"],
      flags: [
        ...["--port", "0", "--users", at("users.json"), "--allow-root", "--ban-after", "2"],
        ...["--tls-cert", at("cert.pem"), "--tls-key", at("key.pem")],
        ...["--admin", `0.0.0.0:${port}`, "--admin-users", at("admins.json")],
      ],
      cwd: directory,
      whenReady: () => body(`https://localhost:${port}`, directory),
    });
    assertEquals(code, 0, stderr);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function code(): string {
  return new TOTP({ secret: Secret.fromBase32(SECRET) }).generate();
}

Deno.test("commands log in over TLS by name, password and code", async () => {
  await withServer(async (url, directory) => {
    const [trusting, password] = [`--admin-ca ${directory}/cert.pem`, `--admin-password-file ${directory}/password`];
    const asked = await run(`who --admin ${url} ${trusting} --admin-user ann`, [PASSWORD, code()]);
    assertEquals([asked.status, asked.stdout, asked.stderr], [0, "ID  USER  ADDRESS  TLS  SINCE  DOING\n", ""]);
    assertEquals(asked.asked, [`Password of ann at ${url}:`, "Code of the authenticator app (none: empty):"]);
    const bob = `--admin ${url} ${trusting} ${password} --admin-user bob`;
    const listed = await run(`user list ${bob}`);
    assertMatch(listed.stdout, /\nann +enabled +rw +- +\//);
    assertEquals(listed.asked, []);
    const explained = await run(`explain ann STOR /a ${bob}`);
    assertEquals(explained.status, 0, explained.stderr);
    // bob has no role for it.
    const role = await run(`kick 1 ${bob}`);
    assertEquals([role.status, role.stderr], [
      67,
      'denoftpd: This needs the role "sessions", which "bob" lacks\n',
    ]);
    const untrusted = await run(`who --admin ${url} ${password} --admin-user bob`);
    assertEquals(untrusted.status, 60);
    assertMatch(untrusted.stderr, /^denoftpd: The certificate of "https:\S+" is not trusted .*--admin-ca FILE\n$/);
    const wrong = `who --admin ${url} ${trusting} --admin-password-file ${directory}/wrong --admin-user bob`;
    const refused = await run(wrong);
    assertEquals([refused.status, refused.stderr], [67, "denoftpd: Wrong name, password or code\n"]);
    await run(wrong);
    const throttled = await run(wrong);
    assertEquals(throttled.status, 67);
    assertMatch(throttled.stderr, /^denoftpd: Too many failed logins: try again later \(in (9m\d+s|10m0s)\)\n$/);
  });
});

Deno.test("commands say what is missing for a server at an address", async () => {
  const silent = await run("who --admin https://localhost:1 --admin-user ann", []);
  assertEquals([silent.status, silent.asked.length], [2, 1]);
  assertStringIncludes(silent.stderr, 'No terminal to ask for the password of "ann": use --admin-password-file or');
  const refused = async (flags: string, message: string) => {
    const { status, stderr } = await run(`who ${flags}`);
    assertEquals([status, stderr.includes(message)], [2, true], stderr);
  };
  await refused("--admin https://192.0.2.1:1", "is not this machine, where a token does not count: add --admin-user");
  await refused("--admin 192.0.2.1:1", "is not this machine, where a token does not count: add --admin-user");
  await refused("--admin http://192.0.2.1:1 --admin-user ann", "passwords are sent only by https");
  await refused("--admin https://ann@localhost:1", "must be a URL such as https://ftp.example.org:8022");
  await refused("--admin 127.0.0.1:1", "needs the token of the server: name its file with --admin-token-file");
  await refused("--admin https://localhost:1 --admin-user ann --admin-ca /dev/null", "there is no certificate in");
});

Deno.test("permissions prints what a command needs to log in, and no more", async () => {
  const { status, stdout } = await run(
    "permissions who --admin https://localhost:8022 --admin-user ann --admin-ca ca.pem --admin-password-file word",
  );
  const here = Deno.cwd();
  assertEquals([status, stdout], [0, `--allow-net=localhost:8022\n--allow-read=${here}/word,${here}/ca.pem\n`]);
});
