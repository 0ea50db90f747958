/**
 * What members leave that have died is put in order by one of those that live.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { messageOf } from "../net/message_of.ts";
import { BEATS, type Cluster, ClusterLost, LIVE, PREFIX } from "./cluster.ts";
import { numberIn, Script } from "./script.ts";

/** Milliseconds between two rounds: about as long as a member counts as alive that is dead. */
const PAUSE = 10_000;
const LOCK = `${PREFIX}lock:janitor`;

/** Makes ARGV[1] the janitor unless another one lives. */
const APPLY = new Script(`${LIVE}
local janitor = redis.call('GET', KEYS[2])
if janitor and janitor ~= ARGV[1] and live(KEYS[1], janitor) then return 0 end
redis.call('SET', KEYS[2], ARGV[1])
return 1
`);

const RESIGN = new Script(`return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0`);

/** One member's offer to be the janitor. */
export class Janitor implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #work: () => Promise<void>;
  readonly #onProblem: (message: string) => void;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;

  /**
   * @param work what is to be done, again and again.
   * @param onProblem called when that has failed.
   */
  constructor(cluster: Cluster, work: () => Promise<void>, onProblem: (message: string) => void) {
    this.#cluster = cluster;
    this.#work = work;
    this.#onProblem = onProblem;
  }

  /** Works from now on, whenever no other member does. */
  begin(): void {
    this.#running ??= this.#run();
  }

  /** Ends after the round that runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#running;
    await this.#cluster.run(RESIGN, { keys: [LOCK], args: [this.#cluster.member] }).catch(() => {});
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      // With jitter, as all nodes may have been started at once.
      await delay(PAUSE * (0.5 + Math.random()), { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        const input = { keys: [BEATS, LOCK], args: [this.#cluster.member] };
        if (numberIn(await this.#cluster.run(APPLY, input)) === 1) await this.#work();
      } catch (error) {
        if (!(error instanceof ClusterLost)) this.#onProblem(`The janitor of the cluster failed: ${messageOf(error)}`);
      }
    }
  }
}
