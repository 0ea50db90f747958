/**
 * One connection to Redis, for commands and for messages (RESP 3 takes both), from its beginning to its end.
 *
 * @module
 */

import { startDeadline } from "../net/deadline.ts";
import { messageOf } from "../net/message_of.ts";
import { type RedisAddress, redisUrl } from "./address.ts";
import type { Reply, Script, ScriptInput } from "./script.ts";

/** Milliseconds for a connection, with its login, to be made. */
const TIME_TO_CONNECT = 3_000;
/** Milliseconds without any reply after which Redis counts as lost. */
const PATIENCE = 2_000;
/** A check that comes this many milliseconds late was held up by this process, not by Redis. */
const HELD_UP = 200;

/** Errors of Redis that the next connection may not meet: it starts, is a replica, is full, or does not permit. */
const PASSING = /^(?:LOADING|READONLY|OOM|MISCONF|NOAUTH|NOPERM|BUSY|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|UNKILLABLE)\b/;
/** It refuses this login. */
const REFUSED = /^(?:WRONGPASS|NOAUTH|NOPERM|ERR (?:Client sent AUTH|AUTH|invalid password|DB index))/;

/** Redis cannot be reached, or does not answer. */
export class ClusterLost extends Error {
  /** "ClusterLost". */
  override readonly name = "ClusterLost";
}

/** Redis refuses the name, the password or the database: trying again does not help. */
export class LoginRefused extends Error {
  /** "LoginRefused". */
  override readonly name = "LoginRefused";
}

/** An open connection. */
export class Link {
  /** Resolves to the reason when it is over. */
  readonly over: Promise<ClusterLost>;
  readonly #ended = Promise.withResolvers<ClusterLost>();
  readonly #client: Client;
  readonly #loaded = new Set<string>();
  readonly #isReply: (error: unknown) => boolean;
  #reason: ClusterLost | undefined;
  #pending = 0;
  #lastReply = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  private constructor(client: Client, isReply: (error: unknown) => boolean) {
    this.#client = client;
    this.#isReply = isReply;
    this.over = this.#ended.promise;
    client.on("error", (error) => this.close(messageOf(error)));
    client.on("end", () => this.close("the connection was closed"));
  }

  /**
   * Connects and logs in.
   *
   * @throws {ClusterLost} if there is none, or it does not answer within three seconds.
   * @throws {LoginRefused}
   */
  static async open(address: RedisAddress): Promise<Link> {
    const library = await import("@redis/client");
    // A module of CommonJS: in the bundle of the executable its names are those of the default only.
    const { createClient, ErrorReply } = library.default ?? library;
    const { hostname: host, port, tls, ca, database, username, password } = address;
    const client: Client = createClient({
      RESP: 3,
      database,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      // With its default the library reads a variable of the environment.
      maintNotifications: "disabled",
      disableOfflineQueue: true,
      // By default each command has a timer of five seconds that goes off, and makes an error with its stack trace,
      // even if it was answered: a quarter of what a question costs. `#watch` has one timer for all of them.
      commandOptions: { timeout: 0 },
      socket: {
        ...{ host, port, connectTimeout: TIME_TO_CONNECT, reconnectStrategy: false },
        ...(tls && { tls, ...(ca !== undefined && { ca }) }),
      },
    });
    const link = new Link(client, (error) => error instanceof ErrorReply);
    using _limit = startDeadline({ timeout: TIME_TO_CONNECT }, () => link.close("no answer"));
    try {
      await Promise.race([client.connect(), link.over.then((reason) => Promise.reject(reason))]);
      return link;
    } catch (error) {
      const reason = messageOf(error);
      link.close(reason);
      if (REFUSED.test(reason)) throw new LoginRefused(`${redisUrl(address)} refuses the login: ${reason}`);
      throw new ClusterLost(`Cannot reach ${redisUrl(address)}: ${reason}`);
    }
  }

  /**
   * Sends a command. Commands are carried out in the order in which they were sent.
   *
   * @throws {ClusterLost} if there is no answer; whether it was carried out is not known then.
   * @throws {Error} as Redis answers.
   */
  async command(...words: string[]): Promise<Reply> {
    if (this.#reason) throw this.#reason;
    this.#sent();
    try {
      return await this.#client.sendCommand(words) as Reply;
    } catch (error) {
      const message = messageOf(error);
      if (this.#isReply(error) && !PASSING.test(message)) throw error;
      this.close(message);
      throw this.#reason ?? error;
    } finally {
      this.#answered();
    }
  }

  /** Runs a script. @throws as {@link command} does. */
  async run(script: Script, { keys = [], args = [] }: ScriptInput = {}): Promise<Reply> {
    const words = ["EVALSHA", script.digest, String(keys.length), ...keys, ...args.map(String)];
    // Right before it, so that the order of scripts is kept.
    if (!this.#loaded.has(script.digest)) this.#load(script);
    try {
      return await this.command(...words);
    } catch (error) {
      if (!messageOf(error).startsWith("NOSCRIPT")) throw error;
      this.#load(script);
      return await this.command(...words);
    }
  }

  /** Calls `onMessage` with each message to `channel`. @throws {ClusterLost} */
  async subscribe(channel: string, onMessage: (message: string) => void): Promise<void> {
    if (this.#reason) throw this.#reason;
    this.#sent();
    try {
      await this.#client.subscribe(channel, onMessage);
    } catch (error) {
      this.close(messageOf(error));
      throw this.#reason ?? error;
    } finally {
      this.#answered();
    }
  }

  /** Ends it. */
  close(reason: string): void {
    if (this.#reason) return;
    this.#reason = new ClusterLost(reason);
    clearTimeout(this.#timer);
    try {
      this.#client.destroy();
    } catch {
      // It was not open.
    }
    this.#ended.resolve(this.#reason);
  }

  #load(script: Script): void {
    this.#loaded.add(script.digest);
    // Its failure is that of the command which follows.
    this.command("SCRIPT", "LOAD", script.source).catch(() => {});
  }

  #sent(): void {
    if (this.#pending++ > 0) return;
    this.#lastReply = performance.now();
    this.#watch();
  }

  #answered(): void {
    this.#lastReply = performance.now();
    this.#pending--;
  }

  /** One timer for many commands: it goes on when all are answered, as most of them are long before it is over. */
  #watch(): void {
    if (this.#reason || this.#timer !== undefined) return;
    const wait = Math.max(HELD_UP, this.#lastReply + PATIENCE - performance.now());
    const due = performance.now() + wait;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#pending === 0) return;
      const now = performance.now();
      if (now - due > HELD_UP) this.#lastReply = now;
      if (now - this.#lastReply >= PATIENCE) this.close(`no answer for ${PATIENCE} ms`);
      else this.#watch();
    }, wait);
  }
}

/** What is used of the library's client. */
interface Client {
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(words: readonly string[]): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  destroy(): void;
}
