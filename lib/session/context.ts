/**
 * The session as commands see it: the state, and what they may do to the session. TLS of its connections is among it.
 *
 * @module
 */

import type { Command } from "../commands/command.ts";
import type {
  CommandContext,
  ControlInfo,
  DataState,
  HandlerEvent,
  LoginState,
  ParameterState,
  ProtectedData,
  RenameState,
  RunningTransfer,
  SecurityState,
  ServerView,
} from "../commands/context.ts";
import type { Offence } from "../auth/bans.ts";
import { freshData, freshLogin, freshParameters, freshRename, freshSecurity } from "../commands/state.ts";
import type { DataConnector } from "../data/engine.ts";
import type { CommandReceived, CommandRefused, DataOpened, ReplySent, SessionClosed, SessionEvent } from "../events.ts";
import { closeQuietly, type Connection } from "../net/connection.ts";
import type { Options } from "../options.ts";
import type { CommandLine } from "../protocol/line_reader.ts";
import type * as reply from "../protocol/reply.ts";
import { EarlyTls } from "../tls/early_tls.ts";
import { type SecureConnection, TlsError } from "../tls/tls.ts";
import type { ScopedVfs } from "../vfs/access.ts";
import type { SessionOwner } from "./host.ts";
import { type LoginHolder, NO_LIMITS, SessionLogin } from "./login.ts";

/** What the session does for its context. */
export interface SessionLink {
  readonly id: string;
  readonly transfer: RunningTransfer | undefined;
  /** See {@link CommandContext.readsAhead}. */
  readonly readsAhead: boolean;
  /** Calls `onGone` when the client ends the control connection while a command runs, where that can be seen. */
  watchPeer(onGone: () => void): void;
  /** Sends a preliminary reply. When that fails the transfer that it is about is aborted. */
  mark(preliminary: reply.Reply): Promise<void>;
  /** Has a preliminary reply leave with the next reply. What is returned sends it before that, as {@link mark} does. */
  markLater(preliminary: reply.Reply): () => void;
}

/** The session of a {@link SessionContext}. */
export interface ContextOptions {
  readonly link: SessionLink;
  readonly control: ControlInfo;
  /** TLS was there from the first byte. */
  readonly implicitTls: boolean;
  /** Its place among the sessions that have not logged in, given back with the first login. */
  readonly stranger: Disposable;
}

type SessionReport =
  | HandlerEvent
  | Omit<SessionClosed, keyof SessionEvent>
  | Omit<CommandReceived, keyof SessionEvent>
  | Omit<CommandRefused, keyof SessionEvent>
  | Omit<ReplySent, keyof SessionEvent>
  | Omit<DataOpened, keyof SessionEvent>;

/** State and services of one session, for its commands. */
export class SessionContext implements CommandContext, LoginHolder {
  readonly since: number;
  readonly login: LoginState = freshLogin();
  readonly control: ControlInfo;
  limiters: CommandContext["limiters"] = NO_LIMITS;
  idleTimeout: number;
  /** With secrets masked. */
  lastCommand: string | undefined;
  /** Lines that were no command of this server, since the last one that was. */
  badLines = 0;
  readonly #host: SessionOwner;
  readonly #link: SessionLink;
  /** Among those that have not logged in, and from the first login on among the sessions of the account. */
  #place: Disposable | undefined;
  /** During a login, and while failed ones have to be counted: most sessions log in once, with the right password. */
  #login: SessionLogin | undefined;
  /** Made when a command first asks for it, as the next three are: an idle session has none of them. */
  #parameters: ParameterState | undefined;
  #data: DataState | undefined;
  #rename: RenameState | undefined;
  #security: SecurityState | undefined;
  #over = false;

  constructor(host: SessionOwner, { link, control, implicitTls, stranger }: ContextOptions) {
    this.#host = host;
    this.#link = link;
    this.since = host.options.clock();
    this.idleTimeout = host.options.idleTimeout;
    if (implicitTls) this.#security = freshSecurity(implicitTls);
    this.control = control;
    this.#place = stranger;
  }

  get id(): string {
    return this.#link.id;
  }

  get options(): Options {
    return this.#host.options;
  }

  get server(): ServerView {
    return this.#host.view;
  }

  get parameters(): ParameterState {
    return this.#parameters ??= freshParameters();
  }

  get data(): DataState {
    return this.#data ??= freshData();
  }

  get rename(): RenameState {
    return this.#rename ??= freshRename();
  }

  get security(): SecurityState {
    return this.#security ??= freshSecurity(false);
  }

  /** The reply in the words of the personality. */
  said(answer: reply.Reply, { verb, argument }: CommandLine): reply.Reply {
    const { say } = this.options.personality;
    if (say === undefined) return answer;
    return say(answer, { session: this, verb, argument, cwd: this.login.account && this.login.cwd });
  }

  /** REST and RNFR apply to the very next command; those that may come in between say so in their row. */
  forgetOneTimeState(keeps: Command["keeps"]): void {
    if (keeps !== "restart") this.#parameters?.next.clearRange();
    if (keeps !== "rename") this.#rename = undefined;
  }

  get transfer(): RunningTransfer | undefined {
    return this.#link.transfer;
  }

  get readsAhead(): boolean {
    return this.#link.readsAhead;
  }

  get vfs(): ScopedVfs {
    if (!this.login.vfs) throw new Error("A command that needs no login used the file system");
    return this.login.vfs;
  }

  mark(preliminary: reply.Reply): Promise<void> {
    return this.#link.mark(preliminary);
  }

  markLater(preliminary: reply.Reply): () => void {
    return this.#link.markLater(preliminary);
  }

  get listenersWantDigests(): boolean {
    return this.#host.events.wantsDigests;
  }

  emit(event: HandlerEvent): void {
    this.report(event);
  }

  /** As {@link emit}, for the events of the session itself. */
  report(event: SessionReport): void {
    this.#host.options.meter?.reported(event);
    if (!this.#host.events.wants(event.type)) return;
    const user = this.login.account?.name;
    this.#host.events.emit({
      ...event,
      time: this.options.clock(),
      session: this.id,
      address: this.control.remote.hostname,
      ...(user !== undefined && { user }),
    });
  }

  offended(address: string, offence: Offence): void {
    // A failure has been reported.
    const counted = this.#host.gate.offended(address, offence);
    if (counted instanceof Promise) counted.catch(() => {});
  }

  authenticate(password: string): Promise<reply.Reply> {
    this.#login ??= new SessionLogin(this.#host, this);
    return this.#login.authenticate(password);
  }

  /** See {@link LoginHolder}. */
  entered(place: Disposable): void {
    this.#giveBack();
    this.#place = place;
    if (!this.#login?.failed) this.#login = undefined;
  }

  #giveBack(): void {
    this.#place?.[Symbol.dispose]();
    this.#place = undefined;
  }

  /** See {@link LoginHolder}. */
  watchPeer(onGone: () => void): void {
    this.#link.watchPeer(onGone);
  }

  resetLogin(): void {
    if (this.login.account) this.#giveBack();
    Object.assign(this.login, freshLogin());
    this.setConnector(undefined);
    this.#parameters = this.#data = this.#rename = undefined;
    this.limiters = NO_LIMITS;
    this.idleTimeout = this.options.idleTimeout;
  }

  takeConnector(): DataConnector | undefined {
    const data = this.#data;
    if (!data) return undefined;
    const { port } = data;
    data.port = undefined;
    return port?.over ? undefined : port;
  }

  setConnector(port: DataConnector | undefined): void {
    if (!port && !this.#data) return;
    const { data } = this;
    data.port?.close();
    // Another thread may deliver a connector that a client has asked for and not waited for.
    if (this.#over) port?.close();
    data.port = this.#over ? undefined : port;
  }

  awaitHandshake(connection: Connection): Connection {
    return new EarlyTls(connection, (early) => this.security.protectData ? this.#secure(early) : undefined);
  }

  async protectData(connection: Connection, signal: AbortSignal): Promise<ProtectedData> {
    const secured = await this.#protect(connection, signal);
    const { tls } = secured;
    this.report({ type: "dataOpened", secure: this.security.protectData, ...(tls && { resumed: tls.resumed }) });
    const wrapped = this.options.network?.wrap?.(secured, { purpose: "data", session: this.id }) ?? secured;
    // A hook may not pass on what it does not know: truncation is detected even so.
    return { connection: wrapped, tls: wrapped.tls ?? tls };
  }

  async #protect(connection: Connection, signal: AbortSignal): Promise<Connection> {
    const { tls } = this.options;
    const begun = connection instanceof EarlyTls ? connection.takeOver(signal) : undefined;
    if (!tls || !this.security.protectData) {
      if (begun) throw new TlsError("protocol", "The client started TLS on a data connection that should be in clear");
      return connection;
    }
    const secured = await (begun ?? this.#secure(connection, signal));
    if (tls.sessionReuse !== "off" && !secured.tls.resumed) {
      this.report({ type: "problem", level: "warning", message: "A data connection did not resume a TLS session" });
      if (tls.sessionReuse === "require") {
        closeQuietly(secured);
        throw new TlsError("protocol", "The data connection must resume a TLS session");
      }
    }
    return secured;
  }

  /** Rejects, with the connection closed, when the handshake fails. */
  #secure(connection: Connection, signal?: AbortSignal): Promise<SecureConnection> {
    const { tls, handshakeTimeout } = this.options;
    if (!tls) throw new Error("AUTH or PROT P was accepted without TLS");
    return tls.endpoint.secure(connection, { handshakeTimeout, ...(signal && { signal }) });
  }

  /** Puts the control connection under TLS. Rejects, with the connection closed, when the handshake fails. */
  async secureControl(connection: Connection): Promise<SecureConnection> {
    const secured = await this.#secure(connection);
    this.#host.options.meter?.sessionSecured();
    // What was sent in clear does not count (RFC 4217 section 4): an attacker may have sent it.
    this.resetLogin();
    return secured;
  }

  /** Sends delayed answers now, and gives up a login that waits for its turn. */
  endPause(): void {
    this.#login?.endPause();
  }

  /** Gives back everything that belongs to the session. */
  dispose(): void {
    this.#over = true;
    this.#login?.end();
    this.#giveBack();
    this.setConnector(undefined);
  }
}
