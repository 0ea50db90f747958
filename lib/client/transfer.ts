/**
 * One transfer as the client sees it: done only when the data and the final reply are both in, in whichever order.
 *
 * @module
 */

import { startDeadline } from "../net/deadline.ts";
import type { DataConnector } from "../data/connector.ts";
import { closeQuietly, type Connection } from "../net/connection.ts";
import type { ParsedReply } from "../protocol/reply_parser.ts";
import type { ControlConnection } from "./control.ts";
import { openData, PASSIVE_CODES } from "./data_connection.ts";
import { ClientError, type ClientErrorKind, refusalOf } from "./errors.ts";

/** What a transfer needs. */
export interface TransferParts {
  readonly control: ControlConnection;
  readonly connector: DataConnector;
  readonly verb: string;
  readonly argument: string | undefined;
  readonly signal: AbortSignal;
  /** The command has been sent already. @default false */
  readonly wasSent?: boolean;
  /**
   * Whether, after a failure, the replies that follow are those of this transfer alone. Otherwise the control
   * connection is closed. Default: they are.
   */
  readonly mayRecover?: () => boolean;
  /** Milliseconds for a reply after the data has ended; 0: no limit. */
  readonly timeout: number;
  /** Makes the data connection secure. */
  readonly protect: (connection: Connection) => Promise<Connection>;
  /** Moves the bytes. Rejects if they could not all be moved; `closed` if the connection broke. */
  readonly move: (connection: Connection, signal: AbortSignal) => Promise<void>;
  /** {@link move} leaves the connection open, for what the server still sends. @default false */
  readonly staysOpen?: boolean;
}

/** Milliseconds that a server gets to answer ABOR before the control connection is given up. */
const ABORT_TIMEOUT = 5_000;
/** A server owes at most the replies to the transfer, to ABOR and to NOOP, and one that it sends twice. */
const MOST_OWED = 4;

/**
 * Sends the command and moves the data. Resolves to the final reply. After a failure the control connection is in step
 * with the server again, or closed.
 *
 * @throws {ClientError}, or the reason of the signal.
 */
export async function runTransfer(parts: TransferParts): Promise<ParsedReply> {
  const { control, connector, verb, argument, signal } = parts;
  const giveUp = new AbortController();
  // Beside the command, which saves a round trip; servers that answer only once the client is there work as well.
  const stop = AbortSignal.any([signal, giveUp.signal]);
  const opening = openData(connector, stop);
  opening.catch(() => {});
  let replies: Replies | undefined;
  let moving: Promise<void> | undefined;
  try {
    if (!parts.wasSent) await control.send(verb, argument);
    replies = expectReplies(control, verb);
    const begun = Promise.race([within(control, parts.timeout, replies.first), failureOf(opening)]);
    await unlessRefused(begun, replies);
    const clear = await unlessRefused(opening, replies);
    const connection = await unlessRefused(parts.protect(clear), replies);
    moving = parts.move(connection, stop);
    await unlessRefused(moving, replies);
    const reply = await within(control, parts.timeout, replies.final);
    if (parts.staysOpen) await untilEnded(connection);
    return reply;
  } catch (error) {
    giveUp.abort();
    connector.close();
    opening.then(closeQuietly, () => {});
    // Only then nothing writes to the file any more, and the caller may close it.
    await moving?.catch(() => {});
    const isAnswered = error instanceof ClientError && error.kind === "reply";
    if (replies && !isAnswered && control.isOpen) {
      if (parts.mayRecover?.() ?? true) await recover(control, replies.final);
      else control.close();
    }
    throw signal.aborted ? signal.reason : error;
  }
}

/** The replies to one transfer. They reject as refusals do, and for a control connection that fails. */
interface Replies {
  /** That it begins; or the only one, of servers that do not say so. */
  readonly first: Promise<ParsedReply>;
  readonly final: Promise<ParsedReply>;
}

function expectReplies(control: ControlConnection, verb: string): Replies {
  const first = control.reply(0).then((reply) => checked(verb, reply));
  const final = first.then(async (reply) => reply.code < 200 ? checked(verb, await control.finalReply(0)) : reply);
  final.catch(() => {});
  return { first, final };
}

/** Never resolves: rejects as `opening` does. */
function failureOf(opening: Promise<Connection>): Promise<never> {
  return opening.then(() => new Promise<never>(() => {}));
}

/** Resolves as `work` does, unless the server refuses in the meantime. Its success does not end `work`. */
async function unlessRefused<T>(work: Promise<T>, { final }: Replies): Promise<T> {
  const refused = final.then(() => new Promise<never>(() => {}));
  try {
    return await Promise.race([work, refused]);
  } catch (error) {
    work.catch(() => {});
    // The server often closes the data connection first and says why a moment later.
    const isCut = error instanceof ClientError && CUT.has(error.kind);
    throw isCut ? await reasonFrom(final) ?? error : error;
  }
}

/** Failures for which the server may have a reason. */
const CUT: ReadonlySet<ClientErrorKind> = new Set(["closed", "dataConnection", "truncated"]);
/** Milliseconds to wait for the reason of a data connection that broke. */
const REASON_WITHIN = 500;

async function reasonFrom(final: Promise<unknown>): Promise<unknown> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  using _limit = startDeadline({ timeout: REASON_WITHIN }, () => resolve());
  try {
    await Promise.race([final, late]);
    return undefined;
  } catch (refusal) {
    return refusal;
  }
}

/** Replies to EPSV and PASV: somebody answers what was sent ahead before the transfer is over. */
const OUT_OF_ORDER = new Set<number>(Object.values(PASSIVE_CODES));

function checked(verb: string, reply: ParsedReply): ParsedReply {
  if (OUT_OF_ORDER.has(reply.code)) throw new ClientError("closed", "The server answers commands out of order");
  if (reply.code >= 300) throw refusalOf(verb, reply);
  return reply;
}

/** Milliseconds that a server gets to close its side of a data connection. */
const CLOSED_WITHIN = 1_000;

/**
 * Closes the data connection once the server has: after an upload under TLS 1.3 it still sends the tickets with which
 * the next one is resumed, and a close with unread input is a reset, by which it may lose what it has not taken yet.
 */
async function untilEnded(connection: Connection): Promise<void> {
  using _limit = startDeadline({ timeout: CLOSED_WITHIN }, () => closeQuietly(connection));
  const buffer = new Uint8Array(1024);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // Reset, or closed by the limit: nothing more comes either way.
  } finally {
    closeQuietly(connection);
  }
}

/** As `pending`, with a limit after which the control connection is closed. */
async function within<T>(control: ControlConnection, timeout: number, pending: Promise<T>): Promise<T> {
  using _limit = startDeadline({ timeout }, () => {
    control.close(new ClientError("timeout", `No reply from the server within ${timeout / 1000} s`));
  });
  return await pending;
}

/**
 * Ends what the server still does. How many replies ABOR has depends on the server and the moment, so a NOOP marks the
 * end of them: nothing else here is answered with 200.
 */
async function recover(control: ControlConnection, final: Promise<ParsedReply>): Promise<void> {
  try {
    await control.sendAbort();
    // Whatever the answer is: 426 if the transfer was cut, 226 if it was over.
    await within(control, ABORT_TIMEOUT, final).catch(() => {});
    await control.send("NOOP");
    for (let count = 0; count < MOST_OWED; count++) {
      const { code } = await control.finalReply(ABORT_TIMEOUT);
      if (code === 200) return;
    }
    control.close(new ClientError("protocol", "The server did not answer NOOP after ABOR"));
  } catch {
    // It is closed, which says the same to whoever uses it next.
    control.close();
  }
}
