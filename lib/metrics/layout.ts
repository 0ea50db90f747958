/**
 * Where each number of a server is kept: one array of numbers per event loop, of which only that loop writes. With
 * `--workers` the arrays are one shared memory, so that a scrape asks no worker, and what a worker had counted before
 * it died is not lost.
 *
 * @module
 */

import type { LoginFailure, TransferDirection, TransferReason } from "../events.ts";
import type { ConnectionRefusal } from "../options/meter.ts";

/** Numbers side by side, each with a name: the values of its labels, separated by spaces. */
export class Block {
  /** The place of the first. */
  readonly at: number;
  readonly names: readonly string[];
  readonly #places: ReadonlyMap<string, number>;

  constructor(at: number, names: readonly string[]) {
    this.at = at;
    this.names = names;
    this.#places = new Map(names.map((name, index) => [name, at + index]));
  }

  /** The place of the number with this name; of the last one, where there is none. */
  place(name: string): number {
    return this.#places.get(name) ?? this.at + this.names.length - 1;
  }
}

/** Counts by upper bound, the last without one, then the sum. */
export class HistogramBlock {
  /** The place of the first count. */
  readonly at: number;
  /** Seconds, ascending. */
  readonly bounds: readonly number[];

  constructor(at: number, bounds: readonly number[]) {
    this.at = at;
    this.bounds = bounds;
  }

  /** The numbers that it takes. */
  get size(): number {
    return this.bounds.length + 2;
  }

  /** Counts one. */
  observe(values: Float64Array, seconds: number): void {
    const { at, bounds } = this;
    let index = 0;
    while (index < bounds.length && seconds > (bounds[index] ?? Infinity)) index++;
    values[at + index]! += 1;
    values[at + bounds.length + 1]! += seconds;
  }
}

const DIRECTIONS: readonly TransferDirection[] = ["download", "upload", "listing"];

/** Every reason, by a table that the compiler compares with the type. */
const REASONS = Object.keys(
  {
    none: true,
    aborted: true,
    controlLost: true,
    dataLost: true,
    dataNotOpened: true,
    tlsTruncated: true,
    tlsFailed: true,
    stalled: true,
    sizeMismatch: true,
    storage: true,
    quota: true,
    disconnected: true,
    shutdown: true,
  } satisfies Record<TransferReason, true>,
);

const LOGINS = Object.keys(
  {
    accepted: true,
    unknown: true,
    password: true,
    disabled: true,
    expired: true,
    address: true,
    tls: true,
    shutOut: true,
    tooManySessions: true,
    files: true,
    sharedState: true,
    backend: true,
  } satisfies Record<LoginFailure | "accepted", true>,
);

const REFUSALS = Object.keys(
  {
    network: true,
    banned: true,
    sessions: true,
    address: true,
    strangers: true,
    rate: true,
    crowd: true,
    sharedState: true,
    shutdown: true,
    proxyHeader: true,
  } satisfies Record<ConnectionRefusal, true>,
);

/** Of requests to an object store: what they are, and how they end. */
const METHODS = ["DELETE", "GET", "HEAD", "POST", "PUT"] as const;
const OUTCOMES = ["ok", "missing", "refused", "throttled", "failed"] as const;

/** A request to an object store that has ended. */
export interface StorageRequest {
  readonly method: typeof METHODS[number];
  readonly outcome: typeof OUTCOMES[number];
  /** Until its answer began. */
  readonly milliseconds: number;
}

const CHANGES = ["deleted", "renamed", "madeDirectory", "removedDirectory", "modified"] as const;

/** First code of a reply, and the number of codes. */
const FIRST_CODE = 100;
const CODES = 500;

/** From a command in memory to one that waits for a slow disk or for the answer to a wrong password. */
const COMMAND_BOUNDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
/** From a store in the same rack to one that is about to be given up. */
const STORAGE_BOUNDS = [0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** From a small file on the same machine to a large one over a slow line. */
const TRANSFER_BOUNDS = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200];

/** The places of all numbers. Two of the same verbs are the same. */
export interface Layout {
  /** Sessions under TLS or not: `true`, `false`. */
  readonly sessions: Block;
  readonly sessionsOpened: Block;
  readonly refused: Block;
  readonly logins: Block;
  readonly commands: Block;
  readonly commandSeconds: HistogramBlock;
  /** One for each code from 100. */
  readonly replies: Block;
  /** By direction and reason. */
  readonly transfers: Block;
  readonly transferBytes: Block;
  readonly transfersActive: Block;
  /** In the order of {@link transferBytes}. */
  readonly transferSeconds: readonly HistogramBlock[];
  readonly fileChanges: Block;
  /** By mode, TLS and resumption. */
  readonly dataConnections: Block;
  readonly uploadsUnclean: Block;
  /** Requests to object stores, by method and outcome. */
  readonly storage: Block;
  readonly storageSeconds: HistogramBlock;
  readonly passiveExhausted: Block;
  /** Ports of the range that are listened on. */
  readonly passiveTaken: Block;
  /** Whether the last connection could not be accepted: 0 or 1. */
  readonly acceptFailing: Block;
  /** Seconds of the longest recent delay of a timer; when the loop turned last, in milliseconds since 1970. */
  readonly loop: Block;
  /** What is true only for as long as the loop lives. */
  readonly gauges: readonly Block[];
  /** How many numbers there are. */
  readonly size: number;
}

/** The layout for a server with these verbs. */
export function makeLayout(verbs: readonly string[]): Layout {
  let size = 0;
  const block = (names: readonly string[]): Block => {
    const made = new Block(size, names);
    size += names.length;
    return made;
  };
  const histogram = (bounds: readonly number[]): HistogramBlock => {
    const made = new HistogramBlock(size, bounds);
    size += made.size;
    return made;
  };
  const sessions = block(["true", "false"]);
  const transfersActive = block(DIRECTIONS);
  const passiveTaken = block(["taken"]);
  const acceptFailing = block(["failing"]);
  const loop = block(["lag", "turned"]);
  const blocks = {
    sessionsOpened: block(["opened"]),
    refused: block(REFUSALS),
    logins: block(LOGINS),
    commands: block([...verbs.toSorted(), "other"]),
    commandSeconds: histogram(COMMAND_BOUNDS),
    replies: block(Array.from({ length: CODES }, (_, index) => String(FIRST_CODE + index))),
    transfers: block(DIRECTIONS.flatMap((direction) => REASONS.map((reason) => `${direction} ${reason}`))),
    transferBytes: block(DIRECTIONS),
    transferSeconds: DIRECTIONS.map(() => histogram(TRANSFER_BOUNDS)),
    fileChanges: block(CHANGES),
    dataConnections: block(
      ["passive", "active"].flatMap((mode) =>
        ["false false", "true false", "true true"].map((tls) => `${mode} ${tls}`)
      ),
    ),
    uploadsUnclean: block(["unclean"]),
    storage: block(METHODS.flatMap((method) => OUTCOMES.map((outcome) => `${method} ${outcome}`))),
    storageSeconds: histogram(STORAGE_BOUNDS),
    passiveExhausted: block(["exhausted"]),
  };
  const gauges = [sessions, transfersActive, passiveTaken, acceptFailing, loop];
  return { ...blocks, sessions, transfersActive, passiveTaken, acceptFailing, loop, gauges, size };
}
