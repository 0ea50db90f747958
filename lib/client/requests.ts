/**
 * The requests of one session: their order, their data connections, and what of them is sent ahead.
 *
 * @module
 */

import type { DataConnector } from "../data/connector.ts";
import { EventLoop } from "../data/event_loop.ts";
import type { PumpOptions } from "../data/pump.ts";
import type { Connection } from "../net/connection.ts";
import type { ParsedReply } from "../protocol/reply_parser.ts";
import { DEFAULT_TIMEOUT, type LoggedIn } from "./connect.ts";
import type { Command } from "./control.ts";
import { DataConnections } from "./data_connection.ts";
import { ClientError, refusalOf } from "./errors.ts";
import type { ClientOptions, TransferOptions } from "./options.ts";
import { runTransfer } from "./transfer.ts";
import { Turns } from "./turns.ts";

const DEFAULT_STALL_TIMEOUT = 60_000;
/** Commands whose effect does not depend on when the transfers around them end. */
const MAY_GO_AHEAD = new Set(["MFMT", "MKD", "RMD", "DELE", "SITE"]);
/** Verbs whose data the client sends. */
const UPLOADS = new Set(["STOR", "APPE"]);
/** Milliseconds for the reply to commands sent ahead, while it is not known whether this server takes them. */
const FIRST_AHEAD_WITHIN = 3_000;

/** A transfer of a part of a file. */
export interface RangeOptions extends TransferOptions {
  /** The byte before which the server ends it (RANG). */
  readonly end?: number | undefined;
}

/** Runs the requests of a session one after the other. */
export class Requests {
  readonly #session: LoggedIn;
  readonly #options: ClientOptions;
  readonly #data: DataConnections;
  /** Its own: transfers of a client do not count as those of a server in the same thread. */
  readonly #loop = new EventLoop();
  readonly #turns: Turns;
  #isAscii = false;

  constructor(session: LoggedIn, options: ClientOptions) {
    const { mode = "passive", timeout = DEFAULT_TIMEOUT, dial, host } = options;
    this.#session = session;
    this.#options = options;
    this.#turns = new Turns(session.control);
    this.#data = new DataConnections(session.control, { mode, timeout, via: dial && { dial, host } });
  }

  /** Runs `work`, which may use the control connection, when everything before it is over. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(work);
  }

  /** Sends a command that needs no data connection. @throws {ClientError} */
  command(verb: string, argument: string | undefined, expected: string, timeout?: number): Promise<ParsedReply> {
    const { control } = this.#session;
    const name = verb.toUpperCase();
    const commands = () => this.#aheadIfPossible([[verb, argument]]);
    const ahead = MAY_GO_AHEAD.has(name) ? { commands, isTransfer: false } : undefined;
    return this.#turns.run(async (wasSent) => {
      if (!wasSent) await control.send(verb, argument);
      const reply = await control.finalReply(timeout);
      if (!expected.includes(String(reply.code).charAt(0))) throw refusalOf(verb, reply);
      if (name === "TYPE") this.#isAscii = argument?.toUpperCase().startsWith("A") ?? false;
      return reply;
    }, { ahead });
  }

  /** Opens a data connection, sends the command and moves the data. Resolves to the final reply. */
  transfer(
    verb: string,
    argument: string | undefined,
    options: RangeOptions,
    move: (connection: Connection, pump: PumpOptions) => Promise<void>,
  ): Promise<ParsedReply> {
    const { signal = new AbortController().signal, offset = 0, end, ascii = false, limiter, onProgress } = options;
    const { timeout = DEFAULT_TIMEOUT, stallTimeout = DEFAULT_STALL_TIMEOUT } = this.#options;
    const { control, tls } = this.#session;
    const commands = () => {
      const passive = ascii || offset > 0 || end !== undefined || this.#isAscii ? undefined : this.#data.command;
      return passive && this.#aheadIfPossible([[passive], [verb, argument]]);
    };
    return this.#turns.run(async (wasSent) => {
      signal.throwIfAborted();
      const connector = wasSent ? await this.#acceptAhead() : await this.#prepare(ascii, offset, end);
      let offersOther = false;
      try {
        return await runTransfer({
          ...{ control, connector, verb, argument, signal, timeout, wasSent, staysOpen: UPLOADS.has(verb) },
          protect: async (connection) => {
            offersOther = tls?.offersOther ?? false;
            return await tls?.secure(connection, signal) ?? connection;
          },
          move: (connection, stop) => {
            this.#turns.moving();
            return move(connection, { loop: this.#loop, signal: stop, stallTimeout, ascii, limiter, onProgress });
          },
          mayRecover: () => !this.#turns.hasAhead,
        });
      } catch (error) {
        if (offersOther && isRefusedSession(error)) throw sessionTaken(error);
        throw this.#judgeFailure(error, signal, wasSent);
      }
    }, { signal, ahead: { commands, isTransfer: true } });
  }

  async #prepare(ascii: boolean, offset: number, end?: number): Promise<DataConnector> {
    await this.setType(ascii);
    const connector = await this.#data.prepare();
    try {
      // Both ends are part of a range (draft-bryan-ftp-range-08).
      if (end !== undefined) await this.#session.control.request("RANG", `${offset} ${end - 1}`, "3");
      else if (offset > 0) await this.#session.control.request("REST", String(offset), "3");
      return connector;
    } catch (error) {
      connector.close();
      throw error;
    }
  }

  /** `commands`, if this server takes them during a transfer and they can be sent at all. */
  #aheadIfPossible(commands: readonly Command[]): readonly Command[] | undefined {
    return this.#session.control.canSend(commands) && this.#options.ahead?.allows(this) ? commands : undefined;
  }

  /** The data connection of a transfer whose commands were sent before its turn. */
  async #acceptAhead(): Promise<DataConnector> {
    const { ahead } = this.#options;
    const { control } = this.#session;
    try {
      const isKnown = ahead?.state === "yes";
      const connector = this.#data.accept(await control.finalReply(isKnown ? undefined : FIRST_AHEAD_WITHIN));
      ahead?.learn(true);
      return connector;
    } catch (cause) {
      // A temporary refusal of a server that is known to take them has other reasons.
      if (!(cause instanceof ClientError && cause.isTemporary && cause.kind === "reply")) ahead?.learn(false);
      control.close();
      throw new ClientError("closed", "The server did not answer commands that were sent ahead", { cause });
    }
  }

  /** A failure beside commands that were sent ahead may be due to them: then the transfer is to be tried without. */
  #judgeFailure(error: unknown, signal: AbortSignal, wasSent: boolean): unknown {
    const { ahead } = this.#options;
    const isAhead = wasSent || this.#turns.hasAhead;
    const isTrying = ahead?.state === "trying" && this.#turns.hasAhead;
    const isLost = error instanceof ClientError && wasSent && error.kind === "timeout";
    // Pure-FTPd may lose the start of what arrives during a transfer, and answers 500 to the rest.
    const isMangled = error instanceof ClientError && isAhead && error.code === 500;
    if (signal.aborted || !(isTrying || isLost || isMangled)) return error;
    ahead?.learn(false);
    this.#session.control.close();
    return new ClientError("closed", "The transfer failed while commands were sent ahead", { cause: error });
  }

  /** Sets TYPE A or I, within the turn of a request. */
  async setType(ascii: boolean): Promise<void> {
    if (ascii === this.#isAscii) return;
    await this.#session.control.request("TYPE", ascii ? "A" : "I");
    this.#isAscii = ascii;
  }
}

/** vsftpd answers 522, ProFTPD 425, or they only close the data connection. */
function isRefusedSession(error: unknown): boolean {
  if (!(error instanceof ClientError)) return false;
  if (error.kind === "reply") return error.code === 425 || error.code === 522;
  return error.kind === "closed" || error.kind === "truncated" || error.kind === "dataConnection";
}

function sessionTaken(cause: unknown): ClientError {
  return new ClientError(
    "sessionTaken",
    "The server refused a data connection because it did not resume the TLS session of its control connection, which " +
      "several clients of one host cannot do at once",
    { cause },
  );
}
