/**
 * The server: listeners, the accept loop, caps, and an end that loses nothing.
 *
 * @module
 */

import type { Account } from "./auth/accounts.ts";
import { FailureThrottle } from "./auth/throttle.ts";
import type { ControlInfo, ServerView, SessionInfo } from "./commands/context.ts";
import { commandTable } from "./commands/table.ts";
import { DigestCache } from "./data/digest.ts";
import { PublicAddress } from "./data/public_address.ts";
import { EventStream } from "./events.ts";
import { closeQuietly, type Connection, isGoneBeforeAccept, type SocketAddress, writeAll } from "./net/connection.ts";
import { type Options, resolveOptions, type ServerOptions } from "./options.ts";
import { formatReply, tooManySessions } from "./protocol/reply.ts";
import { AccountViews } from "./session/account_views.ts";
import { Counter } from "./session/admissions.ts";
import type { SessionHost } from "./session/host.ts";
import { Session } from "./session/session.ts";
import { Watchdog } from "./session/watchdog.ts";
import type { ScopedVfs } from "./vfs/scoped.ts";

/** Milliseconds before the next try when the system has no socket to give (EMFILE and its like). */
const ACCEPT_PAUSE = 100;

/** How {@link FtpServer.shutdown} ends what is under way. */
export interface ShutdownOptions {
  /** Milliseconds that running transfers get to end. Default 10,000. */
  readonly grace?: number;
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
  readonly events = new EventStream();
  readonly #options: Options;
  readonly #sessions = new Set<Session>();
  /** Everything that holds an accepted connection: sessions, handshakes, refusals on their way. */
  readonly #serving = new Set<Promise<void>>();
  readonly #listeners: Deno.TcpListener[] = [];
  readonly #accepting: Promise<void>[] = [];
  readonly #perAddress = new Counter();
  readonly #perAccount = new Counter();
  readonly #watchdog: Watchdog;
  readonly #host: SessionHost;
  #sessionNumber = 0;
  #stopping = new AbortController();

  /** @throws {RangeError} for an option that makes no sense. */
  constructor(options: ServerOptions) {
    this.#options = resolveOptions(options);
    const { login, idle } = this.#options.timeouts;
    this.#watchdog = new Watchdog(Math.min(login || Infinity, idle || Infinity));
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
    return Array.from(this.#sessions, ({ info }) => info);
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
    if (this.#listeners.length > 0) throw new Error("The server listens already");
    const { hostname, port, tls } = this.#options;
    this.#listeners.push(Deno.listen({ hostname, port }));
    try {
      if (tls?.implicitPort !== undefined) this.#listeners.push(Deno.listen({ hostname, port: tls.implicitPort }));
    } catch (error) {
      for (const listener of this.#listeners.splice(0)) listener.close();
      throw error;
    }
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
    for (const session of this.#sessions) session.drain();
    const timer = setTimeout(() => {
      for (const session of this.#sessions) session.kill();
    }, grace);
    await Promise.all(this.#serving);
    clearTimeout(timer);
    this.#watchdog[Symbol.dispose]();
  }

  /** {@link shutdown} without grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown({ grace: 0 });
  }

  async #accept(listener: Deno.TcpListener, implicitTls: boolean): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        this.#receive(await listener.accept(), implicitTls);
      } catch (error) {
        if (signal.aborted) return;
        if (isGoneBeforeAccept(error)) continue;
        this.events.emit({ type: "problem", level: "warning", message: "Cannot accept a connection", error });
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE));
      }
    }
  }

  #receive(connection: Deno.TcpConn, implicitTls: boolean): void {
    const address = connection.remoteAddr.hostname;
    const slot = this.#perAddress.add(address, this.#options.maxSessionsPerAddress);
    const refusal = this.#refusal(address, slot !== undefined);
    if (refusal !== undefined) {
      slot?.[Symbol.dispose]();
      this.#hold(this.#turnAway(connection, refusal));
      return;
    }
    connection.setNoDelay(true);
    connection.setKeepAlive(true);
    const id = String(++this.#sessionNumber);
    this.#hold(this.#serve(connection, { id, implicitTls }).finally(() => slot?.[Symbol.dispose]()));
  }

  #hold(work: Promise<void>): void {
    this.#serving.add(work);
    void work.finally(() => this.#serving.delete(work));
  }

  #refusal(address: string, underAddressCap: boolean): string | undefined {
    const { maxSessions } = this.#options;
    if (maxSessions > 0 && this.#serving.size >= maxSessions) return "Too many sessions, try again later";
    if (!underAddressCap) return "Too many sessions from your address";
    return this.#host.throttle.isBanned(address)
      ? "Too many failed logins from your address, try again later"
      : undefined;
  }

  /** Always a 421, never a silent close. One short line fits into the socket whether the peer reads or not. */
  async #turnAway(connection: Connection, text: string): Promise<void> {
    const { hostname: address } = connection.remoteAddr;
    this.events.emit({ type: "connectionRefused", address, reason: text });
    try {
      await writeAll(connection, new TextEncoder().encode(formatReply(tooManySessions(text))));
    } catch {
      // The peer has gone before it could be told.
    }
    closeQuietly(connection);
  }

  async #serve(accepted: Connection, { id, implicitTls }: { id: string; implicitTls: boolean }): Promise<void> {
    let connection = accepted;
    const { tls, timeouts } = this.#options;
    if (implicitTls && tls) {
      const { signal } = this.#stopping;
      try {
        connection = await tls.endpoint.secure(accepted, { signal, handshakeTimeout: timeouts.handshake });
      } catch (error) {
        this.events.emit({ type: "problem", level: "debug", message: "TLS handshake failed", session: id, error });
        return;
      }
      if (signal.aborted) return closeQuietly(connection);
    }
    const session = new Session(connection, this.#host, { id, implicitTls });
    this.#watchdog.add(session);
    const address = connection.remoteAddr.hostname;
    this.events.emit({ type: "sessionOpened", session: id, address });
    this.#sessions.add(session);
    await session.run();
    this.#sessions.delete(session);
    this.#watchdog.remove(session);
  }

  #makeHost(): SessionHost {
    const options = this.#options;
    const views = new AccountViews(options.fileSystem);
    return {
      options,
      table: commandTable,
      events: this.events,
      throttle: new FailureThrottle({ delay: options.failureDelay, now: options.clock }),
      view: this.#makeView(),
      admit: (account: Account) => this.#perAccount.add(account.name, account.maxSessions),
      openView: (account: Account): ScopedVfs | Promise<ScopedVfs> => views.of(account),
    };
  }

  #makeView(): ServerView {
    const sessions = this.#sessions;
    const publicAddress = new PublicAddress({
      ...this.#options.passive,
      onProblem: (message) => this.events.emit({ type: "problem", level: "warning", message }),
    });
    return {
      since: this.#options.clock(),
      digests: new DigestCache(),
      get sessionCount() {
        return sessions.size;
      },
      sessions: () => Array.from(sessions, ({ info }) => info),
      passiveAddress: (control: ControlInfo) => publicAddress.forClient(control),
    };
  }
}

function addressOf(listener: Deno.TcpListener | undefined): SocketAddress {
  if (!listener) throw new Error("The server does not listen");
  return listener.addr;
}
