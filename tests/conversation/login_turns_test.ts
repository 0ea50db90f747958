import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Authenticator } from "../../lib/auth/authenticator.ts";
import type { Connection } from "../../lib/net/connection.ts";
import type { ConnectionUse } from "../../lib/net/hooks.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { authenticatorOf, conversation, plainConversation, type Stage, tlsConversation } from "../helpers/server.ts";
import { protect } from "../helpers/tls.ts";
import { readAll, Wire } from "../helpers/wire.ts";

/** So long that no second turn comes while a test runs. */
const LONG = 100_000_000;

/** Accounts whose passwords are their names, and the names of all that were tried. */
function counted(): { readonly authenticator: Authenticator; readonly tried: string[] } {
  const inner = authenticatorOf({ name: "demo" }, { name: "ann" }, { name: "bob" }, { name: "anonymous" });
  const tried: string[] = [];
  return {
    tried,
    authenticator: {
      authenticate: (attempt) => {
        tried.push(attempt.name);
        return inner.authenticate(attempt);
      },
    },
  };
}

/** Tries a password that is wrong. */
async function guess(wire: Wire, name: string): Promise<void> {
  await wire.expect(`USER ${name}`, 331);
  await wire.expect("PASS wrong", 530);
}

/** Sends a right password that will have to wait. Resolves when the server has it. */
async function waitInLine(wire: Wire, name: string, { server, event }: Pick<Stage, "server" | "event">): Promise<void> {
  await wire.expect(`USER ${name}`, 331);
  const { id } = server.sessions().at(-1) ?? {};
  await wire.send(`PASS ${name}`);
  await event("command", ({ session, line }) => session === id && line === "PASS ***");
}

{
  const { authenticator, tried } = counted();
  conversation("PASS takes its turn, however many connections guess at the account, and others do not wait", {
    login: false,
    options: { authenticator, guessInterval: LONG },
  }, async (stage) => {
    const { connect, server } = stage;
    tried.length = 0;
    await guess(await connect(), "demo");
    const late = await connect();
    await waitInLine(late, "demo", stage);
    await (await connect()).login("bob", "bob");
    assertEquals(tried, ["demo", "bob"]);
    await server.shutdown({ grace: 0 });
    await late.expectReply(421);
    assertEquals(await late.closed(), "");
    assertEquals(tried.length, 2);
  });
}

{
  const { authenticator, tried } = counted();
  conversation("PASS takes its turn where an address guesses at many accounts, except for those known there", {
    login: false,
    options: { authenticator, guessInterval: LONG, maxLoginFailures: 0 },
  }, async (stage) => {
    const { ftp, connect, server } = stage;
    await (await connect()).login("ann", "ann");
    for (let name = 0; name < 10; name++) await guess(ftp, `guess ${name}`);
    tried.length = 0;
    const late = await connect();
    await waitInLine(late, "bob", stage);
    await (await connect()).login("ann", "ann");
    await (await connect()).login("anonymous", "anonymous");
    assertEquals(tried, ["ann", "anonymous"]);
    await server.shutdown({ grace: 0 });
    await late.expectReply(421);
  });
}

conversation("PASS that is right pays nothing, so that one account may log in as often as it likes", {
  login: false,
  options: { guessInterval: LONG },
}, async ({ connect }) => {
  for (let connection = 0; connection < 20; connection++) await (await connect()).login();
});

{
  const { authenticator, tried } = counted();
  conversation("PASS is answered 421 where the address was shut out meanwhile, right or wrong", {
    login: false,
    options: { authenticator, banAfter: 3, banTime: 60_000 },
  }, async ({ ftp, connect, event }) => {
    const [early, patient] = [await connect(), await connect()];
    await patient.login("bob", "bob");
    for (let failure = 0; failure < 3; failure++) await guess(ftp, "demo");
    tried.length = 0;
    await early.expect("USER demo", 331);
    assertMatch((await early.expect("PASS demo", 421)).text, /failed logins from your address/);
    assertEquals(await early.closed(), "");
    assertEquals(tried, []);
    await event("login", ({ reason }) => reason === "shutOut");
    // Who is in stays in.
    await patient.expect("NOOP", 200);
  });
}

plainConversation("A login that waits for its check is given up when the server ends", {
  login: false,
  options: {
    authenticator: {
      authenticate: ({ signal }) =>
        new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    },
  },
}, async ({ ftp, server, event }) => {
  await ftp.expect("USER demo", 331);
  await ftp.send("PASS demo");
  await event("command", ({ line }) => line === "PASS ***");
  await server.shutdown({ grace: 60_000 });
  await ftp.expectReply(421);
  assertEquals(await ftp.closed(), "");
});

plainConversation("A login that waits is given up when its client ends the connection", {
  login: false,
  options: { guessInterval: LONG },
}, async (stage) => {
  const { ftp, connect, server, event } = stage;
  await guess(ftp, "demo");
  const late = await connect();
  await waitInLine(late, "demo", stage);
  late.close();
  await event("sessionClosed");
  assertEquals(server.sessionCount, 1);
});

plainConversation("A login that waits is given up when its client resets the connection", {
  login: false,
  options: { guessInterval: LONG },
}, async ({ ftp, server, event }) => {
  await guess(ftp, "demo");
  const late = await Wire.connect(server.address.port);
  await late.sendAll("USER demo", "PASS demo");
  await event("command", ({ session, line }) => session === server.sessions().at(-1)?.id && line === "PASS ***");
  // It has read none of the replies: the system makes a reset of the close.
  late.close();
  await event("sessionClosed");
  assertEquals(server.sessionCount, 1);
});

plainConversation("A password is not checked for a client that has gone", {
  login: false,
  options: {
    authenticator: {
      authenticate: ({ signal }) =>
        new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    },
  },
}, async ({ ftp, event }) => {
  await ftp.expect("USER demo", 331);
  await ftp.send("PASS demo");
  await event("command", ({ line }) => line === "PASS ***");
  ftp.close();
  await event("sessionClosed");
});

tlsConversation("AUTH after a login that waits gets everything sent after it", {
  login: false,
  options: {
    authenticator: {
      authenticate: async ({ signal }) => {
        assert(signal);
        await new Promise((resolve) => setTimeout(resolve, 0));
        return { ok: false, reason: "password" };
      },
    },
  },
}, async ({ ftp }) => {
  await ftp.sendAll("USER demo", "PASS wrong", "AUTH TLS");
  assertEquals(await ftp.codes(3), [331, 530, 234]);
  await ftp.upgrade(protect);
  await ftp.expect("NOOP", 200);
});

{
  const { authenticator } = counted();
  const slow: Authenticator = {
    authenticate: async (attempt) => {
      assert(attempt.signal);
      await new Promise((resolve) => setTimeout(resolve, 0));
      return await authenticator.authenticate(attempt);
    },
  };
  conversation("Commands that arrive while a password is checked run after it, each once", {
    login: false,
    options: { authenticator: slow },
  }, async ({ ftp }) => {
    await ftp.expect("USER demo", 331);
    await ftp.send("PASS demo");
    await ftp.sendAll(...Array.from({ length: 100 }, () => "NOOP"), "PWD");
    assertEquals(await ftp.codes(102), [230, ...Array(100).fill(200), 257]);
    await ftp.upload("STOR file", "content");
  });
}

/** What holds back the second login of a server, and tells when a control connection has been closed. */
class Hold {
  readonly #inner = authenticatorOf({ name: "ann", maxSessions: 1 });
  readonly #reached = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();
  #logins = 0;

  readonly authenticator: Authenticator = {
    authenticate: async (attempt) => {
      if (++this.#logins === 2) {
        this.#reached.resolve();
        await this.#released.promise;
      }
      return await this.#inner.authenticate(attempt);
    },
  };

  readonly wrap = (connection: Connection, { purpose }: ConnectionUse): Connection => {
    if (purpose === "data") return connection;
    const closing = Object.create(connection) as Connection;
    closing.read = (buffer) => connection.read(buffer);
    closing.write = (data, last) => connection.write(data, last);
    closing.closeWrite = () => connection.closeWrite();
    closing.close = () => {
      this.#closed.resolve();
      connection.close();
    };
    return closing;
  };

  readonly reached = this.#reached.promise;
  readonly closed = this.#closed.promise;

  release(): void {
    this.#released.resolve();
  }
}

Deno.test("A login after a transfer is not counted once its session has ended", async () => {
  const hold = new Hold();
  await using server = new FtpServer({
    authenticator: hold.authenticator,
    fileSystem: () => new MemoryVfs({ files: { "/small": "x" } }),
    port: 0,
    network: { wrap: hold.wrap },
  });
  server.listen();
  await using first = await Wire.connect(server.address.port);
  await first.expectReply(220);
  await first.login("ann", "ann");
  const data = await first.passive();
  await first.sendAll("RETR small", "REIN", "USER ann", "PASS ann");
  await readAll(data);
  await hold.reached;
  first.close();
  await hold.closed;
  hold.release();
  await using second = await Wire.connect(server.address.port);
  await second.expectReply(220);
  await second.login("ann", "ann");
  assertEquals(server.sessionCount, 1);
});
