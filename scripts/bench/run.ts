/**
 * Runs trials: every server once a round, so that what the machine does meanwhile falls on all of them alike.
 *
 * @module
 */

import { LIMIT, type Row } from "./results.ts";
import { RunningServer, type Setup } from "./running.ts";
import type { Server } from "./server.ts";
import type { Scene, Trial, Values } from "./trials.ts";

/** What became of one trial. */
interface Tally {
  readonly values: Map<string, Values[]>;
  readonly cpu: Map<string, number[]>;
}

/** Milliseconds for sessions that ended to be counted by the process above them. */
const SETTLE = 100;

/** Keeps the servers of a run: started when first needed, ended with the run. */
export class Runner implements AsyncDisposable {
  readonly #scene: Scene;
  readonly #servers: readonly Server[];
  readonly #running = new Map<string, RunningServer>();
  readonly #notes: string[] = [];
  readonly #progress: (text: string) => void;

  constructor(scene: Scene, servers: readonly Server[], progress: (text: string) => void) {
    this.#scene = scene;
    this.#servers = servers;
    this.#progress = progress;
  }

  /** What went wrong, and with whom. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** All rounds of one trial. A server that fails once is left out of it and noted. */
  async run(trial: Trial): Promise<Row[]> {
    const tally: Tally = { values: new Map(), cpu: new Map() };
    const failed = new Set<string>();
    const rounds = trial.once ? 1 : this.#scene.scale.rounds;
    for (let round = 0; round < rounds; round++) {
      this.#progress(`${trial.id}: round ${round + 1} of ${rounds}`);
      if (trial.limit) add(tally.values, LIMIT, await trial.limit(this.#scene));
      for (const server of startingWith(this.#servers, round)) {
        if (failed.has(server.name) || trial.fits?.(server, this.#scene) === false) continue;
        try {
          await this.#measure(trial, server, tally);
        } catch (error) {
          failed.add(server.name);
          for (const map of [tally.values, tally.cpu]) map.delete(server.name);
          this.#notes.push(`${trial.id}, ${server.name}: ${error instanceof Error ? error.message : error}`);
        }
      }
    }
    return rowsOf(trial, tally);
  }

  async #measure(trial: Trial, server: Server, tally: Tally): Promise<void> {
    const { trees, grounds } = this.#scene;
    const root = trees[trial.tree].root;
    const setup = { root, secure: trial.secure === true };
    if (trial.fresh) {
      await using running = await RunningServer.start(server, setup, grounds);
      add(tally.values, server.name, await trial.run(this.#scene, running));
      await settle();
      add(tally.cpu, server.name, running.cpu);
      return;
    }
    const running = await this.#standing(server, setup);
    const before = running.cpu;
    add(tally.values, server.name, await trial.run(this.#scene, running));
    await settle();
    add(tally.cpu, server.name, running.cpu - before);
  }

  async #standing(server: Server, setup: Setup): Promise<RunningServer> {
    const key = `${server.name} ${setup.root} ${setup.secure}`;
    let running = this.#running.get(key);
    if (!running) {
      running = await RunningServer.start(server, setup, this.#scene.grounds);
      this.#running.set(key, running);
      // The first transfers of a server find cold caches and uncompiled code: not what a server does all day.
      await this.#scene.client.measure({ port: running.port, user: server.user }, "noop", 200, 2000);
    }
    return running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#running.values(), (running) => running[Symbol.asyncDispose]()));
  }
}

/** Somebody else begins each round: whoever comes first finds memory and disk in another state than those after it. */
export function startingWith<T>(all: readonly T[], round: number): readonly T[] {
  const first = round % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE));
}

function rowsOf(trial: Trial, { values, cpu }: Tally): Row[] {
  return Object.entries(trial.rows).map(([key, info]) => ({
    ...info,
    id: `${trial.id}.${key}`,
    samples: Object.fromEntries(Array.from(values, ([name, all]) => [name, all.map((each) => each[key] ?? NaN)])),
    cpu: Object.fromEntries(cpu),
  }));
}
