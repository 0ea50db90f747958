import { assertEquals, assertMatch } from "@std/assert";
import type { ServerEvent } from "../../lib/events.ts";
import type { SocketAddress } from "../../lib/net/connection.ts";
import type { ServerOptions } from "../../lib/options.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { authenticatorOf, conversation } from "../helpers/server.ts";
import { stub } from "../helpers/stub.ts";
import { Wire } from "../helpers/wire.ts";

const HERE: SocketAddress = { hostname: "::", port: 21 };

/** An accepted connection from an address that no test machine has. Its peer says nothing. */
class Visitor {
  readonly localAddr = HERE;
  readonly remoteAddr: SocketAddress;
  readonly #gone = Promise.withResolvers<null>();
  readonly #greeted = Promise.withResolvers<string>();
  /** What the server says first; empty where it closes without a word. */
  readonly greeting = this.#greeted.promise;

  constructor(hostname: string) {
    this.remoteAddr = { hostname, port: 40_000 };
  }

  setNoDelay(): void {}
  setKeepAlive(): void {}

  read(_buffer: Uint8Array): Promise<number | null> {
    return this.#gone.promise;
  }

  write(data: Uint8Array): Promise<number> {
    this.#greeted.resolve(new TextDecoder().decode(data));
    return Promise.resolve(data.length);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#greeted.resolve("");
    this.#gone.resolve(null);
  }
}

/** Accepts the visitors that a test sends. */
class Door {
  readonly addr = HERE;
  readonly #waiting: Visitor[] = [];
  #knock = Promise.withResolvers<void>();
  #closed = false;

  /** Resolves to how the visitor is greeted. */
  send(visitor: Visitor): Promise<string> {
    this.#waiting.push(visitor);
    this.#knock.resolve();
    return visitor.greeting;
  }

  async accept(): Promise<Visitor> {
    while (!this.#closed) {
      const visitor = this.#waiting.shift();
      if (visitor) return visitor;
      await this.#knock.promise;
      this.#knock = Promise.withResolvers();
    }
    throw new Deno.errors.BadResource("Listener has been closed");
  }

  close(): void {
    this.#closed = true;
    this.#knock.resolve();
  }
}

async function withDoor(
  options: Partial<ServerOptions>,
  act: (stage: { door: Door; server: FtpServer; events: ServerEvent[] }) => Promise<void>,
): Promise<void> {
  const door = new Door();
  // As far as the server looks at them, both are what the runtime gives.
  const listen = (() => door) as unknown as typeof Deno.listen;
  using _listen = stub(Deno, "listen", listen);
  await using server = new FtpServer({
    authenticator: authenticatorOf({ name: "demo" }),
    fileSystem: () => new MemoryVfs(),
    failureDelay: 0,
    guessInterval: 0,
    ...options,
  });
  const events: ServerEvent[] = [];
  using _events = server.events.on((event) => events.push(event));
  server.listen();
  await act({ door, server, events });
}

Deno.test("FtpServer counts off a connection whose socket takes no options any more", async () => {
  await withDoor({ maxSessions: 1 }, async ({ door, server, events }) => {
    const gone = new Visitor("192.0.2.1");
    gone.setNoDelay = () => {
      throw new Deno.errors.InvalidData("Invalid argument (os error 22)");
    };
    assertEquals(await door.send(gone), "");
    assertMatch(await door.send(new Visitor("192.0.2.1")), /^220 /);
    // Nor does the server pause, as it does where the system has no socket to give.
    assertEquals(events.filter((event) => event.type === "problem"), []);
    await server.shutdown({ grace: 0 });
  });
});

Deno.test("FtpServer counts off a connection that a hook refuses to wrap", async () => {
  let refuses = true;
  const wrap = <T>(connection: T) => {
    if (refuses) throw new Error("Not this one");
    return connection;
  };
  await withDoor({ maxSessions: 1, network: { wrap } }, async ({ door, server }) => {
    assertEquals(await door.send(new Visitor("192.0.2.1")), "");
    refuses = false;
    assertMatch(await door.send(new Visitor("192.0.2.1")), /^220 /);
    await server.shutdown({ grace: 0 });
  });
});

Deno.test("maxSessionsPerIp counts the /64 of an IPv6 address, and IPv4 mapped into IPv6 as IPv4", async () => {
  await withDoor({ maxSessionsPerIp: 2 }, async ({ door }) => {
    const greet = (address: string) => door.send(new Visitor(address));
    for (const address of ["2001:db8::1", "2001:db8::2"]) assertMatch(await greet(address), /^220 /);
    assertMatch(await greet("2001:db8::3"), /^421 Too many sessions from your address/);
    assertMatch(await greet("2001:db8:0:1::1"), /^220 /);
    for (const address of ["::ffff:192.0.2.1", "::ffff:192.0.2.1"]) assertMatch(await greet(address), /^220 /);
    assertMatch(await greet("::ffff:192.0.2.1"), /^421 /);
    assertMatch(await greet("::ffff:192.0.2.2"), /^220 /);
  });
});

/** Connections from `address` that are greeted, before one is turned away. */
async function countWelcome(door: Door, address: string, most: number): Promise<{ greeted: number; refusal: string }> {
  for (let greeted = 0; greeted < most; greeted++) {
    const greeting = await door.send(new Visitor(address));
    if (!greeting.startsWith("220 ")) return { greeted, refusal: greeting };
  }
  return { greeted: most, refusal: "" };
}

Deno.test("An address has 50 connections without a login by default, loopback as many as it likes", async () => {
  await withDoor({}, async ({ door, events }) => {
    assertEquals(await countWelcome(door, "2001:db8::1", 100), {
      greeted: 50,
      refusal: "421 Too many connections from your address that have not logged in\r\n",
    });
    assertEquals(await countWelcome(door, "192.0.2.1", 1), { greeted: 1, refusal: "" });
    for (const loopback of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
      assertEquals((await countWelcome(door, loopback, 250)).greeted, 250);
    }
    assertEquals(events.filter(({ type }) => type === "connectionRefused").length, 1);
  });
});

Deno.test("An address has 200 sessions by default", async () => {
  await withDoor({ maxStrangersPerIp: 0 }, async ({ door }) => {
    assertEquals(await countWelcome(door, "192.0.2.1", 300), {
      greeted: 200,
      refusal: "421 Too many sessions from your address\r\n",
    });
  });
});

conversation("maxStrangersPerIp counts those that have not logged in, on loopback too where it is named", {
  options: { maxStrangersPerIp: 2 },
}, async ({ ftp, server, connect, event }) => {
  const strangers = [await connect(), await connect()];
  await using refused = await Wire.connect(server.address.port);
  assertMatch((await refused.expectReply(421)).text, /have not logged in/);
  await strangers[0]?.login();
  const third = await connect();
  strangers[1]?.hangUp();
  await event("sessionClosed");
  await (await connect()).login();
  // Who logs out has shown once that they know a password.
  await ftp.expect("REIN", 220);
  await connect();
  await third.expect("NOOP", 200);
});

conversation("A client over IPv4 is shown as one where the server listens on ::", {
  options: { host: "::" },
  login: false,
}, async ({ connect, events }) => {
  const ftp = await connect({ hostname: "127.0.0.1" });
  await ftp.login();
  assertMatch((await ftp.expect("STAT", 211)).lines.join(), /Connected from 127\.0\.0\.1,/);
  assertMatch((await ftp.expect("SITE WHO", 211)).lines.join(), / 127\.0\.0\.1 /);
  await ftp.upload("STOR file", "content");
  await ftp.expect("QUIT", 221);
  const shown = new Set(events.flatMap((event) => "address" in event ? [event.address] : []));
  // The first connection of the conversation came over IPv6.
  assertEquals([...shown].toSorted(), ["127.0.0.1", "::1"]);
});
