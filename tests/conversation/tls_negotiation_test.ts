import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createAccount, MemoryAccounts } from "../../lib/auth/accounts.ts";
import { PasswordAuthenticator } from "../../lib/auth/authenticator.ts";
import { conversation, plainConversation, rulesOf, tlsConversation } from "../helpers/server.ts";
import { protect, protectTrusting } from "../helpers/tls.ts";
import { sendData, Wire } from "../helpers/wire.ts";

for (const mechanism of ["TLS", "TLS-C", "SSL", "tls"]) {
  tlsConversation(`AUTH ${mechanism} protects the control connection`, { login: false }, async ({ ftp, server }) => {
    await ftp.expect(`AUTH ${mechanism}`, 234);
    await ftp.upgrade(protect);
    await ftp.login();
    assert(server.sessions()[0]?.secure);
    await ftp.expect("PWD", 257);
  });
}

tlsConversation("AUTH answers 504 to an unknown mechanism and stays in clear", { login: false }, async ({ ftp }) => {
  for (const mechanism of ["GSSAPI", "TLS-P", "TLS SSL", "KERBEROS_V4"]) await ftp.expect(`AUTH ${mechanism}`, 504);
  await ftp.expect("AUTH", 501);
  await ftp.login();
});

conversation("AUTH a second time is answered 503, without TLS 502", { login: false }, async ({ ftp, server }) => {
  await ftp.expect("AUTH TLS", server.sessions()[0]?.secure ? 503 : 502);
  await ftp.expect("AUTH GSSAPI", server.sessions()[0]?.secure ? 504 : 502);
  await ftp.login();
});

plainConversation("AUTH, PBSZ, PROT and CCC are answered 502 without a certificate", {}, async ({ ftp }) => {
  for (const line of ["AUTH TLS", "PBSZ 0", "PROT P", "CCC"]) await ftp.expect(line, 502);
  assert(!(await ftp.expect("FEAT", 211)).lines.some((line) => /AUTH|PBSZ|PROT/.test(line)));
});

tlsConversation("AUTH is answered 502 where TLS is off", { tls: { login: "off" } }, async ({ ftp }) => {
  for (const line of ["AUTH TLS", "PBSZ 0", "PROT P", "CCC"]) await ftp.expect(line, 502);
  assert(!(await ftp.expect("FEAT", 211)).lines.some((line) => /AUTH|PBSZ|PROT/.test(line)));
});

tlsConversation("AUTH forgets the login and all that was set in clear", {}, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.expect("MKD d", 257);
  await ftp.expect("CWD d", 250);
  await ftp.expect("EPSV", 229);
  await ftp.expect("RNFR /d", 350);
  await ftp.startTls(protect);
  for (const line of ["PWD", "RNTO /e", "RETR a"]) await ftp.expect(line, 530);
  await ftp.expect("PASS demo", 503);
  await ftp.login();
  assertMatch((await ftp.expect("PWD", 257)).text, /^"\/" /);
  assert((await ftp.expect("STAT", 211)).lines.includes(" TYPE: ASCII; STRU: F; MODE: S"));
  await ftp.expect("LIST", 425);
});

tlsConversation("FEAT names AUTH TLS until there is TLS, PBSZ and PROT always", { login: false }, async ({ ftp }) => {
  const lines = async () => (await ftp.expect("FEAT", 211)).lines.filter((line) => /^ (AUTH|PBSZ|PROT)/.test(line));
  assertEquals(await lines(), [" AUTH TLS", " PBSZ", " PROT"]);
  await ftp.startTls(protect);
  assertEquals(await lines(), [" PBSZ", " PROT"]);
});

tlsConversation("PBSZ and PROT are answered 503 in clear", { login: false }, async ({ ftp }) => {
  for (const line of ["PBSZ 0", "PROT P", "PROT C", "CCC"]) await ftp.expect(line, 503);
});

tlsConversation("PBSZ and PROT answer what RFC 4217 section 9 says", { login: false }, async ({ ftp }) => {
  await ftp.expect("AUTH TLS", 234);
  await ftp.upgrade(protect);
  const table: readonly (readonly [line: string, code: number])[] = [
    ["PROT P", 200], // Without PBSZ before it: several clients send none.
    ["PBSZ", 501],
    ["PBSZ x", 501],
    ["PBSZ -1", 501],
    ["PBSZ 0", 200],
    ["PBSZ 65536", 200],
    ["PROT", 501],
    ["PROT P", 200],
    ["PROT p", 200],
    ["PROT C", 200],
    ["PROT S", 536],
    ["PROT E", 536],
    ["PROT X", 504],
  ];
  for (const [line, code] of table) await ftp.expect(line, code);
  assertEquals((await ftp.expect("PBSZ 65536", 200)).text, "PBSZ=0");
});

tlsConversation(
  "PROT C is answered 534 where data must be protected",
  { tls: { data: "required" } },
  async ({ ftp }) => {
    await ftp.startTls(protect);
    await ftp.expect("PROT C", 534);
    assert((await ftp.expect("STAT", 211)).lines.includes(" Control connection: TLS, data protected"));
  },
);

tlsConversation("CCC is answered 533 and the connection stays protected", { login: false }, async ({ ftp, server }) => {
  await ftp.startTls(protect);
  await ftp.expect("CCC", 533);
  assert(server.sessions()[0]?.secure);
  await ftp.login();
});

tlsConversation("REIN drops the login and keeps TLS", { login: false }, async ({ ftp, server }) => {
  await ftp.startTls(protect);
  await ftp.login();
  await ftp.expect("REIN", 220);
  assert(server.sessions()[0]?.secure);
  await ftp.expect("PWD", 530);
  await ftp.expect("AUTH TLS", 503);
  await ftp.login();
  await ftp.upload("STOR a", "still protected");
  assertEquals(await ftp.downloadText("RETR a"), "still protected");
});

tlsConversation("STAT shows what is protected", { login: false }, async ({ ftp }) => {
  const protection = async () => (await ftp.expect("STAT", 211)).lines.find((line) => line.startsWith(" Control"));
  assertEquals(await protection(), " Control connection: clear");
  await ftp.expect("AUTH TLS", 234);
  await ftp.upgrade(protect);
  assertEquals(await protection(), " Control connection: TLS, data clear");
  await ftp.expect("PROT P", 200);
  assertEquals(await protection(), " Control connection: TLS, data protected");
});

tlsConversation("An implicit listener protects data from the start", {}, async ({ server }) => {
  const port = server.implicitTlsAddress?.port ?? 0;
  await using ftp = await Wire.connect(port, { protect });
  await ftp.expectReply(220);
  assert((await ftp.expect("STAT", 211)).lines.includes(" Control connection: TLS, data protected"));
  await ftp.expect("AUTH TLS", 503);
  await ftp.expect("PBSZ 0", 200);
  await ftp.login();
  await ftp.upload("STOR a", "x");
});

// What came in clear behind AUTH must not run as if it had come under TLS (CVE-2011-0411 and its kin).
const INJECTIONS: Readonly<Record<string, string>> = {
  "a login": "AUTH TLS\r\nUSER demo\r\nPASS demo\r\n",
  "urgent commands": "AUTH TLS\r\nSTAT\r\nABOR\r\n",
  "bad lines": "AUTH TLS\r\n\xff\xfe\0\r\n",
  "half a line": "AUTH TLS\r\nUSER de",
};

for (const [what, packet] of Object.entries(INJECTIONS)) {
  tlsConversation(`AUTH drops ${what} sent in the same packet`, { login: false }, async ({ ftp, events }) => {
    await ftp.sendRaw(Uint8Array.from(packet, (char) => char.charCodeAt(0)));
    await ftp.expectReply(234);
    await ftp.upgrade(protect);
    await ftp.expect("NOOP", 200);
    await ftp.expect("PWD", 530);
    await ftp.expect("PASS demo", 503);
    const lines = events.flatMap((event) => event.type === "command" ? [event.line] : []);
    assertEquals(lines, ["AUTH TLS", "NOOP", "PWD", "PASS ***"]);
  });
}

tlsConversation("AUTH ends a session that goes on in clear", { login: false }, async ({ ftp, event, events }) => {
  await ftp.expect("AUTH TLS", 234);
  await ftp.sendAll("USER demo", "PASS demo");
  await ftp.closed();
  assertEquals((await event("sessionClosed")).reason, "TLS handshake failed");
  assertEquals(events.filter(({ type }) => type === "command").length, 1);
  const { level, error } = await event("notice", ({ message }) => message === "TLS handshake failed");
  assertEquals([level, error instanceof Error], ["info", true]);
});

tlsConversation("A failed handshake on the port for implicit TLS is logged with its address and its reason", {
  login: false,
}, async ({ server, event }) => {
  await using wire = await Wire.connect(server.implicitTlsAddress?.port ?? 0);
  await wire.sendAll("USER demo", "PASS demo");
  await wire.closed();
  const { level, address, error } = await event("notice", ({ message }) => message === "TLS handshake failed");
  assertEquals([level, address, error instanceof Error], ["info", "127.0.0.1", true]);
});

tlsConversation("AUTH is refused during a transfer, and accepted after it", {}, async ({ ftp }) => {
  const data = await ftp.begin("STOR a");
  await ftp.send("AUTH TLS");
  await ftp.expect("STAT", 211);
  await sendData(data, "x");
  await ftp.expectReply(226);
  await ftp.expectReply(503);
  await ftp.startTls(protect);
  await ftp.login();
});

tlsConversation("AUTH after a transfer in one packet is refused, however short it is", {}, async ({ ftp }) => {
  await ftp.expect("EPSV", 229);
  await ftp.sendAll("RETR missing", "AUTH TLS");
  assertEquals(await ftp.codes(2), [550, 503]);
  await ftp.sendAll("LIST", "AUTH TLS");
  assertEquals(await ftp.codes(2), [425, 503]);
  // So many wait that reading pauses until the transfer is over.
  const many = Array<string>(200).fill("NOOP");
  await ftp.sendAll("LIST", "AUTH TLS", ...many);
  assertEquals(await ftp.codes(202), [425, 503, ...many.map(() => 200)]);
  await ftp.startTls(protect);
  await ftp.login();
});

tlsConversation("USER is answered 530 in clear where TLS is required, and the connection stays", {
  login: false,
  tls: { login: "required" },
}, async ({ ftp }) => {
  for (let attempt = 0; attempt < 3; attempt++) assertMatch((await ftp.expect("USER demo", 530)).text, /TLS/);
  await ftp.expect("PASS demo", 503);
  await ftp.startTls(protect);
  await ftp.login();
});

const account = { passwordHash: "demo", rootPath: "/", rules: rulesOf(["/", "rw"]) };

/** Asks for TLS of one account alone, as the accounts file can. */
const careful = new PasswordAuthenticator(
  new MemoryAccounts([
    createAccount({ ...account, name: "safe", tls: "required" }),
    createAccount({ ...account, name: "free" }),
  ]),
  { verify: (password, encoded) => Promise.resolve(password === encoded) },
);

tlsConversation("PASS reveals that an account requires TLS only with its password", {
  login: false,
  options: { authenticator: careful },
}, async ({ ftp, event }) => {
  await ftp.expect("USER safe", 331);
  const wrong = await ftp.expect("PASS wrong", 530);
  assert(!wrong.text.includes("TLS"), wrong.text);
  await ftp.expect("USER safe", 331);
  assertMatch((await ftp.expect("PASS demo", 530)).text, /requires TLS/);
  assertEquals((await event("login", ({ reason }) => reason === "tls")).ok, false);
  await ftp.login("free", "demo");
  await ftp.startTls(protect);
  await ftp.login("safe", "demo");
});

tlsConversation("An account that requires TLS has protected data, others as they like", {
  login: false,
  options: { authenticator: careful },
}, async ({ ftp }) => {
  await ftp.expect("AUTH TLS", 234);
  await ftp.upgrade(protect);
  await ftp.login("safe", "demo");
  await ftp.expect("EPSV", 229);
  await ftp.expect("LIST", 521);
  await ftp.expect("PROT C", 534);
  await ftp.expect("PROT P", 200);
  ftp.protectData = protect;
  await ftp.upload("STOR a", "x");
  await ftp.login("free", "demo");
  await ftp.expect("PROT C", 200);
  ftp.protectData = undefined;
  await ftp.upload("STOR a", "y");
});

tlsConversation("A client that does not trust the certificate ends its session", {
  login: false,
}, async ({ ftp, event }) => {
  await ftp.expect("AUTH TLS", 234);
  await assertRejects(() => ftp.upgrade(protectTrusting([])), Error, "UnknownIssuer");
  await event("sessionClosed");
});
