/**
 * One control connection, from greeting to close: the loop that reads lines, queues them as commands, and goes on
 * reading while a transfer runs. It touches no files and knows no verbs; what commands do is in `lib/commands`.
 *
 * @module
 */

import type { ControlInfo } from "../commands/context.ts";
import type { LineBuffers } from "../data/buffers.ts";
import type { Connection } from "../net/connection.ts";
import type { CommandLine } from "../protocol/line_reader.ts";
import * as reply from "../protocol/reply.ts";
import type { SessionInfo } from "../session_info.ts";
import { ReadBuffers } from "./command_intake.ts";
import { type ContextOptions, SessionContext, type SessionLink } from "./context.ts";
import { ControlConnection, type ControlOwner } from "./control_connection.ts";
import { type Watched, wholeNow } from "./deadlines.ts";
import type { SessionOwner } from "./host.ts";
import type { SessionLife } from "./session_commands.ts";
import { SessionEnd, type Underway } from "./session_end.ts";
import { SessionWork } from "./session_work.ts";
import type { SessionTransfer } from "./transfer.ts";

/** The options of a {@link Session}. */
export interface SessionOptions extends Pick<ContextOptions, "implicitTls" | "stranger">, Pick<ControlInfo, "proxied"> {
  readonly id: string;
  /** Its place under the limit of its address. */
  readonly slot: Disposable;
  /** Called once the session is over: its connection is closed, and nothing of it is under way. */
  readonly onEnd: (session: Session) => void;
}

/** A control connection from greeting to close. */
export class Session implements ControlOwner, Watched<Session>, SessionLink, SessionLife, Underway {
  readonly id: string;
  /** See {@link Watched}, as the next one. */
  before: Session | undefined;
  after: Session | undefined;
  readonly #host: SessionOwner;
  readonly #context: SessionContext;
  readonly #control: ControlConnection;
  readonly #buffers: ReadBuffers;
  /** While there is some. */
  #work: SessionWork | undefined;
  /** Made when the end begins. */
  #end: SessionEnd | undefined;
  readonly #slot: Disposable;
  readonly #onEnd: (session: Session) => void;
  readonly #loginDeadline: number;
  /** See {@link wholeNow}. */
  #lastActivity = wholeNow();

  constructor(connection: Connection, host: SessionOwner, options: SessionOptions) {
    const { id, slot, stranger, proxied, implicitTls, onEnd } = options;
    this.id = id;
    this.#slot = slot;
    this.#onEnd = onEnd;
    this.#host = host;
    const { loginTimeout } = host.options;
    this.#loginDeadline = loginTimeout > 0 ? wholeNow() + loginTimeout : Infinity;
    this.#buffers = new ReadBuffers({ marked: !implicitTls, lender: this.lender });
    this.#control = new ControlConnection(connection, { owner: this, proxied });
    this.#context = new SessionContext(host, { link: this, control: this.#control, implicitTls, stranger });
  }

  /**
   * See {@link Watched}: login and idle limits. The idle one pauses while a command runs, and applies to a peer that
   * does not read its replies.
   */
  get deadline(): number {
    if (this.closing) return Infinity;
    const limit = this.#context.idleTimeout > 0 ? this.#context.idleTimeout : Infinity;
    const since = this.#control.writingSince ?? (this.transfer || this.busy ? Infinity : this.#lastActivity);
    return this.#context.login.account ? since + limit : Math.min(since + limit, this.#loginDeadline);
  }

  get transfer(): SessionTransfer | undefined {
    return this.#work?.queue.transfer;
  }

  get readsAhead(): boolean {
    return this.#control.isReading || this.#work?.queue.aside === true;
  }

  /** See {@link Underway}. */
  get busy(): boolean {
    return this.#work?.queue.busy === true;
  }

  /** See {@link SessionLife}. */
  get end(): SessionEnd {
    return this.#end ??= new SessionEnd({ context: this.#context, control: this.#control, underway: this });
  }

  /** See {@link SessionLife}. */
  get closing(): boolean {
    return this.#end?.closing === true;
  }

  /** See {@link SessionLife}. */
  get quitting(): boolean {
    return this.#end?.quitting === true;
  }

  get info(): SessionInfo {
    const { login, control } = this.#context;
    return {
      id: this.id,
      address: control.remote.hostname,
      user: login.account?.name,
      since: this.#context.since,
      lastCommand: this.#context.lastCommand ?? "",
      secure: control.secure,
      transfer: this.transfer?.progress,
    };
  }

  /** Greets, and serves until the connection is gone. Never rejects. */
  async serve(): Promise<void> {
    try {
      const greeting = reply.ready(this.#host.options.banner);
      this.#control.add(this.#context.said(greeting, { verb: "CONNECT", argument: undefined }));
      await this.#control.flush();
      if (!this.closing) return this.#listen();
    } catch (error) {
      return await this.#lose(error);
    }
    await this.#leave();
  }

  /**
   * Goes on with what arrives next. With a callback: a function that waits for it would keep its frame while the
   * session is idle, and that is a quarter of a KiB. There is one for both outcomes: a second would take a hundredth.
   */
  #listen(): void {
    const arrived = (outcome: unknown) => this.#answer(outcome);
    this.#control.beginRead(this.#buffers.current).then(arrived, arrived);
    this.idle();
  }

  /** See {@link SessionLife}. Where no read is pending there is more to do. */
  idle(): void {
    if (!this.#control.isReading) return;
    this.#control.idle();
    if (this.#work?.isIdle) this.#work = undefined;
  }

  /** Answers what a read has come to: a number of bytes, `null` at the end, or why it failed. Never rejects. */
  async #answer(count: unknown): Promise<void> {
    if (typeof count !== "number" && count !== null) return await this.#lose(count);
    try {
      this.#control.endRead();
      if (count !== null) await this.#take(count);
      if (count !== null && !this.closing) return this.#listen();
      if (this.#saidGoodbye) await this.#finishQueue();
    } catch (error) {
      return await this.#lose(error);
    }
    await this.#leave();
  }

  /** The peer is gone in the middle of a read or a write, or we closed the connection ourselves. */
  async #lose(error: unknown): Promise<void> {
    this.#context.emit({ type: "notice", level: "debug", message: "Control connection ended", error });
    await this.#leave();
  }

  /** Nothing more is read. */
  async #leave(): Promise<void> {
    this.end.lost();
    await this.transfer?.orphan({ reason: this.end.transferReason, expected: this.#saidGoodbye });
    this.#context.dispose();
    this.#control.close();
    // A command that waited for the transfer has been woken, and gives back what it gets from now on.
    await this.#work?.queue.settled();
    // One in which a read is left pending is nobody's any more.
    if (!this.#control.isAhead) this.#buffers.release();
    this.#context.report({ type: "sessionClosed", reason: this.end.reason });
    this.#host.options.meter?.sessionClosed(this.#context.control.secure);
    this.#slot[Symbol.dispose]();
    this.#onEnd(this);
  }

  get #saidGoodbye(): boolean {
    const isFarewell = ({ verb }: CommandLine) => this.#host.table.find(verb)?.farewell === true;
    return this.quitting || this.#work?.queue.awaits(isFarewell) === true;
  }

  /** A client may send QUIT during a transfer, which QUIT waits for (RFC 959 section 4.1.1), and close its half. */
  async #finishQueue(): Promise<void> {
    await this.transfer?.ended;
    await this.#work?.queue.advance();
    await this.#control.flush();
  }

  /** See {@link Watched}. */
  expire(): void {
    this.end.expire();
  }

  /** Runs every line of the `count` bytes that have arrived. */
  async #take(count: number): Promise<void> {
    const arrived = performance.now();
    const control = this.#control;
    const work = this.#work ??= new SessionWork({ host: this.#host, context: this.#context, control, life: this });
    const marked = this.#buffers.endedAtMark(count);
    const refusals = work.take(this.#buffers.current.subarray(0, count), { marked, arrived });
    if (refusals) control.refuseOptions(refusals);
    for (let turn = work.next(); turn && !this.closing; turn = work.next()) {
      // Bytes of a line that never ends are no activity.
      this.#lastActivity = Math.ceil(arrived);
      if ("farewell" in turn) {
        this.end.leave(turn.farewell, turn.reason, turn.offence);
        break;
      }
      const pause = work.queue.take(turn);
      if (pause) await pause;
    }
    await work.queue.advance();
    await control.flush();
    if (!control.isAhead) this.#buffers.next(count, { transferring: this.transfer !== undefined });
  }

  /** See {@link SessionLife}. */
  rested(): void {
    this.#lastActivity = wholeNow();
    this.#end?.rested();
  }

  /**
   * See {@link SessionLife}. What arrived in clear after AUTH is dropped: it must not run as if it had been protected
   * (CVE-2011-0411).
   */
  async secure(): Promise<void> {
    this.#work?.forget();
    this.#buffers.unmark();
    try {
      await this.#control.protect((connection) => this.#context.secureControl(connection));
    } catch (error) {
      this.end.handshakeFailed();
      this.#context.emit({ type: "notice", level: "info", message: "TLS handshake failed", error });
      throw error;
    }
  }

  /** See {@link ControlOwner}. */
  get lender(): LineBuffers {
    return this.#host.options.eventLoop.lineBuffers;
  }

  /** See {@link ControlOwner}. */
  wrap(connection: Connection): Connection {
    return this.#host.options.network?.wrap?.(connection, { purpose: "control", session: this.id }) ?? connection;
  }

  /** See {@link ControlOwner}. */
  replied({ code, text }: reply.Reply): void {
    this.#host.options.meter?.replied(code);
    if (!this.#host.events.wants("reply")) return;
    this.#context.report({ type: "reply", code, text: typeof text === "string" ? text : text.join("\n") });
  }

  /**
   * See {@link SessionLink}. Where commands wait already it does nothing: one of them may be AUTH, which needs all that
   * follows it; and a client that has sent all it has to say may have ended its half.
   */
  watchPeer(onGone: () => void): void {
    if (!this.#work?.hasMore) this.#control.watch(() => this.#buffers.renew(), onGone);
  }

  /** See {@link SessionLink}: without a control connection to send it on there is no transfer. */
  async mark(preliminary: reply.Reply): Promise<void> {
    this.#addMark(preliminary);
    await this.#sendMark();
  }

  /** See {@link SessionLink}. */
  markLater(preliminary: reply.Reply): () => void {
    this.#addMark(preliminary);
    return () => void this.#sendMark().catch(() => {});
  }

  #addMark(preliminary: reply.Reply): void {
    const { transfer } = this;
    const command = transfer && { verb: transfer.verb, argument: transfer.path };
    this.#control.add(command ? this.#context.said(preliminary, command) : preliminary);
    transfer?.begin();
  }

  async #sendMark(): Promise<void> {
    try {
      await this.#control.flush();
    } catch (error) {
      this.transfer?.abort("controlLost");
      throw error;
    }
  }
}
