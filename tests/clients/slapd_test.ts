/**
 * Logins by a real directory: slapd, with people, one of whom has a name that means something to filters.
 */

import { assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { startServe } from "../cli/serve_process.ts";
import { Wire } from "../helpers/wire.ts";
import { ClientTests } from "./bench.ts";
import { run } from "./process.ts";

const tests = await ClientTests.of("slapd", ["slapd", "slapadd"]);

const BASE = "dc=example,dc=org";
const ADMIN = `cn=reader,${BASE}`;

const PEOPLE = `dn: ${BASE}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ${ADMIN}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: secret reader

dn: uid=ann,${BASE}
objectClass: account
objectClass: simpleSecurityObject
uid: ann
userPassword: wonder land

dn: uid=star*,${BASE}
objectClass: account
objectClass: simpleSecurityObject
uid: star*
userPassword: with star
`;

/** A running slapd. */
interface Directory extends AsyncDisposable {
  readonly url: string;
  /** Under TLS from the beginning. */
  readonly secureUrl: string;
  stop(): Promise<void>;
}

/**
 * slapd on free ports, with {@link PEOPLE}, which nobody may read but the reader.
 *
 * @param clear whether it takes passwords without TLS
 */
async function directory(folder: string, { clear = true } = {}): Promise<Directory> {
  const [url, secureUrl] = [`ldap://127.0.0.1:${freePort()}`, `ldaps://127.0.0.1:${freePort()}`] as const;
  const { certificate, privateKey } = await createSelfSigned();
  await Deno.writeTextFile(join(folder, "cert.pem"), certificate);
  await Deno.writeTextFile(join(folder, "key.pem"), privateKey);
  const [config, data, people] = ["slapd.conf", "data", "people.ldif"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await Deno.mkdir(data);
  await Deno.writeTextFile(people, PEOPLE);
  await Deno.writeTextFile(
    config,
    ["core", "cosine"].map((name) => `include /etc/ldap/schema/${name}.schema\n`).join("") +
      `pidfile ${join(folder, "pid")}\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n` +
      `TLSCertificateFile ${join(folder, "cert.pem")}\nTLSCertificateKeyFile ${join(folder, "key.pem")}\n` +
      (clear ? "" : "security simple_bind=128\n") +
      `database mdb\nsuffix "${BASE}"\ndirectory ${data}\n` +
      `access to attrs=userPassword by anonymous auth by * none\n` +
      `access to * by dn.base="${ADMIN}" read by * none\n`,
  );
  await run("slapadd", ["-f", config, "-l", people]);
  const child = new Deno.Command("slapd", {
    args: ["-f", config, "-h", `${url} ${secureUrl}`, "-d", "0"],
    stdout: "null",
    stderr: "null",
  })
    .spawn();
  for (let tries = 0; tries < 100 && !await answers(new URL(url)); tries++) await delay(100);
  let stopped: Promise<void> | undefined;
  const stop = () =>
    stopped ??= (async () => {
      child.kill("SIGTERM");
      await child.status;
    })();
  return { url, secureUrl, stop, [Symbol.asyncDispose]: stop };
}

function freePort(): number {
  using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return free.addr.port;
}

async function answers({ hostname, port }: URL): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port: Number(port) })).close();
    return true;
  } catch {
    return false;
  }
}

/** The reply to a login. */
async function login(port: number, name: string, password: string): Promise<number> {
  await using wire = await Wire.connect(port);
  await wire.expectReply(220);
  await wire.expect(`USER ${name}`, 331);
  const { code } = await wire.say(`PASS ${password}`);
  if (code === 230) {
    await wire.expect("TYPE I", 200);
    assertEquals((await wire.upload("STOR own", name)).code, 226);
  }
  return code;
}

tests.test("is asked about logins, and its people get the account that is configured", async ({ local }) => {
  await using slapd = await directory(local);
  for (const name of ["ann", "star*"]) await Deno.mkdir(join(local, "ftp", name), { recursive: true });
  await Deno.writeTextFile(join(local, "reader"), "secret reader\n");
  await Deno.writeTextFile(join(local, "users.json"), '{"accounts": []}');
  const config = {
    ...{ port: 0, allowRoot: true, users: "users.json", authCache: 0, authStale: 600, banAfter: 0 },
    ldap: {
      url: slapd.url,
      base: BASE,
      filter: "(&(objectClass=account)(uid=%u))",
      bindDn: ADMIN,
      bindPasswordFile: "reader",
      account: { root: join(local, "ftp", "%u"), permissions: "rw" },
    },
  };
  await Deno.writeTextFile(join(local, "config.json"), JSON.stringify(config));
  const flags = ["--config", "config.json"];
  await using server = await startServe({ permissions: ["--allow-all"], flags, cwd: local });
  const { port } = server;
  assertEquals(await login(port, "ann", "wonder land"), 230);
  assertEquals(await Deno.readTextFile(join(local, "ftp", "ann", "own")), "ann");
  assertEquals(await login(port, "star*", "with star"), 230);
  assertEquals(await login(port, "ann", "guess"), 530);
  assertEquals(await login(port, "ann", ""), 530);
  // What would match anybody, or end the filter.
  for (const name of ["*", "a*", "ann)(uid=*", "star\\2a", `ann,${BASE}`, "reader"]) {
    assertEquals([name, await login(port, name, "wonder land")], [name, 530]);
  }
  await slapd.stop();
  assertEquals(await login(port, "ann", "wonder land"), 230);
  assertEquals(await login(port, "ann", "guess"), 421);
  assertMatch(server.stderr, /error .*"ldap:\/\/127\.0\.0\.1:\d+" does not answer about logins/);
  server.kill("SIGTERM");
  assertEquals(await server.code, 0);
});

tests.test("is asked under TLS, also after StartTLS, and not at all where it is not trusted", async ({ local }) => {
  await using slapd = await directory(local, { clear: false });
  await Deno.mkdir(join(local, "ftp", "ann"), { recursive: true });
  await Deno.writeTextFile(join(local, "reader"), "secret reader\n");
  const common = {
    base: BASE,
    filter: "(uid=%u)",
    bindDn: ADMIN,
    bindPasswordFile: "reader",
    account: { root: join(local, "ftp", "%u"), permissions: "rw" },
  };
  const codesWith = async (ldap: Readonly<Record<string, unknown>>): Promise<number[]> => {
    const config = { port: 0, allowRoot: true, authCache: 0, banAfter: 0, ldap: { ...common, ...ldap } };
    await Deno.writeTextFile(join(local, "config.json"), JSON.stringify(config));
    const flags = ["--config", "config.json"];
    await using server = await startServe({ permissions: ["--allow-all"], flags, cwd: local });
    const codes = [await login(server.port, "ann", "wonder land"), await login(server.port, "ann", "guess")];
    server.kill("SIGTERM");
    assertEquals(await server.code, 0);
    return codes;
  };
  assertEquals(await codesWith({ url: slapd.secureUrl, caFile: "cert.pem" }), [230, 530]);
  assertEquals(await codesWith({ url: slapd.url, startTls: true, caFile: "cert.pem" }), [230, 530]);
  assertEquals(await codesWith({ url: slapd.secureUrl }), [421, 421]);
  assertEquals(await codesWith({ url: slapd.url, startTls: true }), [421, 421]);
  // It wants TLS before it takes a password.
  assertEquals(await codesWith({ url: slapd.url }), [421, 421]);
});
