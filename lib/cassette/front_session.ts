/**
 * One client of a {@link Front}: its lines, its TLS and its data connections.
 *
 * @module
 */

import { DataConnectionError } from "../data/connector.ts";
import { closeQuietly, type Connection, writeAll } from "../net/connection.ts";
import { type Line, LineReader, parseCommandLine } from "../protocol/line_reader.ts";
import type { TlsEndpoint } from "../tls/tls.ts";
import type { Backend, Client, Conversation } from "./backend.ts";
import { ConversationEnd } from "./backend.ts";
import { needsData } from "./cassette.ts";
import { DATA_VERBS, DataSide, type DataSideOptions } from "./data_side.ts";

/** The options of a {@link FrontSession}. */
export interface FrontSessionOptions extends DataSideOptions {
  /** Ends the TLS of clients that ask for it. Default: there is none. */
  readonly tls?: TlsEndpoint | undefined;
}

const TLS_VERBS: ReadonlySet<string> = new Set(["AUTH", "PBSZ", "PROT", "CCC"]);
const TLS_FEATURES = [" AUTH TLS", " PBSZ", " PROT"];
const encoder = new TextEncoder();

/** Speaks with one client. */
export class FrontSession implements Client {
  readonly #options: FrontSessionOptions;
  readonly #conversation: Conversation;
  readonly #data: DataSide;
  readonly #reader = new LineReader();
  readonly #buffer = new Uint8Array(8192);
  readonly #abort = new AbortController();
  readonly #dataConnections = new Set<Connection>();
  /** Arrived, and not yet answered. */
  readonly #lines: Line[] = [];
  #connection: Connection;
  /** At most one read at a time. */
  #reading: Promise<void> | undefined;
  /** The client sends no more. */
  #hasEnded = false;
  /** The verb that is being answered. */
  #verb = "";
  #protectsData = false;

  constructor(connection: Connection, backend: Backend, options: FrontSessionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#data = new DataSide(connection, options);
    this.#conversation = backend.begin(this);
  }

  get localAddr(): Connection["localAddr"] {
    return this.#connection.localAddr;
  }

  get remoteAddr(): Connection["remoteAddr"] {
    return this.#connection.remoteAddr;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Resolves when the client has left, or was sent away, and nothing is open any more. */
  async run(): Promise<void> {
    try {
      await this.#conversation.begin();
      while (await this.#next());
    } catch (error) {
      // A connection that is gone needs no word.
      if (error instanceof ConversationEnd) await this.reply([error.message]).catch(() => {});
    } finally {
      this.close();
      await this.#reading?.catch(() => {});
      await this.#conversation.end();
      await this.#data.released();
    }
  }

  /** Sends the client away. */
  close(): void {
    this.#abort.abort();
    this.#data.close();
    for (const connection of this.#dataConnections) closeQuietly(connection);
    closeQuietly(this.#connection);
  }

  async reply(lines: readonly string[]): Promise<void> {
    const offersTls = this.#verb === "FEAT" && this.#options.tls !== undefined && lines.length > 1;
    const sent = offersTls ? [...lines.slice(0, -1), ...TLS_FEATURES, ...lines.slice(-1)] : lines;
    await writeAll(this.#connection, encoder.encode(sent.map((line) => `${line}\r\n`).join("")));
  }

  async openData(): Promise<Connection> {
    const connection = await this.#data.open(this.#abort.signal);
    this.#dataConnections.add(connection);
    if (!this.#protectsData || this.#options.tls === undefined) return connection;
    try {
      const secure = await this.#options.tls.secure(connection);
      this.#dataConnections.add(secure);
      return secure;
    } catch (error) {
      throw new DataConnectionError("failed", "No TLS on the data connection", { cause: error });
    }
  }

  /** Answers the next line. Resolves to whether the conversation goes on. */
  async #next(): Promise<boolean> {
    const line = await this.#readLine();
    if (line === undefined) return false;
    if (line.kind === "endless") throw new ConversationEnd("421 Line without an end");
    this.#verb = "";
    if (line.kind !== "line") {
      const why = line.kind === "notUtf8" ? "Not UTF-8, which a cassette is written in" : "Line too long or invalid";
      await this.reply([`501 ${why}`]);
      return true;
    }
    const { verb, argument } = parseCommandLine(line.text);
    this.#verb = verb;
    if (TLS_VERBS.has(verb)) await this.#answerTls(verb, argument);
    else if (DATA_VERBS.has(verb)) {
      const refusal = await this.#conversation.prepareData();
      await this.reply(refusal ?? [await this.#data.agree(verb, argument)]);
    } else if (needsData(verb)) return await this.#transfer(verb, argument);
    else return await this.#conversation.answer(verb, argument);
    return true;
  }

  /** As {@link Conversation.answer}. ABOR ends the transfer, and is answered after it. */
  async #transfer(verb: string, argument: string | undefined): Promise<boolean> {
    let isOver = false;
    const listen = async () => {
      while (!isOver && !this.#hasEnded && this.#lines.length === 0) await this.#read();
      if (!isOver && this.#lines.some((line) => line.kind === "line" && /^ABOR$/i.test(line.text))) this.#endTransfer();
    };
    listen().catch(() => this.close());
    try {
      return await this.#conversation.answer(verb, argument);
    } finally {
      isOver = true;
      this.#endTransfer();
    }
  }

  #endTransfer(): void {
    this.#data.close();
    for (const connection of this.#dataConnections) closeQuietly(connection);
    this.#dataConnections.clear();
  }

  async #readLine(): Promise<Line | undefined> {
    while (this.#lines.length === 0 && !this.#hasEnded) await this.#read();
    return this.#lines.shift();
  }

  #read(): Promise<void> {
    return this.#reading ??= this.#fill().finally(() => this.#reading = undefined);
  }

  async #fill(): Promise<void> {
    const count = await this.#connection.read(this.#buffer);
    if (count === null) {
      this.#hasEnded = true;
      return;
    }
    this.#reader.push(this.#buffer.subarray(0, count));
    for (let line = this.#reader.next(); line !== undefined; line = this.#reader.next()) this.#lines.push(line);
  }

  async #answerTls(verb: string, argument = ""): Promise<void> {
    const { tls } = this.#options;
    if (tls === undefined) return await this.reply(["502 No TLS here: start the fixture with --tls"]);
    if (verb === "AUTH" && /^(?:TLS|TLS-C|SSL)$/i.test(argument)) {
      await this.reply(["234 TLS begins"]);
      this.#reader.reset();
      this.#lines.length = 0;
      this.#connection = await tls.secure(this.#connection);
    } else if (verb === "PBSZ") await this.reply(["200 PBSZ=0"]);
    else if (verb === "PROT" && /^[CP]$/i.test(argument)) {
      this.#protectsData = argument.toUpperCase() === "P";
      await this.reply(["200 Protection set"]);
    } else await this.reply([`504 Not possible here: ${verb} ${argument}`]);
  }
}
