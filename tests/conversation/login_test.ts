import { assert, assertEquals } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { authenticatorOf, conversation, plainConversation } from "../helpers/server.ts";
import { Wire } from "../helpers/wire.ts";

const two = { options: { authenticator: authenticatorOf({ name: "ann" }, { name: "bob" }) }, login: false } as const;

conversation("USER answers 331 for every name, known or not", { login: false }, async ({ ftp }) => {
  const known = await ftp.expect("USER demo", 331);
  const unknown = await ftp.expect("USER nobody", 331);
  assertEquals(known.lines, unknown.lines);
});

conversation("PASS answers the same to an unknown name and to a wrong password", { login: false }, async ({ ftp }) => {
  await ftp.expect("USER demo", 331);
  const wrong = await ftp.expect("PASS wrong", 530);
  await ftp.expect("USER nobody", 331);
  const unknown = await ftp.expect("PASS demo", 530);
  assertEquals(wrong.lines, unknown.lines);
});

conversation("PASS without USER is answered 503, also after a failure", { login: false }, async ({ ftp }) => {
  await ftp.expect("PASS demo", 503);
  await ftp.expect("USER demo", 331);
  await ftp.expect("PASS wrong", 530);
  await ftp.expect("PASS demo", 503);
});

conversation("PASS takes an empty password, and one of spaces, byte for byte", {
  login: false,
  options: {
    authenticator: {
      authenticate: ({ name, password }) =>
        authenticatorOf({ name }).authenticate({
          name,
          password: password === { empty: "", spaces: "  a b " }[name] ? name : "wrong",
          address: "",
          secure: false,
        }),
    },
  },
}, async ({ ftp }) => {
  await ftp.expect("USER empty", 331);
  await ftp.expect("PASS ", 230);
  await ftp.expect("USER empty", 331);
  await ftp.expect("PASS", 230);
  await ftp.expect("USER spaces", 331);
  await ftp.expect("PASS a b", 530);
  await ftp.expect("USER spaces", 331);
  await ftp.expect("PASS   a b ", 230);
});

for (
  const [what, name, password] of [
    ["A name", [0x6d, 0xfc, 0x6c], [0x78]],
    ["A password", [...new TextEncoder().encode("demo")], [0x70, 0xe4, 0xdf]],
  ] as const
) {
  conversation(
    `${what} in Latin-1 is a failed login like others: answered 530, counted and told`,
    { login: false, options: { maxLoginFailures: 2 } },
    async ({ ftp, events }) => {
      const say = (verb: string, bytes: readonly number[]) =>
        ftp.sendRaw(Uint8Array.from([...new TextEncoder().encode(`${verb} `), ...bytes, 13, 10]));
      for (const code of [530, 421]) {
        await say("USER", name);
        await ftp.expectReply(331);
        await say("PASS", password);
        await ftp.expectReply(code);
      }
      assertEquals(events.filter((event) => event.type === "login" && !event.ok).length, 2);
    },
  );
}

conversation("PASS is superfluous once logged in", {}, async ({ ftp }) => void await ftp.expect("PASS demo", 202));

conversation("ACCT is superfluous, never 332", {}, async ({ ftp }) => void await ftp.expect("ACCT x", 202));

conversation("PASS answers 421 and closes after the allowed number of failures", {
  login: false,
  options: { maxLoginFailures: 3 },
}, async ({ ftp, event }) => {
  for (const code of [530, 530, 421]) {
    await ftp.expect("USER demo", 331);
    await ftp.expect("PASS wrong", code);
  }
  assertEquals(await ftp.closed(), "");
  assertEquals((await event("sessionClosed")).reason, "too many failed logins");
});

conversation(
  "REIN does not forget failed logins",
  { login: false, options: { maxLoginFailures: 2 } },
  async ({ ftp }) => {
    await ftp.expect("USER demo", 331);
    await ftp.expect("PASS wrong", 530);
    await ftp.expect("REIN", 220);
    await ftp.expect("USER demo", 331);
    await ftp.expect("PASS wrong", 421);
  },
);

conversation("PASS answers a wrong password late, but ends at once with the session", {
  login: false,
  options: { failureDelay: 10_000 },
}, async ({ ftp, server, event }) => {
  await ftp.expect("USER demo", 331);
  await ftp.send("PASS wrong");
  assertEquals((await event("login")).ok, false);
  // The pause of ten seconds is under way: the end of the server cuts it short.
  await server.shutdown({ grace: 0 });
  await ftp.expectReply(530);
  await ftp.expectReply(421);
  assertEquals(await ftp.closed(), "");
});

conversation("An address is shut out after too many failed logins", {
  login: false,
  options: { banAfter: 3, banTime: 60_000 },
}, async ({ ftp, server, event }) => {
  for (let attempt = 0; attempt < 3; attempt++) {
    await ftp.expect("USER demo", 331);
    await ftp.expect("PASS wrong", 530);
  }
  await using refused = await Wire.connect(server.address.port);
  await refused.expectReply(421);
  assertEquals((await event("connectionRefused")).address, "127.0.0.1");
});

conversation(
  "PASS is never in an event, whatever case and spacing it has",
  { login: false },
  async ({ ftp, events }) => {
    for (const line of ["PASS s3cret", "pass s3cret", "PASS  s3cret", "PaSs\ts3cret", "ACCT s3cret"]) {
      await ftp.say(
        line,
      );
    }
    assert(events.some((event) => event.type === "command" && event.line === "PASS ***"));
    assert(!JSON.stringify(events).includes("s3cret"));
  },
);

conversation("A login is an event with the name and why it failed", { login: false }, async ({ ftp, event }) => {
  await ftp.expect("USER nobody", 331);
  await ftp.expect("PASS x", 530);
  await ftp.login();
  const failed = await event("login", ({ ok }) => !ok);
  assertEquals([failed.name, failed.reason, failed.user], ["nobody", "unknown", undefined]);
  const right = await event("login", ({ ok }) => ok);
  assertEquals([right.name, right.user, right.address], ["demo", "demo", "127.0.0.1"]);
});

conversation("USER a second time logs the first account out", two, async ({ ftp, server }) => {
  await ftp.login("ann", "ann");
  await ftp.expect("MKD d", 257);
  await ftp.expect("CWD d", 250);
  await ftp.expect("TYPE I", 200);
  await ftp.expect("EPSV ALL", 200);
  await ftp.expect("USER bob", 331);
  await ftp.expect("PWD", 530);
  assertEquals(server.sessions()[0]?.user, undefined);
  await ftp.expect("PASS bob", 230);
  assertEquals(server.sessions()[0]?.user, "bob");
  assertEquals((await ftp.expect("PWD", 257)).lines, ['257 "/" is the working directory']);
  assert((await ftp.expect("STAT", 211)).lines.includes(" TYPE: ASCII; STRU: F; MODE: S"));
  await ftp.expect("PASV", 227);
});

conversation(
  "REIN drops the login, the data port and all parameters, and keeps the connection",
  {},
  async ({ ftp }) => {
    await ftp.expect("TYPE I", 200);
    await ftp.expect("REST 5", 350);
    await ftp.expect("OPTS MLST size;", 200);
    const data = await ftp.passive();
    await ftp.expect("REIN", 220);
    await ftp.expect("RETR a", 530);
    // The listener is gone, and with it the connection that nobody has accepted.
    assertEquals(await data.read(new Uint8Array(1)).catch(() => null), null);
    await ftp.login();
    await ftp.expect("RETR a", 425);
    const feat = (await ftp.expect("FEAT", 211)).lines;
    assert(feat.some((line) => line.includes("type*;size*;modify*;")));
    assert((await ftp.expect("STAT", 211)).lines.includes(" TYPE: ASCII; STRU: F; MODE: S"));
  },
);

conversation("HOST is taken before USER only", { login: false }, async ({ ftp }) => {
  await ftp.expect("HOST ftp.example.org", 220);
  await ftp.expect("HOST [::1]", 220);
  for (const bad of ["HOST a b", "HOST -x", "HOST", "HOST "]) await ftp.expect(bad, 501);
  await ftp.expect("USER demo", 331);
  await ftp.expect("HOST ftp.example.org", 503);
  await ftp.expect("REIN", 220);
  await ftp.expect("HOST ftp.example.org", 220);
});

conversation(
  "HOST knows the names it was told",
  { login: false, options: { hostNames: ["ftp.example.org"] } },
  async ({ ftp }) => {
    await ftp.expect("HOST FTP.Example.org", 220);
    await ftp.expect("HOST ftp.example.org.", 220);
    await ftp.expect("HOST other.example.org", 504);
  },
);

conversation("QUIT says goodbye and closes", { login: false }, async ({ ftp, event }) => {
  await ftp.expect("QUIT", 221);
  assertEquals(await ftp.closed(), "");
  assertEquals((await event("sessionClosed")).reason, "quit");
});

conversation("The greeting is the banner", { options: { banner: "Hello there" }, login: false }, async ({ server }) => {
  const wire = await Wire.connect(server.address.port);
  try {
    assertEquals((await wire.expectReply(220)).lines, ["220 Hello there"]);
  } finally {
    wire.close();
  }
});

conversation("PASS answers 530 when the account's files cannot be opened, and the next login works", {
  login: false,
  options: {
    authenticator: authenticatorOf({ name: "demo" }, { name: "lost" }),
    fileSystem: ({ name }) => {
      if (name === "lost") throw new Error("No such directory /srv/lost");
      return new MemoryVfs();
    },
  },
}, async ({ ftp, event, server }) => {
  await ftp.expect("USER lost", 331);
  const { text } = await ftp.expect("PASS lost", 530);
  assert(!text.includes("/srv"));
  assertEquals((await event("problem")).level, "error");
  assertEquals(server.sessions()[0]?.user, undefined);
  await ftp.login();
});

conversation("STAT tells the number of sessions only after a login", { login: false }, async ({ ftp }) => {
  const { lines } = await ftp.expect("STAT", 211);
  assert(lines.includes(" Not logged in"));
  assert(!lines.some((line) => line.includes("Sessions")));
  await ftp.login();
  assert((await ftp.expect("STAT", 211)).lines.includes(" Sessions on this server: 1"));
});

plainConversation(
  "SITE WHO shows the sessions of the same account, STAT how many there are",
  two,
  async ({ ftp, connect }) => {
    await ftp.login("ann", "ann");
    const again = await connect();
    await again.login("ann", "ann");
    const other = await connect();
    await other.login("bob", "bob");
    const lines = (await ftp.expect("SITE WHO", 211)).lines;
    assertEquals(lines.length, 4);
    assertEquals(lines.at(-1), "211 2 in all");
    assert(lines.slice(1, -1).every((line) => / \d+ 127\.0\.0\.1 clear \d+s /.test(line)));
    const status = (await ftp.expect("STAT", 211)).lines;
    assert(status.includes(" Sessions on this server: 3"));
    assert(status.includes(" Logged in as ann"));
    assert(status.includes(" Connected from 127.0.0.1"));
  },
);
