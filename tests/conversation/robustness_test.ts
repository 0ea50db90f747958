import { assert, assertEquals } from "@std/assert";
import { connect as connectSocket, type Socket } from "node:net";
import { parseExtendedPassiveText } from "../../lib/protocol/address.ts";
import type { FtpServer } from "../../lib/server/server.ts";
import { plainConversation, type Stage } from "../helpers/server.ts";
import { Random } from "../helpers/random.ts";

const files = { "/big": "x".repeat(16 << 20), "/a": "small" };

/** A client that can vanish with FIN or with RST, wherever it is. */
class Visitor {
  readonly #control: Socket;
  #data: Socket | undefined;
  #received = "";
  #wake = () => {};

  constructor(server: FtpServer) {
    this.#control = connectSocket(server.address.port, "127.0.0.1");
    this.#control.on("error", () => {}).on("data", (chunk) => {
      this.#received += String(chunk);
      this.#wake();
    });
  }

  /** Sends `line`, if any, and waits for a whole reply that begins with `code`. */
  async say(line: string | undefined, code: number): Promise<string> {
    if (line !== undefined) this.#control.write(`${line}\r\n`);
    const pattern = new RegExp(`^${code} .*\r\n`, "m");
    for (;;) {
      const match = pattern.exec(this.#received);
      if (match) {
        this.#received = this.#received.slice(match.index + match[0].length);
        return match[0];
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async login(): Promise<void> {
    await this.say(undefined, 220);
    await this.say("USER demo", 331);
    await this.say("PASS demo", 230);
    await this.say("TYPE I", 200);
  }

  /** Opens a passive data connection, and takes nothing from it. */
  async openData(): Promise<Socket> {
    const port = parseExtendedPassiveText(await this.say("EPSV", 229)) ?? 0;
    const data = connectSocket(port, "127.0.0.1");
    data.on("error", () => {});
    await new Promise((resolve) => data.once("connect", resolve));
    return this.#data = data;
  }

  /** Resolves when the server has been reached. */
  connected(): Promise<void> {
    return new Promise((resolve) => this.#control.once("connect", () => resolve()));
  }

  /**
   * Ends both connections, the older first, as the kernel does for a process that dies. Resolves when nothing of them
   * is left here.
   */
  async vanish(how: "FIN" | "RST"): Promise<void> {
    const sockets = [this.#control, this.#data].filter((socket) => socket !== undefined && !socket.closed);
    await Promise.all(sockets.map((socket) => {
      const closed = new Promise((resolve) => socket?.once("close", resolve));
      if (how === "RST") socket?.resetAndDestroy();
      else socket?.end().resume();
      return closed;
    }));
  }
}

/** Points in a conversation, each with what leads there. */
const STEPS: Readonly<Record<string, (visitor: Visitor) => Promise<unknown>>> = {
  "before the greeting": (visitor) => visitor.connected(),
  "behind the greeting": (visitor) => visitor.say(undefined, 220),
  "behind USER": async (visitor) => {
    await visitor.say(undefined, 220);
    await visitor.say("USER demo", 331);
  },
  "behind PASS": (visitor) => visitor.login(),
  "in the middle of a line": async (visitor) => {
    await visitor.login();
    visitor.say("STOR half a na", 0).catch(() => {});
  },
  "behind EPSV": async (visitor) => {
    await visitor.login();
    await visitor.say("EPSV", 229);
  },
  "behind PORT": async (visitor) => {
    await visitor.login();
    await visitor.say("PORT 127,0,0,1,200,0", 200);
  },
  "behind RNFR": async (visitor) => {
    await visitor.login();
    await visitor.say("RNFR a", 350);
  },
  "while RETR waits for the data connection": async (visitor) => {
    await visitor.login();
    await visitor.say("EPSV", 229);
    await visitor.say("RETR big", 150);
  },
  "while STOR waits for the data connection": async (visitor) => {
    await visitor.login();
    await visitor.say("EPSV", 229);
    await visitor.say("STOR new", 150);
  },
  "during RETR": async (visitor) => {
    await visitor.login();
    const data = await visitor.openData();
    await visitor.say("RETR big", 150);
    await new Promise((resolve) => data.once("data", resolve));
    data.pause();
  },
  "during STOR": async (visitor) => {
    await visitor.login();
    const data = await visitor.openData();
    await visitor.say("STOR new", 150);
    data.write("half");
  },
  "during LIST": async (visitor) => {
    await visitor.login();
    await visitor.openData();
    await visitor.say("LIST", 150);
  },
  "with commands waiting behind a transfer": async (visitor) => {
    await visitor.login();
    await visitor.openData();
    await visitor.say("STOR new", 150);
    visitor.say("PWD\r\nNOOP\r\nMKD never", 0).catch(() => {});
    await visitor.say("STAT", 211);
  },
};

for (const how of ["FIN", "RST"] as const) {
  for (const [where, lead] of Object.entries(STEPS)) {
    plainConversation(
      `A client that vanishes with ${how} ${where} leaves nothing behind`,
      { files },
      async (stage: Stage) => {
        const { ftp, server, events } = stage;
        const visitor = new Visitor(server);
        await lead(visitor);
        await visitor.vanish(how);
        await stage.event("sessionClosed", ({ session }) => session === "2");
        assertEquals(server.sessionCount, 1);
        assert(!events.some((event) => event.type === "problem" && event.level === "error"), "no error of ours");
        for (const event of events) {
          if (event.type === "transfer") assertEquals(event.complete && event.direction !== "listing", false);
        }
        assertEquals(await ftp.downloadText("RETR a"), "small");
      },
    );
  }
}

plainConversation(
  "A data connection that is reset ends the transfer, not the session",
  { files },
  async ({ ftp, event }) => {
    await ftp.expect("TYPE I", 200);
    for (const line of ["RETR big", "STOR new"]) {
      const port = parseExtendedPassiveText((await ftp.expect("EPSV", 229)).text) ?? 0;
      const data = connectSocket(port, "127.0.0.1");
      data.on("error", () => {});
      await new Promise((resolve) => data.once("connect", resolve));
      await ftp.expect(line, 150);
      if (line.startsWith("STOR")) {
        data.write("half");
        while (!(await ftp.say("STAT")).lines.includes(" STOR new: 4 bytes so far"));
      } else await new Promise((resolve) => data.once("data", resolve));
      data.resetAndDestroy();
      await ftp.expectReply(426);
    }
    const { complete, reason, bytes } = await event("transfer", ({ verb }) => verb === "STOR");
    assertEquals([complete, reason, bytes], [false, "dataLost", 4]);
    assertEquals(await ftp.downloadText("RETR a"), "small");
  },
);

plainConversation(
  "An upload whose client dies is not taken for a complete one",
  { files },
  async ({ server, event, files }) => {
    const visitor = new Visitor(server);
    await visitor.login();
    const data = await visitor.openData();
    await visitor.say("STOR new", 150);
    data.write("half");
    while (files.read("/new").length < 4) await visitor.say("STAT", 211);
    await visitor.vanish("FIN");
    const { complete, bytes } = await event("transfer");
    assertEquals([complete, bytes], [false, 4]);
  },
);

plainConversation(
  "An upload that ends behind QUIT is complete though nobody reads the answer",
  { files },
  async (stage) => {
    const { connect, event, files } = stage;
    const ftp = await connect();
    await ftp.login();
    const data = await ftp.begin("STOR new");
    await ftp.expect("QUIT", 221);
    await data.write(new TextEncoder().encode("whole"));
    await data.closeWrite();
    ftp.close();
    assertEquals((await event("transfer")).complete, true);
    assertEquals(new TextDecoder().decode(files.read("/new")), "whole");
  },
);

plainConversation("Hostile bytes break nothing", { files }, async ({ ftp, server, event, events, connect }) => {
  const random = new Random(99);
  const verbs = [
    "USER",
    "PASS",
    "RETR",
    "STOR",
    "PORT",
    "EPRT",
    "EPSV",
    "LIST",
    "MLST",
    "SITE",
    "OPTS",
    "REST",
    "ALLO",
    "HASH",
    "MFF",
  ] as const;
  for (let round = 0; round < 40; round++) {
    const wire = await connect();
    if (round % 2 === 0) await wire.login();
    for (let line = 0; line < 5; line++) {
      const verb = new TextEncoder().encode(`${random.oneOf(verbs)} `);
      const end = new TextEncoder().encode(random.oneOf(["\r\n", "\n", "", "\r", "\0\n"]));
      await wire.sendRaw(Uint8Array.from([...verb, ...random.bytes(random.upTo(60)), ...end])).catch(() => {});
    }
    wire.close();
    // The one that was there from the start is session 1.
    await event("sessionClosed", ({ session }) => session === String(round + 2));
  }
  assertEquals(server.sessionCount, 1);
  assertEquals(events.filter((each) => each.type === "problem" && each.level === "error"), []);
  assertEquals(await ftp.downloadText("RETR a"), "small");
});
