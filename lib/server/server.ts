/**
 * The server: its sessions from the accepted connection on, what they share, and an end that loses nothing.
 *
 * @module
 */

import type { Ban, BanOrder } from "../auth/bans.ts";
import { commandTable } from "../commands/table.ts";
import { localLimits } from "../data/rate_limit.ts";
import { EventStream } from "../events.ts";
import { unmapped } from "../net/address_key.ts";
import { closeQuietly, type Connection, type SocketAddress } from "../net/connection.ts";
import { LingeringConnections } from "../net/lingering.ts";
import type { Options, ServerOptions } from "../options.ts";
import { DEFAULT_GRACE } from "../options/defaults.ts";
import type { MaybeLater, SharedBans, SharedState } from "../options/shared_state.ts";
import { resolveOptions } from "../options/resolve.ts";
import { AccountViews } from "../session/account_views.ts";
import type { SessionOwner } from "../session/host.ts";
import { Session, type SessionOptions } from "../session/session.ts";
import { Deadlines } from "../session/deadlines.ts";
import { reportStaleParts } from "../session/stale_parts.ts";
import { runningTransfers, type SessionInfo, type TransferInfo } from "../session_info.ts";
import { makeSharedState } from "./shared_state.ts";
import type { Usage } from "../vfs/usage.ts";
import { ConnectionAdmission, type Places, unawaited } from "./admission.ts";
import { Balancers } from "./balancers.ts";
import { RefusalReports } from "./refusal_reports.ts";
import { DISCONNECTED, NO_BANS, type ServerControl } from "./control.ts";
import { type ControlPort, Listeners } from "./listener.ts";
import { makeView } from "./view.ts";

export type { ServerControl } from "./control.ts";
export type { SessionInfo, TransferInfo, TransferProgress } from "../session_info.ts";

/** The options of {@link FtpServer.shutdown}. */
export interface ShutdownOptions {
  /**
   * Milliseconds for running transfers to end by themselves.
   *
   * @default 30_000
   */
  readonly grace?: number;
}

/** A connection of a client. */
interface Arrived extends Pick<SessionOptions, "proxied"> {
  readonly port: ControlPort;
  /** Below {@link connection}: the same without a balancer in between. */
  readonly socket: Deno.TcpConn;
  readonly connection: Connection;
}

/** What a session begins with. */
type Admitted = Omit<SessionOptions, "onEnd">;

/**
 * An FTP server. It touches no signals, never ends the process, and does nothing before {@link FtpServer.listen}.
 *
 * ```ts
 * await using server = new FtpServer({ authenticator, fileSystem: () => new MemoryVfs(), port: 0 });
 * server.listen();
 * console.log(server.address.port);
 * ```
 */
export class FtpServer implements AsyncDisposable, ServerControl {
  /** Everything that happens, as it happens. */
  readonly events: EventStream;
  readonly #options: Options;
  readonly #listeners: Listeners;
  readonly #balancers: Balancers;
  readonly #admission: ConnectionAdmission;
  readonly #sharedState: SharedState;
  readonly #sessions: Deadlines<Session>;
  readonly #lingering = new LingeringConnections();
  readonly #host: SessionOwner;
  /** One for all sessions: each would hold its own. */
  readonly #onEnd = (session: Session): void => {
    this.#sessions.remove(session);
    unawaited(this.#sharedState.sessions.add(-1));
    this.#options.eventLoop.depart();
    this.#admission.close();
  };
  #sessionNumber = 0;

  /**
   * A server that does not listen yet.
   *
   * @throws {RangeError} naming an option with an invalid value.
   */
  constructor(options: ServerOptions) {
    this.#options = resolveOptions(options);
    this.events = new EventStream({ clock: this.#options.clock });
    const { loginTimeout, idleTimeout } = this.#options;
    this.#sharedState = makeSharedState(this.#options, this.events);
    this.#sessions = new Deadlines(Math.min(loginTimeout || Infinity, idleTimeout || Infinity));
    this.#host = this.#makeHost();
    const reports = new RefusalReports(this.events, this.#options.clock);
    const parts = { options: this.#options, events: this.events, reports };
    this.#balancers = new Balancers(parts);
    this.#admission = new ConnectionAdmission({ ...parts, sharedState: this.#sharedState });
    this.#listeners = new Listeners(this.#options, {
      receive: (connection, port) => this.#receive(connection, port),
      acceptFailed: (error) => {
        this.#options.meter?.acceptFailed();
        this.events.emit({ type: "problem", level: "warning", message: "Cannot accept connections", error });
      },
    });
  }

  /** The address of the control port. @throws {Error} before {@link listen}. */
  get address(): SocketAddress {
    return this.#listeners.address;
  }

  /** The address of the port for implicit TLS; `undefined` without one. */
  get implicitTlsAddress(): SocketAddress | undefined {
    return this.#listeners.implicitTlsAddress;
  }

  /** The live sessions, as they are now. */
  sessions(): readonly SessionInfo[] {
    return Array.from(this.#sessions.all, ({ info }) => info);
  }

  /** The running transfers with their bytes so far. Collected only when this is called. */
  transfers(): readonly TransferInfo[] {
    return runningTransfers(this.sessions());
  }

  /** The bytes in use below the root of an account: those that its quota counts. */
  usageOf(rootPath: string): Usage {
    return this.#sharedState.usageOf(rootPath);
  }

  /** Ends a session as `ServerControl.disconnect` says; returns whether there was one. */
  disconnect(id: string, text: string = DISCONNECTED): boolean {
    for (const session of this.#sessions.all) {
      if (session.id !== id) continue;
      session.end.disconnect(text);
      return true;
    }
    return false;
  }

  /** The bans in force. */
  bans(): MaybeLater<readonly Ban[]> {
    return this.#bans.list();
  }

  /** Shuts out an address as `ServerControl.ban` says. */
  ban(address: string, order: BanOrder): MaybeLater<Ban | undefined> {
    return this.#bans.ban(address, order);
  }

  /** Ends the ban of an address; returns whether there was one. */
  unban(address: string): MaybeLater<boolean> {
    return this.#bans.lift(address);
  }

  /** Always empty: a server by itself has no workers. */
  get silentWorkers(): readonly number[] {
    return [];
  }

  /** The number of live sessions: cheaper than {@link sessions}. */
  get sessionCount(): number {
    return this.#sessions.all.size;
  }

  /**
   * Opens the ports and accepts connections; also again after a {@link shutdown}.
   *
   * @throws {Deno.errors.AddrInUse} or another error of the system if a port cannot be opened.
   */
  listen(): void {
    this.bind();
    this.accept();
  }

  /** The first half of {@link listen}: opens the ports; connections wait until {@link accept}. */
  bind(): void {
    this.#listeners.bind();
  }

  /** The second half of {@link listen}. */
  accept(): void {
    this.#listeners.accept();
  }

  /**
   * Stops accepting, answers 421 to idle sessions, lets running transfers end until the grace time is over, then ends
   * those too. Always resolves; nothing of the server is left then.
   */
  async shutdown({ grace = DEFAULT_GRACE }: ShutdownOptions = {}): Promise<void> {
    await this.#listeners.close();
    for (const session of this.#sessions.all) session.end.drain();
    const timer = setTimeout(() => {
      for (const session of this.#sessions.all) session.end.kill();
      this.#lingering.closeAll();
    }, grace);
    await this.#balancers.over();
    await this.#admission.over();
    await this.#lingering.over();
    clearTimeout(timer);
    this.#sessions[Symbol.dispose]();
    this.#sharedState.rest?.();
  }

  /** {@link shutdown} without grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown({ grace: 0 });
  }

  get #bans(): SharedBans {
    return this.#sharedState.bans ?? NO_BANS;
  }

  #receive(socket: Deno.TcpConn, port: ControlPort): void {
    if (!this.#balancers.has(socket)) return this.#admit({ socket, connection: socket, port, proxied: false });
    void this.#balancers.receive(socket, port.implicitTls, this.#listeners.signal).then((connection) => {
      if (connection) this.#admit({ socket, connection, port, proxied: true });
    });
  }

  #admit(arrived: Arrived): void {
    const places = this.#admission.admit(arrived.connection, this.#listeners.signal);
    if (places instanceof Promise) void places.then((places) => this.#begin(arrived, places));
    else this.#begin(arrived, places);
  }

  #begin({ socket, connection, port, proxied }: Arrived, places: Places | undefined): void {
    if (!places) return;
    const id = `${this.#sharedState.idPrefix}${++this.#sessionNumber}`;
    try {
      if (!port.prepared) {
        // Some systems refuse both for a peer that has gone already (macOS: EINVAL).
        socket.setNoDelay(true);
        socket.setKeepAlive(true);
      }
      const { implicitTls } = port;
      if (implicitTls) void this.#serveSecurely(connection, { id, implicitTls, proxied, ...places });
      else this.#serve(connection, { id, implicitTls, proxied, ...places });
    } catch (error) {
      const who = { session: id, address: unmapped(connection.remoteAddr.hostname) };
      this.events.emit({ type: "notice", level: "debug", message: "Cannot serve a connection", ...who, error });
      closeQuietly(connection);
      this.#admission.giveBack(places);
    }
  }

  async #serveSecurely(accepted: Connection, options: Admitted): Promise<void> {
    const { tls, handshakeTimeout } = this.#options;
    const { signal } = this.#listeners;
    try {
      if (!tls) throw new Error("There is no certificate");
      const secured = await tls.endpoint.secure(accepted, { signal, handshakeTimeout });
      if (!signal.aborted) return this.#serve(secured, options);
      closeQuietly(secured);
    } catch (error) {
      const who = { session: options.id, address: unmapped(accepted.remoteAddr.hostname) };
      this.events.emit({ type: "notice", level: "info", message: "TLS handshake failed", ...who, error });
    }
    this.#admission.giveBack(options);
  }

  #serve(connection: Connection, options: Admitted): void {
    const session = new Session(connection, this.#host, { ...options, onEnd: this.#onEnd });
    this.#options.meter?.sessionOpened(options.implicitTls);
    const address = unmapped(connection.remoteAddr.hostname);
    this.events.emit({ type: "sessionOpened", session: options.id, address });
    this.#sessions.add(session);
    unawaited(this.#sharedState.sessions.add(1));
    this.#options.eventLoop.arrive();
    void session.serve();
  }

  #makeHost(): SessionOwner {
    const options = this.#options;
    const { perAccount, gate, limiterOf = localLimits() } = this.#sharedState;
    const views = new AccountViews(reportStaleParts(options.fileSystem, this.events), this.#sharedState);
    return {
      options,
      table: commandTable,
      events: this.events,
      gate,
      view: makeView({
        options,
        sharedState: this.#sharedState,
        events: this.events,
        lingering: this.#lingering,
        sessions: () => this.sessions(),
      }),
      admit: (account) => perAccount.add(account.name, account.maxSessions),
      openView: (account) => views.of(account),
      limiterOf,
    };
  }
}
