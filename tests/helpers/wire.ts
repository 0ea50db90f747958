/**
 * A user agent that says exactly what a test tells it to, and shows exactly what comes back.
 *
 * @module
 */

import { assertEquals, fail } from "@std/assert";
import { connectFrom } from "../../lib/data/bound_connection.ts";
import { closeQuietly, type Connection, type SocketAddress, writeAll } from "../../lib/net/connection.ts";
import { parseExtendedPassiveText } from "../../lib/protocol/address.ts";
import { type ParsedReply, ReplyParser } from "../../lib/protocol/reply_parser.ts";

/** A reply as it came. */
export type WireReply = ParsedReply;

/** How this agent turns a connection into a protected one; `undefined`: it stays plain. */
export type Protect = (connection: Connection) => Promise<Connection>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Longest wait for a reply: only a test that has failed already gets here. */
const PATIENCE = 20_000;

function dial(target: SocketAddress, from: string | undefined): Promise<Connection> {
  if (from === undefined) return Deno.connect({ hostname: target.hostname, port: target.port });
  return connectFrom(target, { localAddress: from }, new AbortController().signal);
}

/** One control connection, and the data connections it opens. */
export class Wire implements AsyncDisposable {
  readonly hostname: string;
  #connection: Connection;
  readonly #parser = new ReplyParser();
  /** All that has come since the last reply that a test has asked for. */
  #received = "";
  /** Whole replies that no test has asked for yet. */
  readonly #replies: WireReply[] = [];
  readonly #dataConnections: Connection[] = [];
  readonly #from: string | undefined;
  /** Set for data connections under PROT P. */
  protectData: Protect | undefined;

  private constructor(
    connection: Connection,
    options: { hostname: string; protectData: Protect | undefined; from: string | undefined },
  ) {
    this.#connection = connection;
    this.hostname = options.hostname;
    this.protectData = options.protectData;
    this.#from = options.from;
  }

  /**
   * Connects without reading the greeting. With `protect`, all of it is under TLS from the first byte. With `from`, all
   * connections come from that address.
   */
  static async connect(
    port: number,
    options: { hostname?: string; protect?: Protect | undefined; from?: string | undefined } = {},
  ): Promise<Wire> {
    const { hostname = "127.0.0.1", protect, from } = options;
    const plain = await dial({ hostname, port }, from);
    return new Wire(protect ? await protect(plain) : plain, { hostname, protectData: protect, from });
  }

  get localPort(): number {
    return this.#connection.localAddr.port;
  }

  /** The two ends of the control connection. */
  get ends(): Pick<Connection, "localAddr" | "remoteAddr"> {
    return this.#connection;
  }

  /** Sends bytes as they are. */
  async sendRaw(bytes: Uint8Array | string): Promise<void> {
    await writeAll(this.#connection, typeof bytes === "string" ? encoder.encode(bytes) : bytes);
  }

  /** Sends a command line and waits for nothing. */
  async send(line: string): Promise<void> {
    await this.sendRaw(`${line}\r\n`);
  }

  /** Sends a command and gives its first reply. */
  async say(line: string): Promise<WireReply> {
    await this.send(line);
    return await this.reply();
  }

  /** Says `line` and insists on the code of the first reply. */
  async expect(line: string, code: number): Promise<WireReply> {
    const reply = await this.say(line);
    assertEquals(reply.code, code, `${line} was answered: ${reply.lines.join(" | ")}`);
    return reply;
  }

  /** The next reply, which must have this code. */
  async expectReply(code: number): Promise<WireReply> {
    const reply = await this.reply();
    assertEquals(reply.code, code, `The reply was: ${reply.lines.join(" | ")}`);
    return reply;
  }

  /** The next reply. */
  async reply(): Promise<WireReply> {
    for (;;) {
      const reply = this.#replies.shift();
      if (reply) {
        this.#received = this.#received.slice(reply.lines.reduce((length, line) => length + line.length + 2, 0));
        return reply;
      }
      if (!await this.#receive()) fail(`The connection ended after "${this.#received}"`);
    }
  }

  /** The next `count` bytes as they came. Nothing may have been received before and not been asked for. */
  async receiveRaw(count: number): Promise<Uint8Array> {
    assertEquals(this.#received, "");
    const timer = setTimeout(() => this.close(), PATIENCE);
    const bytes = new Uint8Array(count);
    for (let length = 0; length < count;) {
      length += await this.#connection.read(bytes.subarray(length)) ?? fail(`Only ${length} of ${count} bytes came`);
    }
    clearTimeout(timer);
    return bytes;
  }

  /** Logs in. */
  async login(name = "demo", password = "demo"): Promise<void> {
    await this.expect(`USER ${name}`, 331);
    await this.expect(`PASS ${password}`, 230);
  }

  /** Resolves when the server has closed the control connection, to what it still sent. */
  async closed(): Promise<string> {
    for (let more = true; more;) more = await this.#receive();
    return this.#received;
  }

  /** Reads and forgets whatever comes, until the connection is gone. */
  async swallow(): Promise<void> {
    const buffer = new Uint8Array(65536);
    try {
      while (await this.#connection.read(buffer) !== null);
    } catch {
      // Closed meanwhile, which is an end as well.
    }
  }

  /** Asks for a passive data connection and opens it (without TLS on it as yet). */
  async passive(): Promise<Connection> {
    const { text } = await this.expect("EPSV", 229);
    const port = parseExtendedPassiveText(text) ?? fail(`No port in "${text}"`);
    return this.#keep(await dial({ hostname: this.hostname, port }, this.#from));
  }

  /** The protected form of a data connection, where PROT P is in force. */
  async protect(connection: Connection): Promise<Connection> {
    return this.protectData ? this.#keep(await this.protectData(connection)) : connection;
  }

  /** Runs a command that sends data here: RETR, LIST and their like. Gives what came, after the 226. */
  async download(line: string): Promise<Uint8Array> {
    const bytes = await readAll(await this.begin(line));
    await this.expectReply(226);
    return bytes;
  }

  /**
   * Begins a transfer over a passive data connection: the command is answered with 150, the data connection is ready.
   */
  async begin(line: string): Promise<Connection> {
    const data = await this.passive();
    await this.expect(line, 150);
    return await this.protect(data);
  }

  /** As {@link begin}, over a data connection that the server opens (IPv4). */
  async beginActive(line: string): Promise<Connection> {
    using listener = Deno.listen({ hostname: this.hostname, port: 0 });
    const { port } = listener.addr;
    await this.expect(`PORT ${this.hostname.replaceAll(".", ",")},${port >> 8},${port & 255}`, 200);
    await this.expect(line, 150);
    return await this.protect(this.#keep(await listener.accept()));
  }

  /** Sends command lines in one packet and waits for nothing. */
  async sendAll(...lines: string[]): Promise<void> {
    await this.sendRaw(lines.map((line) => `${line}\r\n`).join(""));
  }

  /** The codes of the next replies, in order. */
  async codes(count: number): Promise<number[]> {
    const codes = [];
    for (let index = 0; index < count; index++) codes.push((await this.reply()).code);
    return codes;
  }

  /** {@link download} as text. */
  async downloadText(line: string): Promise<string> {
    return decoder.decode(await this.download(line));
  }

  /** {@link downloadText} of a listing, line by line. */
  async downloadLines(line: string): Promise<string[]> {
    const text = await this.downloadText(line);
    if (text !== "" && !text.endsWith("\r\n")) fail(`A listing ends in the middle of a line: "${text.slice(-80)}"`);
    return text.split("\r\n").slice(0, -1);
  }

  /** Runs a command that takes data: STOR and its like. Gives the 226. */
  async upload(line: string, content: Uint8Array | string): Promise<WireReply> {
    await sendData(await this.begin(line), content);
    return await this.expectReply(226);
  }

  /** AUTH TLS, and protection for data connections. */
  async startTls(protect: Protect): Promise<void> {
    await this.expect("AUTH TLS", 234);
    await this.upgrade(protect);
    await this.expect("PBSZ 0", 200);
    await this.expect("PROT P", 200);
    this.protectData = protect;
  }

  /** Goes on with another connection over the same socket, as after a 234. */
  async upgrade(protect: Protect): Promise<void> {
    this.#connection = await protect(this.#connection);
  }

  /** Says that no more commands come; replies are still read. */
  halfClose(): Promise<void> {
    return this.#connection.closeWrite();
  }

  /** Gives up the control connection alone, without a word. */
  hangUp(): void {
    closeQuietly(this.#connection);
  }

  /** Vanishes without a word. */
  close(): void {
    this.hangUp();
    for (const connection of this.#dataConnections) closeQuietly(connection);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #keep(connection: Connection): Connection {
    this.#dataConnections.push(connection);
    return connection;
  }

  async #receive(): Promise<boolean> {
    const timer = setTimeout(() => this.close(), PATIENCE);
    try {
      const buffer = new Uint8Array(4096);
      const count = await this.#connection.read(buffer);
      if (count === null) return false;
      const bytes = buffer.subarray(0, count);
      this.#received += decoder.decode(bytes, { stream: true });
      this.#replies.push(...this.#parser.push(bytes));
      return true;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Sends everything over a data connection and ends it. */
export async function sendData(connection: Connection, content: Uint8Array | string): Promise<void> {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  if (bytes.length > 0) await writeAll(connection, bytes);
  await connection.closeWrite();
  closeQuietly(connection);
}

/** Everything until the end of the stream. */
export async function readAll(connection: Connection): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const buffer = new Uint8Array(65536);
  for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
    chunks.push(buffer.slice(0, count));
  }
  closeQuietly(connection);
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}
