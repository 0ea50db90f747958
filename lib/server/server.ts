/**
 * The server: listeners, the accept loop, caps, and an end that loses nothing.
 *
 * @module
 */

import type { Account } from "../auth/accounts.ts";
import type { ControlInfo, ServerView, SessionInfo } from "../commands/context.ts";
import { commandTable } from "../commands/table.ts";
import { PublicAddress } from "../data/public_address.ts";
import { traffic } from "../data/pacing.ts";
import { EventStream } from "../events.ts";
import { addressKey, unmapped } from "../net/address_key.ts";
import { closeQuietly, type Connection, isGoneBeforeAccept, type SocketAddress, writeAll } from "../net/connection.ts";
import { isLoopback } from "../net/ip.ts";
import { LingeringConnections } from "../net/lingering.ts";
import type { AddressCap, Options, ServerOptions } from "../options.ts";
import { resolveOptions } from "../options/resolve.ts";
import { formatReply, shutOut, tooManySessions } from "../protocol/reply.ts";
import { AccountViews } from "../session/account_views.ts";
import { localState, type MakeSharedState, type SharedState } from "../session/shared_state.ts";
import type { SessionOwner } from "../session/host.ts";
import { Session, type SessionOptions } from "../session/session.ts";
import { Deadlines } from "../session/deadlines.ts";
import type { ScopedVfs } from "../vfs/access.ts";

export type { MakeSharedState, SharedState } from "../session/shared_state.ts";
export type { SessionInfo } from "../commands/context.ts";

/** Milliseconds before the next try when the system has no socket to give (EMFILE and its like). */
const ACCEPT_PAUSE = 100;

/** How {@link FtpServer.shutdown} ends what is under way. */
export interface ShutdownOptions {
  /** Milliseconds that running transfers get to end. Default 10,000. */
  readonly grace?: number;
}

/** What a connection is counted as, under the caps of its address. */
interface Places {
  readonly slot: Disposable;
  /** Among those that have not logged in. */
  readonly stranger: Disposable;
}

/**
 * An FTP server. It touches no signals, never ends the process, and does nothing before {@link FtpServer.listen}.
 *
 * ```ts
 * await using server = new FtpServer({ authenticator, fileSystem: () => new MemoryVfs(), port: 0 });
 * server.listen();
 * console.log(server.address.port);
 * ```
 */
export class FtpServer implements AsyncDisposable {
  /** Everything that happens, as it happens. */
  readonly events: EventStream = new EventStream();
  readonly #options: Options;
  /** Each with its place under the cap of its address. */
  readonly #sessions = new Map<Session, Disposable>();
  readonly #listeners: Deno.TcpListener[] = [];
  readonly #accepting: Promise<void>[] = [];
  readonly #sharedState: SharedState;
  readonly #watchdog: Deadlines;
  readonly #lingering = new LingeringConnections();
  readonly #host: SessionOwner;
  #sessionNumber = 0;
  /**
   * Accepted connections that are not over: sessions, handshakes, refusals on their way. A number, as a promise for each would take a
   * tenth of what an idle session takes in all.
   */
  #open = 0;
  #over: PromiseWithResolvers<void> | undefined;
  #stopping = new AbortController();

  /**
   * @param makeCommons gives what it has in common with other servers on the same port; without it, nothing.
   * @throws {RangeError} for an option that makes no sense.
   */
  constructor(options: ServerOptions, makeSharedState: MakeSharedState = localState) {
    this.#options = resolveOptions(options);
    const { failureDelay, guessInterval, ban, clock, timeouts: { login, idle } } = this.#options;
    this.#sharedState = makeSharedState({
      throttle: { delay: failureDelay, now: clock, ...(ban && { ban }) },
      guessInterval,
    });
    this.#watchdog = new Deadlines(Math.min(login || Infinity, idle || Infinity));
    this.#host = this.#makeHost();
  }

  /** Where the control port is. @throws {Error} before {@link listen}. */
  get address(): SocketAddress {
    return addressOf(this.#listeners[0]);
  }

  /** Where the listener is that speaks TLS from the first byte; `undefined` without one. */
  get implicitTlsAddress(): SocketAddress | undefined {
    return this.#listeners[1] && addressOf(this.#listeners[1]);
  }

  /** Live sessions. */
  get sessions(): readonly SessionInfo[] {
    return Array.from(this.#sessions.keys(), ({ info }) => info);
  }

  /** How many sessions there are: cheaper than {@link sessions}. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /**
   * Starts to accept; after a {@link shutdown}, again.
   *
   * @throws {Deno.errors.AddrInUse} and its like when the port cannot be had.
   */
  listen(): void {
    this.bind();
    this.accept();
  }

  /** The first half of {@link listen}: has the ports from now on, and lets connections wait. */
  bind(): void {
    if (this.#listeners.length > 0) throw new Error("The server listens already");
    const { hostname, port, reusePort, tls } = this.#options;
    // The runtime looks at the flag of an unstable option where the option is not even true.
    const listen = (port: number) => Deno.listen({ hostname, port, ...(reusePort && { reusePort }) });
    this.#listeners.push(listen(port));
    try {
      if (tls?.implicitPort !== undefined) this.#listeners.push(listen(tls.implicitPort));
    } catch (error) {
      for (const listener of this.#listeners.splice(0)) listener.close();
      throw error;
    }
  }

  /** The second half of {@link listen}. */
  accept(): void {
    this.#stopping = new AbortController();
    for (const [index, listener] of this.#listeners.entries()) {
      this.#accepting.push(this.#accept(listener, index === 1));
    }
  }

  /**
   * Stops accepting, answers 421 to idle sessions, lets running transfers end until the grace time is over, then ends those too.
   * Always resolves; nothing of the server is left then.
   */
  async shutdown({ grace = 10_000 }: ShutdownOptions = {}): Promise<void> {
    this.#stopping.abort();
    for (const listener of this.#listeners.splice(0)) listener.close();
    await Promise.all(this.#accepting.splice(0));
    for (const session of this.#sessions.keys()) session.drain();
    const timer = setTimeout(() => {
      for (const session of this.#sessions.keys()) session.kill();
      this.#lingering.closeAll();
    }, grace);
    if (this.#open > 0) await (this.#over ??= Promise.withResolvers()).promise;
    await this.#lingering.over();
    clearTimeout(timer);
    this.#watchdog[Symbol.dispose]();
  }

  /** {@link shutdown} without grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown({ grace: 0 });
  }

  async #accept(listener: Deno.TcpListener, implicitTls: boolean): Promise<void> {
    const { signal } = this.#stopping;
    let failing = false;
    while (!signal.aborted) {
      try {
        this.#receive(await listener.accept(), implicitTls);
        failing = false;
      } catch (error) {
        if (signal.aborted) return;
        if (isGoneBeforeAccept(error)) continue;
        // Told once: out of sockets, it is so many times a second until some are given back.
        if (!failing) {
          this.events.emit({ type: "problem", level: "warning", message: "Cannot accept connections", error });
        }
        failing = true;
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE));
      }
    }
  }

  #receive(connection: Deno.TcpConn, implicitTls: boolean): void {
    const address = unmapped(connection.remoteAddr.hostname);
    this.#open++;
    const others = this.#sharedState.connections.add(1);
    const places = this.#refusal(address, others) ?? this.#placesFor(address);
    if (typeof places === "string") return void this.#turnAway(connection, places);
    const id = `${this.#sharedState.idPrefix}${++this.#sessionNumber}`;
    try {
      // Some systems refuse both for a peer that has gone already (macOS: EINVAL).
      connection.setNoDelay(true);
      connection.setKeepAlive(true);
      if (implicitTls) void this.#serveSecurely(connection, { id, ...places });
      else this.#serve(connection, { id, implicitTls, ...places });
    } catch (error) {
      this.events.emit({ type: "problem", level: "debug", message: "Cannot serve a connection", session: id, error });
      closeQuietly(connection);
      this.#giveBack(places);
    }
  }

  #giveBack({ slot, stranger }: Places): void {
    slot[Symbol.dispose]();
    stranger[Symbol.dispose]();
    this.#close();
  }

  #close(): void {
    this.#sharedState.connections.add(-1);
    if (--this.#open > 0) return;
    this.#over?.resolve();
    this.#over = undefined;
  }

  /** @param others connections that were there before. */
  #refusal(address: string, others: number): string | undefined {
    const { maxSessions } = this.#options;
    if (maxSessions > 0 && others >= maxSessions) return "Too many sessions, try again later";
    return this.#host.gate.isBanned(address) ? shutOut : undefined;
  }

  /** A connection is counted as both, or as none. */
  #placesFor(address: string): Places | string {
    const { sessionsPerAddress, strangersPerAddress } = this.#options;
    const key = addressKey(address);
    const slot = this.#sharedState.perAddress.add(key, limitFor(sessionsPerAddress, address));
    if (!slot) return "Too many sessions from your address";
    const stranger = this.#sharedState.strangers.add(key, limitFor(strangersPerAddress, address));
    if (stranger) return { slot, stranger };
    slot[Symbol.dispose]();
    return "Too many connections from your address that have not logged in";
  }

  /** Always a 421, never a silent close. One short line fits into the socket whether the peer reads or not. */
  async #turnAway(connection: Connection, text: string): Promise<void> {
    const address = unmapped(connection.remoteAddr.hostname);
    this.events.emit({ type: "connectionRefused", address, reason: text });
    try {
      await writeAll(connection, new TextEncoder().encode(formatReply(tooManySessions(text))));
    } catch {
      // The peer has gone before it could be told.
    }
    closeQuietly(connection);
    this.#close();
  }

  async #serveSecurely(accepted: Connection, { id, ...places }: Places & { readonly id: string }): Promise<void> {
    const { tls, timeouts } = this.#options;
    const { signal } = this.#stopping;
    try {
      if (!tls) throw new Error("There is no certificate");
      const secured = await tls.endpoint.secure(accepted, { signal, handshakeTimeout: timeouts.handshake });
      if (!signal.aborted) return this.#serve(secured, { id, implicitTls: true, ...places });
      closeQuietly(secured);
    } catch (error) {
      this.events.emit({ type: "problem", level: "debug", message: "TLS handshake failed", session: id, error });
    }
    this.#giveBack(places);
  }

  #serve(connection: Connection, { slot, ...options }: Omit<SessionOptions, "onEnd"> & Pick<Places, "slot">): void {
    const session = new Session(connection, this.#host, { ...options, onEnd: (ended) => this.#end(ended) });
    this.#watchdog.add(session);
    const address = unmapped(connection.remoteAddr.hostname);
    this.events.emit({ type: "sessionOpened", session: options.id, address });
    this.#sessions.set(session, slot);
    this.#sharedState.sessions.add(1);
    traffic.arrive();
    void session.serve();
  }

  #end(session: Session): void {
    this.#sessions.get(session)?.[Symbol.dispose]();
    this.#sessions.delete(session);
    this.#sharedState.sessions.add(-1);
    traffic.depart();
    this.#watchdog.remove(session);
    this.#close();
  }

  #makeHost(): SessionOwner {
    const options = this.#options;
    const { perAccount, gate, usageOf } = this.#sharedState;
    const views = new AccountViews(options.fileSystem, usageOf);
    return {
      options,
      table: commandTable,
      events: this.events,
      gate,
      view: this.#makeView(),
      admit: (account: Account) => perAccount.add(account.name, account.maxSessions),
      openView: (account: Account): ScopedVfs | Promise<ScopedVfs> => views.of(account),
    };
  }

  /** Its own first. */
  #allSessions(): readonly SessionInfo[] | Promise<readonly SessionInfo[]> {
    const others = this.#sharedState.others();
    return others instanceof Promise ? others.then((all) => [...this.sessions, ...all]) : [...this.sessions, ...others];
  }

  #makeView(): ServerView {
    const { digests, recentUploads, sessions, dataEngine, forecast } = this.#sharedState;
    const publicAddress = new PublicAddress({
      ...this.#options.passive,
      onProblem: (message) => this.events.emit({ type: "problem", level: "warning", message }),
    });
    return {
      since: this.#options.clock(),
      digests,
      recentUploads,
      dataEngine,
      lingering: this.#lingering,
      forecast,
      get sessionCount() {
        return sessions.count;
      },
      sessions: () => this.#allSessions(),
      passiveAddress: (control: ControlInfo) => publicAddress.forClient(control),
    };
  }
}

function limitFor({ limit, loopback }: AddressCap, address: string): number {
  return loopback || !isLoopback(address) ? limit : 0;
}

function addressOf(listener: Deno.TcpListener | undefined): SocketAddress {
  if (!listener) throw new Error("The server does not listen");
  return listener.addr;
}
