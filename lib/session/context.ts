/**
 * The session as commands see it: the state, and what they may do to the session.
 *
 * @module
 */

import type { Account } from "../auth/accounts.ts";
import type {
  CommandContext,
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
import type { DataConnector } from "../data/engine.ts";
import { RateLimiter } from "../data/rate_limit.ts";
import type { Actor, CommandReceived, DataOpened, ReplySent, SessionClosed, SessionOpened } from "../events.ts";
import { unmapped } from "../net/address_key.ts";
import { closeQuietly, type Connection, type SocketAddress } from "../net/connection.ts";
import type { Options } from "../options.ts";
import * as reply from "../protocol/reply.ts";
import { EarlyTls } from "../tls/early_tls.ts";
import { type SecureConnection, TlsError } from "../tls/tls.ts";
import type { ScopedVfs } from "../vfs/access.ts";
import { ROOT } from "../vfs/virtual_path.ts";
import type { SessionOwner } from "./host.ts";
import { LoginAttempts, type Visitor } from "./login_attempts.ts";
import { freshData, freshLogin, freshParameters, freshRename, freshSecurity } from "../commands/state.ts";

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
}

/** The control connection that a session begins with. */
export interface ContextOptions {
  readonly connection: Connection;
  readonly implicitTls: boolean;
  /** Its place among those that have not logged in, given back with the first login. */
  readonly stranger: Disposable;
}

type SessionEvent =
  | HandlerEvent
  | Omit<SessionOpened, keyof Actor>
  | Omit<SessionClosed, keyof Actor>
  | Omit<CommandReceived, keyof Actor>
  | Omit<ReplySent, keyof Actor>
  | Omit<DataOpened, keyof Actor>;

/** State and services of one session, for its commands. */
export class SessionContext implements CommandContext, Visitor {
  readonly id: string;
  readonly since: number;
  readonly login: LoginState = freshLogin();
  readonly parameters: ParameterState = freshParameters();
  readonly data: DataState = freshData();
  readonly rename: RenameState = freshRename();
  readonly security: SecurityState;
  readonly control: { readonly local: SocketAddress; readonly remote: SocketAddress; secure: boolean };
  limiters: CommandContext["limiters"] = NO_LIMITS;
  idleTimeout: number;
  readonly #host: SessionOwner;
  readonly #link: SessionLink;
  readonly #stranger: Disposable;
  readonly #logins: LoginAttempts;
  #admission: Disposable | undefined;
  #over = false;

  constructor(host: SessionOwner, link: SessionLink, { connection, implicitTls, stranger }: ContextOptions) {
    this.#host = host;
    this.#link = link;
    this.#stranger = stranger;
    this.id = link.id;
    this.since = host.options.clock();
    this.idleTimeout = host.options.timeouts.idle;
    this.security = freshSecurity(implicitTls);
    this.control = {
      local: plainEnd(connection.localAddr),
      remote: plainEnd(connection.remoteAddr),
      secure: implicitTls,
    };
    this.#logins = new LoginAttempts(host, this);
  }

  get options(): Options {
    return this.#host.options;
  }

  get server(): ServerView {
    return this.#host.view;
  }

  get transfer(): RunningTransfer | undefined {
    return this.#link.transfer;
  }

  get readsAhead(): boolean {
    return this.#link.readsAhead;
  }

  get vfs(): ScopedVfs {
    if (!this.login.vfs) throw new Error("A command without login touched the file system");
    return this.login.vfs;
  }

  mark(preliminary: reply.Reply): Promise<void> {
    return this.#link.mark(preliminary);
  }

  wants(type: HandlerEvent["type"]): boolean {
    return this.#host.events.wants(type);
  }

  emit(event: HandlerEvent): void {
    this.report(event);
  }

  /** As {@link emit}, for the events of the session itself. */
  report(event: SessionEvent): void {
    if (!this.#host.events.wants(event.type)) return;
    const user = this.login.account?.name;
    this.#host.events.emit({
      ...event,
      session: this.id,
      address: this.control.remote.hostname,
      ...(user !== undefined && { user }),
    });
  }

  async authenticate(password: string): Promise<reply.Reply> {
    const name = this.login.name ?? "";
    const outcome = await this.#logins.attempt({ name, password, secure: this.control.secure });
    return "refusal" in outcome ? outcome.refusal : await this.#enter(name, outcome.account);
  }

  /** See {@link Visitor}. */
  watchPeer(onGone: () => void): void {
    this.#link.watchPeer(onGone);
  }

  /** See {@link Visitor}. */
  loginFailed(name: string, reason: string): void {
    this.report({ type: "login", name, ok: false, reason });
    this.login.name = undefined;
  }

  async #enter(name: string, account: Account): Promise<reply.Reply> {
    if (this.#over) return reply.notLoggedIn;
    const admission = this.#host.admit(account);
    if (!admission) {
      this.report({ type: "login", name, ok: false, reason: "too many sessions" });
      return reply.loginRefused("Too many sessions of this account");
    }
    this.#admission = admission;
    try {
      const view = this.#host.openView(account);
      const vfs = view instanceof Promise ? await view : view;
      // Over meanwhile: the admission has been given back.
      if (this.#over) return reply.notLoggedIn;
      this.login.vfs = vfs;
    } catch (error) {
      this.#leaveAccount();
      this.emit({
        type: "problem",
        level: "error",
        message: `Cannot open the files of account "${account.name}"`,
        error,
      });
      return reply.loginRefused("The files of this account are not available");
    }
    this.login.account = account;
    this.#stranger[Symbol.dispose]();
    this.limiters = limitersOf(account);
    this.report({ type: "login", name, ok: true });
    return reply.loggedIn(`Logged in as ${account.name}`);
  }

  resetLogin(): void {
    this.#leaveAccount();
    Object.assign(this.login, freshLogin());
    Object.assign(this.parameters, freshParameters());
    Object.assign(this.rename, freshRename());
    this.setConnector(undefined);
    this.data.epsvAll = false;
    this.limiters = NO_LIMITS;
    this.idleTimeout = this.options.timeouts.idle;
  }

  #leaveAccount(): void {
    this.#admission?.[Symbol.dispose]();
    this.#admission = undefined;
    this.login.vfs = undefined;
    this.login.cwd = ROOT;
  }

  takeConnector(): DataConnector | undefined {
    const port = this.data.port;
    this.data.port = undefined;
    return port?.over ? undefined : port;
  }

  setConnector(port: DataConnector | undefined): void {
    this.data.port?.close();
    // Another thread may come with a port that a client has asked for and not waited for.
    if (this.#over) port?.close();
    this.data.port = this.#over ? undefined : port;
  }

  awaitHandshake(connection: Connection): Connection {
    return new EarlyTls(connection, (early) => this.security.protectData ? this.#secure(early) : undefined);
  }

  async protectData(connection: Connection, signal: AbortSignal): Promise<ProtectedData> {
    const secured = await this.#protect(connection, signal);
    this.#reportData(secured);
    const wrapped = this.options.network?.wrap?.(secured, { purpose: "data", session: this.id }) ?? secured;
    // A hook need not pass on what it knows nothing of: a cut is a cut all the same.
    return { connection: wrapped, tls: wrapped.tls ?? secured.tls };
  }

  #reportData(connection: Connection): void {
    if (!this.#host.events.wants("dataOpened")) return;
    this.report({
      type: "dataOpened",
      secure: this.security.protectData,
      ...(connection.tls && { resumed: connection.tls.resumed }),
    });
  }

  async #protect(connection: Connection, signal: AbortSignal): Promise<Connection> {
    const { tls } = this.options;
    const begun = connection instanceof EarlyTls ? connection.takeOver(signal) : undefined;
    if (!tls || !this.security.protectData) {
      if (begun) throw new TlsError("protocol", "TLS has begun on a data connection that is to be in clear");
      return connection;
    }
    const secured = await (begun ?? this.#secure(connection, signal));
    if (tls.sessionReuse !== "off" && !secured.tls.resumed) {
      this.emit({ type: "problem", level: "warning", message: "A data connection resumed no TLS session" });
      if (tls.sessionReuse === "require") {
        closeQuietly(secured);
        throw new TlsError("protocol", "The data connection must resume a TLS session");
      }
    }
    return secured;
  }

  #secure(connection: Connection, signal?: AbortSignal): Promise<SecureConnection> {
    const { tls, timeouts: { handshake: handshakeTimeout } } = this.options;
    if (!tls) throw new Error("AUTH or PROT P was accepted without TLS");
    return tls.endpoint.secure(connection, { handshakeTimeout, ...(signal && { signal }) });
  }

  /** Puts the control connection under TLS. Rejects, with the connection closed, when the handshake fails. */
  async secureControl(connection: Connection): Promise<Connection> {
    const secured = await this.#secure(connection);
    this.control.secure = true;
    // What was said in clear counts for nothing (RFC 4217 section 4): somebody else may have said it.
    this.resetLogin();
    return secured;
  }

  /** Answers what waits only to be late, and gives up a login that waits for its turn. */
  endPause(): void {
    this.#logins.endWait();
  }

  /** Gives back everything that belongs to the session. */
  dispose(): void {
    this.#over = true;
    this.#logins.end();
    this.setConnector(undefined);
    this.#stranger[Symbol.dispose]();
    this.#admission?.[Symbol.dispose]();
    this.#admission = undefined;
  }
}

/** A listener on `::` shows IPv4 clients inside of IPv6: to everybody who reads of them they are what they are. */
function plainEnd({ hostname, port }: SocketAddress): SocketAddress {
  return { hostname: unmapped(hostname), port };
}

const NO_LIMITS: CommandContext["limiters"] = Object.freeze({ upload: undefined, download: undefined });

function limitersOf({ uploadRate, downloadRate }: Account): CommandContext["limiters"] {
  if (uploadRate === undefined && downloadRate === undefined) return NO_LIMITS;
  return {
    upload: uploadRate === undefined ? undefined : new RateLimiter(uploadRate),
    download: downloadRate === undefined ? undefined : new RateLimiter(downloadRate),
  };
}
