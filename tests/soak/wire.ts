/**
 * A bare FTP client that can misbehave: it says any bytes, and goes away by FIN or RST whenever it is told to. Built on
 * `node:net`, for only there a reset can be sent on purpose.
 *
 * @module
 */

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type ParsedReply, ReplyParser } from "../../lib/protocol/reply_parser.ts";

const PATIENCE_MS = 45_000;

/** How a client goes away without QUIT. */
export type Exit = "FIN" | "RST";

/** Where the server is. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Connects to `address`. Rejects when that is refused or takes too long. */
export async function dial({ host, port }: Address): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true });
  const connected = Promise.withResolvers<void>();
  socket.once("connect", connected.resolve);
  socket.once("error", connected.reject);
  await inTime(connected.promise, `a connection to port ${port}`);
  socket.removeAllListeners("error");
  // What happens to a socket later shows as its end; without a listener an error would end the process.
  socket.on("error", () => {});
  return socket;
}

/** Ends `socket` politely or rudely. */
export function leave(socket: Socket, exit: Exit): void {
  if (exit === "RST") socket.resetAndDestroy();
  else socket.end(() => socket.destroy());
}

/** A control connection. */
export class Control {
  readonly #socket: Socket;
  readonly #replies: ParsedReply[] = [];
  #waiting: PromiseWithResolvers<ParsedReply> | undefined;
  readonly #parser = new ReplyParser();
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Uint8Array) => this.#receive(bytes));
    socket.on("close", () => {
      this.#closed = true;
      this.#waiting?.reject(new Error("The server closed the control connection"));
    });
  }

  /** Connects; the greeting is the first {@link reply}. */
  static async open(address: Address): Promise<Control> {
    return new Control(await dial(address));
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

/** A data connection that is on its way: `open` resolves to it, before or after the transfer's command was said. */
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
  return { open: () => dial({ host: address.host, port }), cancel: () => {} };
}

function passivePort(text: string): number {
  const [, high, low] = /\(\d+,\d+,\d+,\d+,(\d+),(\d+)\)/.exec(text) ?? [];
  return Number(high) * 256 + Number(low);
}

async function prepareActive(control: Control, { host }: Address, verb: "PORT" | "EPRT"): Promise<Data> {
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

/** Everything that arrives on `socket` up to its end; `undefined` when it was reset. */
export async function receiveAll(socket: Socket): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  const end = Promise.withResolvers<boolean>();
  socket.once("end", () => end.resolve(true));
  socket.once("close", () => end.resolve(false));
  const whole = await inTime(end.promise, "the end of the data");
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

/** Waits until at least one byte has come, or the socket has closed. */
export async function firstBytes(socket: Socket): Promise<void> {
  const moved = Promise.withResolvers<void>();
  socket.once("data", () => moved.resolve());
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
