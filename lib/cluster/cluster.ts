/**
 * Servers that share their state in Redis (or Valkey): each is a member, from its start to its end.
 *
 * What is built upon it uses four things:
 *
 * - {@link Cluster.run} runs a {@link Script} for what several members decide together. It rejects with
 *   {@link ClusterLost} at once while Redis is lost, and after two seconds if Redis falls silent.
 * - {@link Cluster.member} names this run of this server in what it writes: a node that starts again is another member.
 *   In a script, `live(BEATS, MEMBER)` of {@link LIVE} says whether a member still is: its heartbeat is no older than
 *   ten seconds by the clock of Redis. So whatever carries the name of a member drops out with it by itself.
 * - {@link Cluster.onJoin} is called with each new connection, before anything else uses it: the place to write back
 *   what Redis may have lost, and to load what this member has missed.
 * - {@link Cluster.on} hears of Redis being lost and found; {@link Cluster.state} is the same as a question.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { messageOf } from "../net/message_of.ts";
import { type RedisAddress, redisUrl } from "./address.ts";
import { BEAT, BEAT_SCRIPT, LEAVE_SCRIPT, LIFETIME, MEMBER_KEYS as KEYS, NEWCOMERS } from "./beat.ts";
import { claimName, NodeTaken } from "./claim.ts";
import { ClusterLost, Link, LoginRefused } from "./link.ts";
import { listIn, numberIn, type Reply, type Script, type ScriptInput } from "./script.ts";

export { ClusterLost, LoginRefused, NodeTaken };
export { BEATS, LIFETIME, LIVE, PREFIX } from "./beat.ts";

/** The longest wait before Redis is tried again, in milliseconds. */
const LONGEST_WAIT = 1_000;
const FIRST_WAIT = 50;
/** Milliseconds between two heartbeats while members are missing that were there before Redis was lost. */
const HASTY_BEAT = 250;

/** What happens to new connections while Redis is lost: each node accepts its share of the limits, or none at all. */
export type OnLoss = "continue" | "refuse";

/** The options of a {@link Cluster}. */
export interface ClusterOptions {
  /**
   * Name of the node: no two have the same.
   *
   * @default a random one
   */
  readonly node?: string;
  /** Name of the program, in this run: no other one may have the name of the node. Default: a random one. */
  readonly program?: string;
  /**
   * What happens to new connections while Redis is lost.
   *
   * @default "continue"
   */
  readonly onLoss?: OnLoss;
}

/** Whether Redis answers. */
export type ClusterState = "connected" | "lost";

/** Who hears of a cluster. None of its methods may throw. */
export interface ClusterListener {
  /** Redis answers, also for the first time. */
  connected?(): void;
  /** Redis is lost; `reason` never has a password in it. */
  lost?(reason: ClusterLost): void;
  /** A heartbeat was answered: {@link Cluster.members} is new. */
  beat?(): void;
  /** Redis answers again, and another server that lives has the name of this node. */
  taken?(): void;
}

/** Called with each new connection; what it sends to it comes before everything else. */
export type Joiner = (link: Link) => void | Promise<void>;

/** One member of a cluster. */
export class Cluster implements AsyncDisposable {
  /** Name of its node. */
  readonly node: string;
  /** See {@link ClusterOptions}. */
  readonly program: string;
  /** Name of this run of this server, never used again: `NODE:PROGRAM-EPOCH`. */
  readonly member: string;
  /** See {@link ClusterOptions}. */
  readonly onLoss: OnLoss;
  /** URL of Redis without name and password. */
  readonly url: string;
  readonly #address: RedisAddress;
  readonly #listeners = new Set<ClusterListener>();
  readonly #joiners = new Set<Joiner>();
  readonly #closing = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #link: Link | undefined;
  #state: ClusterState = "lost";
  #reason: ClusterLost | undefined;
  #members: ReadonlyMap<string, string> = new Map();
  /** Those that have not come back since Redis was lost. */
  #missing = new Set<string>();
  #joinedAt = 0;
  readonly #kept = new Set<string>();
  #note = () => "";

  /** Nothing is connected before {@link begin}. */
  constructor(address: RedisAddress, options: ClusterOptions = {}) {
    const { node = `n${randomHex(3)}`, program = randomHex(4), onLoss = "continue" } = options;
    this.#address = address;
    this.node = node;
    this.program = program;
    this.member = `${node}:${program}-${randomHex(4)}`;
    this.onLoss = onLoss;
    this.url = redisUrl(address);
  }

  /**
   * Connects, and from then on connects again whenever the connection is lost. Resolves after the first attempt, even
   * if that failed: see {@link state}.
   *
   * @throws {LoginRefused} if Redis refuses the login at the first attempt; later that counts as lost.
   * @throws {NodeTaken} if another server that lives has the name of this node.
   */
  async begin(): Promise<void> {
    const first = Promise.withResolvers<void>();
    // The caller may wait for something else.
    first.promise.catch(() => {});
    this.#running = this.#keepConnected(first);
    await first.promise;
  }

  /** Whether Redis answers. */
  get state(): ClusterState {
    return this.#state;
  }

  /** Why it does not; `undefined` while it does, and before the first attempt. */
  get reason(): ClusterLost | undefined {
    return this.#reason;
  }

  /**
   * Whether all members are there that were there before Redis was lost, unless they have had the time to be forgotten:
   * until then what Redis knows about them is not all there is.
   */
  get isWhole(): boolean {
    return this.#state === "connected" && this.#missing.size === 0;
  }

  /** The members at the last heartbeat, this one among them, and what each says about itself. */
  get members(): ReadonlyMap<string, string> {
    return this.#members;
  }

  /** What this member says about itself with each heartbeat: asked then. */
  describe(note: () => string): void {
    this.#note = note;
  }

  /** A key in Redis that lives no longer than this member: each heartbeat lets it live on. */
  keep(key: string): void {
    this.#kept.add(key);
  }

  /** Hears of the state, until disposed. */
  on(listener: ClusterListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** To be called before {@link begin}. */
  onJoin(joiner: Joiner): void {
    this.#joiners.add(joiner);
  }

  /**
   * Runs a script.
   *
   * @throws {ClusterLost} if there is no answer; whether it was carried out is not known then.
   * @throws {Error} as Redis answers.
   */
  async run(script: Script, input: ScriptInput = {}): Promise<Reply> {
    return await this.#connected.run(script, input);
  }

  /** Sends a message to all that have subscribed to `channel` (in a {@link Joiner}). @throws {ClusterLost} */
  async publish(channel: string, message: string): Promise<number> {
    return numberIn(await this.#connected.command("PUBLISH", channel, message));
  }

  /** Gives up the connection, so that everything is written anew over the next one. */
  rejoin(reason: string): void {
    this.#link?.close(reason);
  }

  /** Leaves the cluster: what carries its name is gone at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const link = this.#link;
    if (link && this.#state === "connected") {
      await link.run(LEAVE_SCRIPT, { keys: KEYS, args: [this.member] }).catch(() => {});
    }
    link?.close("the server has ended");
    await this.#running;
  }

  get #connected(): Link {
    if (this.#link && this.#state === "connected") return this.#link;
    throw new ClusterLost(`${this.url} is lost`);
  }

  async #keepConnected(first: PromiseWithResolvers<void>): Promise<void> {
    const { signal } = this.#closing;
    let isFirst = true;
    for (let wait = FIRST_WAIT; !signal.aborted; wait = Math.min(LONGEST_WAIT, wait * 2)) {
      try {
        this.#link = await Link.open(this.#address);
        await this.#join(this.#link, isFirst);
        first.resolve();
        isFirst = false;
        wait = FIRST_WAIT;
        await this.#beatUntilOver(this.#link);
      } catch (error) {
        if (error instanceof LoginRefused || error instanceof NodeTaken) first.reject(error);
        this.#link?.close(messageOf(error));
        this.#lose(error instanceof ClusterLost ? error : new ClusterLost(messageOf(error)));
        if (error instanceof NodeTaken) return;
      }
      first.resolve();
      isFirst = false;
      // With jitter, as all nodes have lost it at the same time.
      await delay(wait * (0.5 + Math.random()), { signal }).catch(() => {});
    }
  }

  async #join(link: Link, isFirst: boolean): Promise<void> {
    if (this.#closing.signal.aborted) return link.close("the server has ended");
    this.#joinedAt = performance.now();
    // Into how many shares limits are divided must be known before Redis is lost.
    await link.subscribe(NEWCOMERS, (member) => {
      if (member !== this.member) this.#beat(link).catch(() => {});
    });
    // Before the heartbeat, with which others see all that this member has.
    await Promise.all(Array.from(this.#joiners, (join) => join(link)));
    if (!await claimName(link, this)) {
      if (isFirst) throw new NodeTaken(`"${this.node}" is the name of another server that lives, in ${this.url}`);
      for (const { taken } of this.#listeners) taken?.();
    }
    await this.#beat(link);
    this.#state = "connected";
    this.#reason = undefined;
    for (const { connected } of this.#listeners) connected?.();
  }

  async #beatUntilOver(link: Link): Promise<never> {
    const over = new AbortController();
    void link.over.then(() => over.abort());
    while (!over.signal.aborted) {
      await delay(this.#missing.size > 0 ? HASTY_BEAT : BEAT, { signal: over.signal }).catch(() => {});
      if (!over.signal.aborted) await this.#beat(link);
    }
    throw await link.over;
  }

  async #beat(link: Link): Promise<void> {
    // It would come back after it has left.
    if (this.#closing.signal.aborted) return;
    const reply = await link.run(BEAT_SCRIPT, { keys: [...KEYS, ...this.#kept], args: [this.member, this.#note()] });
    this.#members = new Map(
      listIn(reply).map((each) => {
        const [member, note] = listIn(each);
        return [String(member), String(note ?? "")];
      }),
    );
    const isLate = performance.now() - this.#joinedAt > LIFETIME;
    for (const member of this.#missing) if (isLate || this.#members.has(member)) this.#missing.delete(member);
    for (const { beat } of this.#listeners) beat?.();
  }

  #lose(reason: ClusterLost): void {
    this.#link = undefined;
    this.#reason = reason;
    if (this.#state === "lost") return;
    this.#state = "lost";
    this.#missing = new Set(this.#members.keys());
    this.#missing.delete(this.member);
    if (this.#closing.signal.aborted) return;
    for (const { lost } of this.#listeners) lost?.(reason);
  }
}

/** What `ask` resolves to; `undefined` if Redis is lost. Rejects with everything else. */
export async function unlessLost<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ClusterLost) return undefined;
    throw error;
  }
}

function randomHex(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}
