/**
 * A client that plays a {@link Script} and judges what comes back.
 *
 * @module
 */

import { closeQuietly, writeAll } from "../../lib/net/connection.ts";
import { parseExtendedPassiveText, parsePassiveText } from "../../lib/protocol/address.ts";
import { type ParsedReply, ReplyParser } from "../../lib/protocol/reply_parser.ts";
import type { DataHabit, Script, Step } from "./commands.ts";

/** In files outside of every root: nothing that a client receives may contain it. */
export const SECRET = "only for those outside";

/** Only a session that has failed already waits so long. */
const PATIENCE_MS = 60_000;
const DATA = new TextEncoder().encode("some bytes, line one\r\nline two\nthree\r".repeat(40));
/** The greeting, and the replies to USER and PASS. */
const LOGIN_REPLIES = 2;

/** Where the server is. */
export interface Scene {
  readonly port: number;
  readonly user: string;
  /** Whether the server ends sessions with too many bad commands. */
  readonly endsBad: boolean;
}

/** Plays `script` against the server. @throws {Error} saying which promise of the protocol is broken. */
export async function play(script: Script, scene: Scene): Promise<void> {
  using player = await Player.start(script, scene);
  await player.run();
}

class Player implements Disposable {
  readonly #script: Script;
  readonly #scene: Scene;
  readonly #control: Deno.TcpConn;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #parser = new ReplyParser();
  readonly #data = new Set<Deno.TcpConn>();
  readonly #tasks: Promise<void>[] = [];
  readonly #problems: string[] = [];
  /** Final replies so far. */
  readonly #finals: ParsedReply[] = [];
  #preliminary = false;
  #turn = 0;
  #closed = false;
  /** Closed while the server had not read everything: what it had sent may be lost. */
  #reset = false;
  #news = Promise.withResolvers<void>();
  /** Bytes of Telnet in the replies that have begun to arrive. */
  #telnet = 0;

  private constructor(script: Script, scene: Scene, control: Deno.TcpConn) {
    this.#script = script;
    this.#scene = scene;
    this.#control = control;
  }

  static async start(script: Script, scene: Scene): Promise<Player> {
    return new Player(script, scene, await Deno.connect({ hostname: "127.0.0.1", port: scene.port }));
  }

  async run(): Promise<void> {
    const reading = this.#read();
    const accepting = this.#accept();
    try {
      await this.#finalReplies(1);
      const lines = this.#script.steps.filter(({ type }) => type !== "telnet").length;
      const before = 1 + (this.#script.login ? LOGIN_REPLIES : 0);
      await this.#send();
      await this.#finalReplies(before + lines);
      if (!this.#closed) await this.#lastQuestion(before + lines);
      this.#judge(before + lines);
    } finally {
      this.#end();
      await Promise.allSettled([reading, accepting, ...this.#tasks]);
    }
    if (this.#problems.length > 0) throw new Error(this.#problems.join("\n"));
  }

  /** One more command gets one more reply, and nothing else comes. */
  async #lastQuestion(count: number): Promise<void> {
    await writeAll(this.#control, new TextEncoder().encode("NOOP\r\n")).catch(() => {});
    await this.#finalReplies(count + 1);
    const last = this.#finals[count];
    if (!this.#closed && last?.code !== 200) this.#problems.push(`NOOP at the end was answered ${last?.lines}`);
  }

  #judge(count: number): void {
    const finals = this.#finals.length;
    const last = this.#finals.at(-1)?.code;
    // QUIT is answered at once, and the transfer that it waits for has its final reply after it.
    const isOver = last === 421 || this.#finals.some(({ code }) => code === 221);
    if (this.#closed && !isOver && !this.#mayBeReset) this.#problems.push(`Closed after ${last}`);
    // The 421 that ends a session comes besides the reply to the last command.
    const most = count + (last === 421 ? 2 : 1);
    if (finals > most) this.#problems.push(`${finals} final replies instead of ${most}`);
  }

  /** A client that goes on after its QUIT, or after what ends its session, may not see its last replies. */
  get #mayBeReset(): boolean {
    const says = (verb: RegExp) => this.#script.steps.some((step) => step.type === "line" && verb.test(step.text));
    return this.#reset && (this.#scene.endsBad || says(/^QUIT/i));
  }

  async #finalReplies(count: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    let inTime = true;
    const timer = setTimeout(() => {
      inTime = false;
      late.resolve();
    }, PATIENCE_MS);
    while (this.#finals.length < count && !this.#closed && inTime) {
      await Promise.race([this.#news.promise, late.promise]);
    }
    clearTimeout(timer);
    if (inTime) return;
    throw new Error(
      `Only ${this.#finals.length} of ${count} replies came, the last ${this.#finals.at(-1)?.lines.join(" | ")}`,
    );
  }

  async #send(): Promise<void> {
    const { login, steps, packets } = this.#script;
    const { user } = this.#scene;
    const opening = login ? new TextEncoder().encode(`USER ${user}\r\nPASS ${user}\r\n`) : new Uint8Array();
    const parts = [opening, ...steps.map((step) => this.#bytesOf(step))];
    const all = new Uint8Array(await new Blob(parts).arrayBuffer());
    let start = 0;
    try {
      for (const size of [...packets, all.length]) {
        await writeAll(this.#control, all.subarray(start, start + size));
        start = Math.min(all.length, start + size);
        if (start === all.length) return;
      }
    } catch {
      // The server has ended the session, which `#judge` looks at.
    }
  }

  #bytesOf(step: Step): Uint8Array<ArrayBuffer> {
    const encoder = new TextEncoder();
    switch (step.type) {
      case "line": {
        const { port } = this.#listener.addr;
        const text = step.text.replaceAll("{address}", "127,0,0,1").replaceAll("{port}", String(port))
          .replaceAll("{high}", String(port >> 8)).replaceAll("{low}", String(port & 255));
        return encoder.encode(text.replaceAll("\0", "?") + step.end);
      }
      case "bytes":
        return new Uint8Array([...Uint8Array.fromHex(step.hex), 13, 10]);
      case "long":
        return encoder.encode("x".repeat(step.length) + "\r\n");
      case "telnet":
        return Uint8Array.fromHex(step.hex);
    }
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65536);
    try {
      for (let count = await this.#control.read(buffer); count !== null; count = await this.#control.read(buffer)) {
        const text = this.#withoutTelnet(buffer.subarray(0, count));
        for (const reply of this.#parser.push(text)) this.#take(reply);
        this.#wake();
      }
      if (this.#parser.isMidReply) this.#problems.push("The last reply was cut off");
    } catch (error) {
      // A reset is an end; anything but a reply is not.
      if (isConnectionError(error)) this.#reset = true;
      else this.#problems.push(String(error));
    }
    this.#closed = true;
    this.#wake();
  }

  #wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** Removes IAC, verb and option, wherever they are cut. */
  #withoutTelnet(bytes: Uint8Array): Uint8Array {
    return bytes.filter((byte) => {
      if (this.#telnet === 0 && byte !== 0xff) return true;
      this.#telnet = (this.#telnet + 1) % 3;
      return false;
    });
  }

  #take(reply: ParsedReply): void {
    if (reply.lines.some((line) => line.includes(SECRET))) {
      this.#problems.push(`A reply has the secret: ${reply.lines}`);
    }
    // deno-lint-ignore no-control-regex -- control characters are what is looked for
    if (reply.lines.some((line) => /[\x00-\x08\x0a-\x1f]/.test(line))) {
      this.#problems.push(`A reply has control characters: ${JSON.stringify(reply.lines)}`);
    }
    if (reply.code < 200) {
      if (this.#preliminary) this.#problems.push(`Two preliminary replies: ${reply.lines}`);
      this.#preliminary = true;
      return;
    }
    this.#preliminary = false;
    this.#finals.push(reply);
    const port = reply.code === 227
      ? parsePassiveText(reply.text)?.port
      : reply.code === 229
      ? parseExtendedPassiveText(reply.text)
      : undefined;
    if (port !== undefined) this.#tasks.push(this.#dial(port));
    else if (reply.code === 227 || reply.code === 229) this.#problems.push(`No port in ${reply.lines}`);
  }

  async #dial(port: number): Promise<void> {
    const habit = this.#nextHabit();
    if (habit === "ignore") return;
    try {
      await this.#handle(await Deno.connect({ hostname: "127.0.0.1", port }), habit);
    } catch {
      // The port may be gone again by then.
    }
  }

  async #accept(): Promise<void> {
    try {
      for (;;) this.#tasks.push(this.#handle(await this.#listener.accept(), this.#nextHabit()));
    } catch {
      // Closed at the end of the script.
    }
  }

  #nextHabit(): DataHabit {
    const { habits } = this.#script;
    return habits[this.#turn++ % habits.length] ?? "exchange";
  }

  async #handle(connection: Deno.TcpConn, habit: DataHabit): Promise<void> {
    this.#data.add(connection);
    if (habit === "close") return closeQuietly(connection);
    try {
      if (habit === "exchange") {
        await writeAll(connection, DATA);
        await connection.closeWrite();
      }
      await this.#inspect(connection);
    } catch {
      // The server may cut it.
    }
    closeQuietly(connection);
  }

  async #inspect(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(65536);
    const decoder = new TextDecoder();
    let text = "";
    for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
      text = text.slice(-SECRET.length) + decoder.decode(buffer.subarray(0, count), { stream: true });
      if (text.includes(SECRET)) this.#problems.push("A data connection has carried the secret");
    }
  }

  #end(): void {
    closeQuietly(this.#control);
    closeQuietly(this.#listener);
    for (const connection of this.#data) closeQuietly(connection);
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}

function isConnectionError(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.Interrupted;
}
