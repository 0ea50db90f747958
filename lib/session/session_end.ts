/**
 * How a session ends: by its client, at a limit, or because the server wants it to.
 *
 * @module
 */

import type { Offence } from "../auth/bans.ts";
import type { TransferReason } from "../events.ts";
import * as reply from "../protocol/reply.ts";
import type { SessionContext } from "./context.ts";
import type { ControlConnection } from "./control_connection.ts";
import type { SessionTransfer } from "./transfer.ts";

/** The end of a session that the server decides. */
interface Ending {
  /** Of the 421. */
  readonly text: string;
  /** Of a transfer that is aborted for it, and of the session. */
  readonly reason: "shutdown" | "disconnected";
}

const SHUTDOWN: Ending = { text: "Server is shutting down", reason: "shutdown" };

/** What a session has under way. */
export interface Underway {
  readonly transfer: SessionTransfer | undefined;
  /** A command is under way, other than a transfer. */
  readonly busy: boolean;
}

/** What {@link SessionEnd} works with. */
export interface EndEquipment {
  readonly context: SessionContext;
  readonly control: ControlConnection;
  readonly underway: Underway;
}

/** The end of one session, which comes once, after what is under way. */
export class SessionEnd {
  readonly #context: SessionContext;
  readonly #control: ControlConnection;
  readonly #underway: Underway;
  #closing = false;
  #quitting = false;
  /** Set once the session is to end as soon as nothing is under way. */
  #ordered: Ending | undefined;
  #reason = "closed by client";

  constructor({ context, control, underway }: EndEquipment) {
    this.#context = context;
    this.#control = control;
    this.#underway = underway;
  }

  /** Its last reply was added: no command runs any more. */
  get closing(): boolean {
    return this.#closing;
  }

  /** QUIT is answered, and an upload goes on to its end. */
  get quitting(): boolean {
    return this.#quitting;
  }

  /** For the log. */
  get reason(): string {
    return this.#reason;
  }

  /** Of a transfer that the end of the control connection aborts. */
  get transferReason(): TransferReason {
    return this.#ordered?.reason ?? "controlLost";
  }

  /** A limit was reached. */
  expire(): void {
    if (this.#context.login.account !== undefined) return this.leave("Idle timeout, goodbye", "timed out");
    this.leave("Login took too long, goodbye", "timed out", "loginTimeout");
  }

  /** Ends the session with 421: at once when nothing is under way, otherwise after the final reply of the transfer. */
  drain(): void {
    this.#ordered = SHUTDOWN;
    this.#context.endPause();
    const { transfer, busy } = this.#underway;
    if (transfer ? endLengthy(transfer) : !busy) this.#end(SHUTDOWN);
  }

  /** Ends a transfer that outlived the grace time, and the session with it. */
  kill(): void {
    this.#endNow(SHUTDOWN);
  }

  /** Ends the session with a 421 and `text`, and a running transfer before that with 426. */
  disconnect(text: string): void {
    this.#endNow({ text, reason: "disconnected" });
  }

  /**
   * Ends the session with a 421 and `text`, which ends a read that is pending; `reason` is for the log, and `offence`
   * counts against the address.
   */
  leave(text: string, reason: string, offence?: Offence): void {
    if (this.#closing) return;
    this.#closing = true;
    if (offence) this.#context.offended(this.#context.control.remote.hostname, offence);
    this.#reason = reason;
    this.#context.endPause();
    this.#control.add(reply.closing(text));
    this.#control.hangUp();
  }

  /** The final reply that closes the session was sent: an upload that is under way goes on to its end first. */
  async close({ code }: reply.Reply): Promise<void> {
    this.#reason = code === reply.goodbye.code ? "quit" : "too many failed logins";
    this.#quitting = this.#underway.transfer !== undefined;
    if (this.#quitting) return;
    this.#closing = true;
    await this.#control.endWriting();
  }

  /** Nothing is under way for now. */
  rested(): void {
    if (this.#underway.transfer || this.#closing) return;
    if (this.#quitting) {
      this.#closing = true;
      this.#control.hangUp();
    } else if (this.#ordered) this.#end(this.#ordered);
  }

  /** TLS did not come about: the connection is closed. */
  handshakeFailed(): void {
    this.#reason = "TLS handshake failed";
  }

  /** The control connection is gone. */
  lost(): void {
    this.#closing = true;
  }

  #endNow(ending: Ending): void {
    this.#ordered = ending;
    const { transfer } = this.#underway;
    transfer?.abort(ending.reason);
    // Its final reply goes first.
    if (transfer) this.#control.closeSoon();
    else this.#end(ending);
  }

  #end({ text, reason }: Ending): void {
    this.leave(text, reason);
  }
}

/**
 * A client that has to ask for a digest or a status again is not harmed. Returns whether one of these was under way.
 */
function endLengthy(transfer: SessionTransfer): boolean {
  const isLengthy = transfer.direction === undefined;
  if (isLengthy) transfer.abort("shutdown");
  return isLengthy;
}
