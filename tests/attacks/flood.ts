/**
 * Clients that send one command over and over, as fast as they are read: over sockets against a server in a process of
 * its own, and without any against one in this process, where it can be counted what the server takes in and keeps.
 *
 * @module
 */

import { closeQuietly, type Connection } from "../../lib/net/connection.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { Wire } from "../helpers/wire.ts";
import type { Target } from "./stage.ts";

/** Commands that anybody may send, whoever they are, with long replies and short ones. */
export const OPEN_COMMANDS: readonly string[] = ["FEAT", "HELP", "STAT", "NOOP", "SYST", "HOST a"];

const BUFFERED = 8;

/** What a flood takes the place of: a client whose control connection always has more to read. */
export interface Flood {
  readonly line: string;
  /**
   * Whether it takes replies. One that does not takes {@link BUFFERED} writes, as the buffers of two systems do, and
   * then no more.
   */
  readonly reads: boolean;
}

/** A control connection that is a {@link Flood}. Counts what the server does with it. */
export class FloodConnection implements Connection {
  readonly localAddr: Connection["localAddr"];
  readonly remoteAddr: Connection["remoteAddr"];
  /** Bytes that the server has read. */
  taken = 0;
  /** {@link taken} when replies last left. */
  writtenAt = 0;
  /** Bytes of the write that is under way. */
  offered = 0;
  /** Resolves when replies are stuck for the first time. */
  readonly stuck = Promise.withResolvers<void>();
  readonly #inner: Connection;
  readonly #flood: Flood;
  readonly #line: Uint8Array;
  readonly #end = Promise.withResolvers<never>();
  #writes = 0;

  constructor(inner: Connection, flood: Flood) {
    this.#inner = inner;
    this.#flood = flood;
    this.#line = new TextEncoder().encode(`${flood.line}\r\n`);
    this.localAddr = inner.localAddr;
    this.remoteAddr = inner.remoteAddr;
    this.#end.promise.catch(() => {});
  }

  async read(buffer: Uint8Array): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    for (let index = 0; index < buffer.length; index++) {
      buffer[index] = this.#line[(this.taken + index) % this.#line.length] ?? 0;
    }
    this.taken += buffer.length;
    return buffer.length;
  }

  async write(data: Uint8Array): Promise<number> {
    if (this.#writes++ < BUFFERED || this.#flood.reads) {
      this.writtenAt = this.taken;
      return data.length;
    }
    this.offered = data.length;
    this.stuck.resolve();
    return await this.#end.promise;
  }

  closeWrite(): Promise<void> {
    return this.#inner.closeWrite();
  }

  close(): void {
    this.#end.reject(new Deno.errors.Interrupted("The test closed it"));
    closeQuietly(this.#inner);
  }
}

/** What {@link besideFloods} gives to its test. */
export interface Beside {
  readonly floods: readonly FloodConnection[];
  readonly server: FtpServer;
  /** Somebody who does nothing out of the ordinary, logged in. */
  readonly innocent: Wire;
}

/** Runs a server in this process with `count` floods and one innocent session. */
export async function besideFloods(
  flood: Flood,
  count: number,
  test: (beside: Beside) => Promise<void>,
): Promise<void> {
  const floods: FloodConnection[] = [];
  await using server = new FtpServer({
    authenticator: authenticatorOf({ name: "demo" }),
    fileSystem: () => new MemoryVfs(),
    port: 0,
    network: {
      wrap: (connection, { session }) => {
        // The innocent is the first.
        if (session === "1") return connection;
        const hostile = new FloodConnection(connection, flood);
        floods.push(hostile);
        return hostile;
      },
    },
  });
  server.listen();
  const wires: Wire[] = [];
  try {
    const innocent = await Wire.connect(server.address.port);
    wires.push(innocent);
    await innocent.expectReply(220);
    await innocent.login();
    for (let index = 0; index < count; index++) wires.push(await Wire.connect(server.address.port));
    while (floods.length < count) await innocent.expect("NOOP", 200);
    await test({ floods, server, innocent });
  } finally {
    for (const wire of wires) wire.close();
    floods.forEach(closeQuietly);
  }
}

/**
 * Sends `line` over and over to a server in another process, until `until` settles; reads the replies where `reads`
 * says so.
 */
export async function floodOverSocket(
  target: Target,
  { line, reads }: Flood,
  { until, login = false }: { readonly until: Promise<unknown>; readonly login?: boolean },
): Promise<void> {
  const wire = login ? await target.login() : await target.connect();
  const end = () => wire.close();
  until.then(end, end);
  const lines = new TextEncoder().encode(`${line}\r\n`.repeat(Math.ceil(16_384 / (line.length + 2))));
  const sending = (async () => {
    for (;;) await wire.sendRaw(lines);
  })().catch(() => {});
  const reading = reads ? wire.swallow() : undefined;
  await Promise.all([sending, reading, until]);
}
