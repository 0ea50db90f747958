/**
 * A bare FTP client that can misbehave: it says any bytes, and goes away by FIN or RST whenever it is told to. Built on
 * `node:net`, for only there a reset can be sent on purpose.
 *
 * @module
 */

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type ParsedReply, ReplyParser } from "../../lib/protocol/reply_parser.ts";

const PATIENCE_MS = 180_000;

/** How a client goes away without QUIT. */
export type Exit = "FIN" | "RST";

/** How a client speaks TLS. */
export interface Security {
  /** The certificate to trust, as PEM. */
  readonly ca: string;
  /** Whether `port` speaks TLS from the first byte; otherwise the client says AUTH TLS. */
  readonly implicit: boolean;
}

/** Where the server is, and how it is reached. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** The address to come from. Default: what the system picks. */
  readonly from?: string;
  /** TLS for control and data. Default: none. */
  readonly security?: Security;
}

/** What is under a socket with TLS: only there a reset can be sent. */
const carriers = new WeakMap<Socket, Socket>();

/** Connects to `address`, without TLS. Rejects when that is refused or takes too long. */
export async function dial({ host, port, from }: Address): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true, ...(from !== undefined && { localAddress: from }) });
  const connected = Promise.withResolvers<void>();
  socket.once("connect", connected.resolve);
  socket.once("error", connected.reject);
  await inTime(connected.promise, `a connection to port ${port}`);
  socket.removeAllListeners("error");
  // What happens to a socket later shows as its end; without a listener an error would end the process.
  socket.on("error", () => {});
  return socket;
}

/** Shakes hands as the client on `carrier`, which is used up. */
async function secure(carrier: Socket, { ca }: Security): Promise<Socket> {
  carrier.removeAllListeners("data");
  const socket = connectTls({ socket: carrier, ca, servername: "localhost" });
  carriers.set(socket, carrier);
  const shaken = Promise.withResolvers<void>();
  socket.once("secureConnect", () => shaken.resolve());
  socket.on("error", shaken.reject);
  socket.once("close", () => shaken.reject(new Error("The server closed the connection in the handshake")));
  try {
    await inTime(shaken.promise, "the handshake");
    return socket;
  } catch (error) {
    carrier.destroy();
    throw error;
  }
}

/** Ends `socket` politely or rudely. */
export function leave(socket: Socket, exit: Exit): void {
  const carrier = carriers.get(socket);
  if (exit === "FIN") socket.end(() => socket.destroy());
  else if (carrier === undefined) socket.resetAndDestroy();
  else {
    carrier.resetAndDestroy();
    socket.destroy();
  }
}

/** A control connection. */
export class Control {
  #socket: Socket;
  readonly #replies: ParsedReply[] = [];
  #waiting: PromiseWithResolvers<ParsedReply> | undefined;
  readonly #parser = new ReplyParser();
  #closed = false;

  readonly #security: Security | undefined;

  private constructor(socket: Socket, security: Security | undefined) {
    this.#socket = socket;
    this.#security = security;
    this.#listen();
  }

  /** Connects; the greeting is the first {@link reply}. */
  static async open(address: Address): Promise<Control> {
    const { security } = address;
    const socket = await dial(address);
    return new Control(security?.implicit ? await secure(socket, security) : socket, security);
  }

  /** Says AUTH TLS where that is how `address` is reached, and asks for TLS on data connections. */
  async protect(): Promise<void> {
    if (this.#security === undefined) return;
    if (!this.#security.implicit) {
      await this.expect("AUTH TLS", 234);
      this.#socket.removeAllListeners("close");
      this.#socket = await secure(this.#socket, this.#security);
      this.#listen();
    }
    await this.expect("PBSZ 0", 200);
    await this.expect("PROT P", 200);
  }

  /** The protected form of a data connection, where the control connection has TLS; it is used up. */
  async protectData(socket: Socket): Promise<Socket> {
    return this.#security === undefined ? socket : await secure(socket, this.#security);
  }

  /** Sends `text` as it is. */
  say(text: string): void {
    this.#socket.write(text);
  }

  /** Sends one command and resolves to the next reply. */
  async command(line: string): Promise<ParsedReply> {
    this.say(`${line}\r\n`);
    return await this.reply(line);
  }

  /** Sends one command. Rejects when the next reply has none of `codes`. */
  async expect(line: string, ...codes: readonly number[]): Promise<ParsedReply> {
    return check(await this.command(line), line, codes);
  }

  /** The next reply that has not been taken yet; `about` names it in errors. */
  async reply(about: string): Promise<ParsedReply> {
    const ready = this.#replies.shift();
    if (ready !== undefined) return ready;
    if (this.#closed) throw new Error(`The server had closed the control connection before ${about}`);
    this.#waiting = Promise.withResolvers<ParsedReply>();
    return await inTime(this.#waiting.promise, `a reply to ${about}`);
  }

  /** The next reply. Rejects when it has none of `codes`. */
  async expectReply(about: string, ...codes: readonly number[]): Promise<ParsedReply> {
    return check(await this.reply(about), about, codes);
  }

  /** Goes away. */
  leave(exit: Exit): void {
    leave(this.#socket, exit);
  }

  #listen(): void {
    this.#socket.on("data", (bytes: Uint8Array) => this.#receive(bytes));
    this.#socket.on("close", () => {
      this.#closed = true;
      this.#waiting?.reject(new Error("The server closed the control connection"));
    });
  }

  #receive(bytes: Uint8Array): void {
    for (const reply of this.#parser.push(bytes)) this.#deliver(reply);
  }

  #deliver(reply: ParsedReply): void {
    const waiting = this.#waiting;
    // Cleared at once: the next reply may be in the same packet, before whoever waits has run.
    this.#waiting = undefined;
    if (waiting === undefined) this.#replies.push(reply);
    else waiting.resolve(reply);
  }
}

/** Returns `reply` when it has one of `codes`; throws otherwise. */
export function check(reply: ParsedReply, about: string, codes: readonly number[]): ParsedReply {
  if (!codes.includes(reply.code)) {
    throw new Error(`${about} was answered "${reply.lines.join(" | ")}" instead of ${codes.join(" or ")}`);
  }
  return reply;
}

/**
 * A data connection, as yet without TLS, that is on its way: `open` resolves to it, before or after the transfer's
 * command was said.
 */
export interface Data {
  open(): Promise<Socket>;
  /** Gives back what waits for a connection that will not come. */
  cancel(): void;
}

/** Sets a data connection up with the given command. */
export async function prepareData(
  control: Control,
  address: Address,
  verb: "PASV" | "EPSV" | "PORT" | "EPRT",
): Promise<Data> {
  if (verb === "PORT" || verb === "EPRT") return await prepareActive(control, address, verb);
  const { text } = await control.expect(verb, verb === "PASV" ? 227 : 229);
  const port = verb === "PASV" ? passivePort(text) : Number(/\|\|\|(\d+)\|/.exec(text)?.[1]);
  const { host, from } = address;
  return { open: () => dial({ host, port, ...(from !== undefined && { from }) }), cancel: () => {} };
}

function passivePort(text: string): number {
  const [, high, low] = /\(\d+,\d+,\d+,\d+,(\d+),(\d+)\)/.exec(text) ?? [];
  return Number(high) * 256 + Number(low);
}

async function prepareActive(control: Control, address: Address, verb: "PORT" | "EPRT"): Promise<Data> {
  const host = address.from ?? address.host;
  const accepted = Promise.withResolvers<Socket>();
  const listener = createServer((socket) => {
    socket.on("error", () => {});
    accepted.resolve(socket);
    listener.close();
  });
  const listening = Promise.withResolvers<void>();
  listener.listen(0, host, () => listening.resolve());
  await listening.promise;
  // A TCP listener that listens has one; the type also covers pipes.
  const { port } = listener.address() as AddressInfo;
  const argument = verb === "EPRT" ? `|1|${host}|${port}|` : [...host.split("."), port >> 8, port & 255].join(",");
  try {
    await control.expect(`${verb} ${argument}`, 200);
  } catch (error) {
    listener.close();
    throw error;
  }
  return { open: () => inTime(accepted.promise, "the server's data connection"), cancel: () => listener.close() };
}

/** Milliseconds after the last expected byte in which the end of the stream comes, if the runtime reports it at all. */
const END_WITHIN_MS = 5_000;

/**
 * Everything that arrives on `socket` up to its end; `undefined` when it was reset.
 *
 * @param expected bytes after which the end is not waited for without limit: `node:tls` of Deno 2.9 loses the end of
 * about one download in 2,000. The server's close_notify and FIN have come then (the client's socket is in CLOSE-WAIT,
 * the server's in FIN-WAIT-2), and the client is told of neither.
 */
export async function receiveAll(socket: Socket, expected = Infinity): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  const end = Promise.withResolvers<boolean>();
  let size = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  socket.on("data", (chunk: Uint8Array) => {
    chunks.push(chunk);
    size += chunk.length;
    clearTimeout(timer);
    if (size === expected) timer = setTimeout(() => end.resolve(true), END_WITHIN_MS);
  });
  socket.once("end", () => end.resolve(true));
  socket.once("close", () => end.resolve(false));
  const whole = await inTime(end.promise, "the end of the data").finally(() => clearTimeout(timer));
  socket.destroy();
  return whole ? new Uint8Array(await new Blob(chunks.map((chunk) => new Uint8Array(chunk))).arrayBuffer()) : undefined;
}

/** Sends all of `data` and ends the stream. Resolves when the socket is closed, however that came about. */
export async function sendAll(socket: Socket, data: Uint8Array): Promise<void> {
  const closed = Promise.withResolvers<void>();
  socket.once("close", () => closed.resolve());
  socket.resume();
  socket.end(data);
  await inTime(closed.promise, "the data to be taken");
}

/** Waits until at least one byte has come, or the socket has closed. With `hold`, no more is read after that. */
export async function firstBytes(socket: Socket, hold: boolean): Promise<void> {
  const moved = Promise.withResolvers<void>();
  socket.once("data", () => {
    if (hold) socket.pause();
    moved.resolve();
  });
  socket.once("close", () => moved.resolve());
  await inTime(moved.promise, "the first data");
}

async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Waited ${PATIENCE_MS / 1000} s for ${what} in vain`)),
    PATIENCE_MS,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
