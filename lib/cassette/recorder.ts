/**
 * Answers clients with the words of a real server, and records them.
 *
 * @module
 */

import { openData } from "../client/data_connection.ts";
import { ClientError } from "../client/errors.ts";
import type { DataConnector } from "../data/connector.ts";
import { concat } from "../net/concat.ts";
import { closeQuietly, type Connection, writeAll } from "../net/connection.ts";
import { messageOf } from "../net/message_of.ts";
import type { ParsedReply } from "../protocol/reply_parser.ts";
import { type Backend, type Client, type Conversation, ConversationEnd } from "./backend.ts";
import {
  CassetteError,
  commandOf,
  isUpload,
  MOST_OF_TRANSFER,
  needsData,
  type RecordedSession,
  type Step,
} from "./cassette.ts";
import { hide, type Identity } from "./placeholders.ts";
import type { Tape } from "./tape.ts";
import { type Upstream, UpstreamSession } from "./upstream.ts";

/** The options of a {@link Recorder}. */
export interface RecorderOptions {
  readonly upstream: Upstream;
  readonly tape: Tape;
  /** Called with a line for what ends a recording before its client does. */
  readonly onTrouble: (line: string) => void;
}

/** TLS is ended here: what the server offers of it is not offered on. */
const TLS_FEATURE = /^\s*(?:211-)?\s*(?:AUTH|PBSZ|PROT|CCC)\b/i;

/** Has clients answered by the server, each over a connection of its own. */
export class Recorder implements Backend {
  readonly #options: RecorderOptions;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  begin(client: Client): Conversation {
    return new RecordedConversation(client, this.#options);
  }
}

class RecordedConversation implements Conversation {
  readonly #client: Client;
  readonly #options: RecorderOptions;
  readonly #recorded: RecordedSession = { greeting: [], exchanges: [] };
  readonly #end: () => void;
  readonly #users = new Set<string>();
  readonly #passwords = new Set<string>();
  #upstream: UpstreamSession | undefined;
  #connector: DataConnector | undefined;
  #steps: Step[] = this.#recorded.greeting;
  #verb = "";

  constructor(client: Client, options: RecorderOptions) {
    this.#client = client;
    this.#options = options;
    this.#end = options.tape.add(this.#recorded);
    const { user, password } = options.upstream;
    if (user !== undefined) this.#users.add(user);
    if (password !== undefined) this.#passwords.add(password);
  }

  async begin(): Promise<void> {
    await this.#guard(async () => {
      this.#upstream = await UpstreamSession.open(this.#options.upstream, this.#client.signal);
      await this.#relay(this.#upstream.greeting);
    });
  }

  async prepareData(): Promise<readonly string[] | undefined> {
    return await this.#guard(async () => {
      this.#connector?.close();
      this.#connector = undefined;
      try {
        this.#connector = await this.#session.prepareData();
        return undefined;
      } catch (error) {
        if (!(error instanceof ClientError) || error.kind !== "reply") throw error;
        return [`${error.code} ${error.reply}`];
      }
    });
  }

  async answer(verb: string, argument: string | undefined): Promise<boolean> {
    const sent = this.#credential(verb, argument);
    this.#verb = verb;
    this.#steps = [];
    const command = commandOf(verb, argument);
    this.#recorded.exchanges.push({ command, steps: this.#steps });
    return await this.#guard(async () => {
      this.#options.tape.count(command.length);
      const reply = needsData(verb) && this.#connector !== undefined
        ? await this.#transfer(this.#connector, sent)
        : await this.#exchange(sent);
      return reply.code !== 421 && !(verb === "QUIT" && reply.code < 300);
    });
  }

  end(): void {
    this.#connector?.close();
    this.#upstream?.control.close();
    this.#end();
  }

  /** Once {@link begin} has resolved. */
  get #session(): UpstreamSession {
    if (this.#upstream === undefined) throw new TypeError("Not connected");
    return this.#upstream;
  }

  /** What the server is sent. */
  #credential(verb: string, argument: string | undefined): string | undefined {
    const { user, password } = this.#options.upstream;
    if (verb === "USER" && argument !== undefined) this.#users.add(argument);
    if ((verb === "PASS" || verb === "ACCT") && argument !== undefined) this.#passwords.add(argument);
    if (verb === "USER") return user ?? argument;
    return verb === "PASS" ? password ?? argument : argument;
  }

  async #exchange(argument: string | undefined): Promise<ParsedReply> {
    await this.#session.control.send(this.#verb, argument);
    return await this.#relayReplies();
  }

  /** Up to and including the final one. */
  async #relayReplies(): Promise<ParsedReply> {
    for (;;) {
      const reply = await this.#relay(await this.#session.control.reply());
      if (reply.code >= 200) return reply;
    }
  }

  async #relay(reply: ParsedReply): Promise<ParsedReply> {
    const lines = this.#verb === "FEAT" ? reply.lines.filter((line) => !TLS_FEATURE.test(line)) : reply.lines;
    const hidden = lines.map((line) => hide(line, this.#verb, this.#identity));
    this.#options.tape.count(hidden.reduce((size, line) => size + line.length, 0));
    this.#steps.push({ kind: "reply", lines: hidden });
    await this.#client.reply(lines);
    return reply;
  }

  get #identity(): Identity {
    const connection = this.#upstream?.control.connection;
    const server = connection ? [connection.remoteAddr.hostname] : [];
    const client = connection ? [connection.localAddr.hostname] : [];
    return {
      ...{ users: this.#users, passwords: this.#passwords },
      ...{ hosts: [this.#options.upstream.host, ...server], clients: client },
    };
  }

  async #transfer(connector: DataConnector, argument: string | undefined): Promise<ParsedReply> {
    this.#connector = undefined;
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#client.signal]);
    let server: Connection | undefined;
    try {
      await this.#session.control.send(this.#verb, argument);
      // Some servers say nothing before the connection is there.
      const opening = openData(connector, signal);
      opening.catch(() => {});
      const first = await this.#relay(await this.#session.control.reply());
      if (first.code >= 200) return first;
      const recorded = new Collected((bytes) => this.#options.tape.count(bytes));
      try {
        server = await opening;
        server = await this.#session.protect(server, signal);
        const client = await this.#client.openData();
        if (isUpload(this.#verb)) await move(client, server, recorded);
        else {
          await move(server, client, recorded);
          closeQuietly(server);
        }
      } catch (error) {
        if (error instanceof CassetteError) throw error;
        // One of both has given up: the server says what it makes of that.
        if (server) closeQuietly(server);
      }
      this.#steps.push({ kind: "data", bytes: recorded.bytes });
      return await this.#relayReplies();
    } finally {
      abort.abort();
      // After an upload not before the reply: what TLS 1.3 sends unasked would make it a reset.
      if (server) closeQuietly(server);
      connector.close();
    }
  }

  /** Trouble with the server, or with the cassette, ends the session. What was answered before is kept. */
  async #guard<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      const isGone = this.#client.signal.aborted;
      if (isGone || !(error instanceof ClientError || error instanceof CassetteError)) throw error;
      const line = error instanceof CassetteError ? `Cannot record ${this.#verb}: ${error.message}` : messageOf(error);
      if (error instanceof CassetteError) this.#steps.length = 0;
      this.#options.onTrouble(line);
      throw new ConversationEnd(`421 ${line.replaceAll(/[\r\n]+/g, " ")}`);
    }
  }
}

/** Bytes of one transfer. */
class Collected {
  readonly #count: (bytes: number) => void;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;

  constructor(count: (bytes: number) => void) {
    this.#count = count;
  }

  get bytes(): Uint8Array {
    return concat(this.#pieces);
  }

  /** @throws {CassetteError} above the limit. */
  add(piece: Uint8Array): void {
    this.#size += piece.length;
    if (this.#size > MOST_OF_TRANSFER) throw new CassetteError(`more than ${MOST_OF_TRANSFER} bytes in one transfer`);
    this.#count(piece.length);
    this.#pieces.push(piece.slice());
  }
}

async function move(from: Connection, to: Connection, recorded: Collected): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    recorded.add(buffer.subarray(0, count));
    await writeAll(to, buffer.subarray(0, count));
  }
  await to.closeWrite();
}
