/**
 * What the coordinator and its workers tell each other. Everything here can be cloned from one thread to another.
 *
 * @module
 */

import type { GateMemory } from "../auth/login_gate.ts";
import type { SessionInfo } from "../commands/context.ts";
import type { EventType, ServerEvent } from "../events.ts";
import type { SocketAddress } from "../net/connection.ts";
import type { FlatError } from "../threads/portable_error.ts";
import type { TableMemory } from "./shared_table.ts";
import type { UsageMemory } from "./shared_usage.ts";

/** Memory that all threads share. */
export interface SharedMemory {
  readonly counts: TableMemory;
  readonly usages: UsageMemory;
  readonly epochs: SharedArrayBuffer;
  /** Of guesses. */
  readonly paces: GateMemory;
}

/** Where a server listens. */
export interface Addresses {
  readonly control: SocketAddress;
  readonly implicitTls: SocketAddress | undefined;
}

/** What a worker begins with. */
export interface Start {
  readonly type: "start";
  /** Its place among the workers, from 0. A worker that died has a successor in its place. */
  readonly place: number;
  /** Never used twice. */
  readonly number: number;
  /** How many workers there are. */
  readonly workers: number;
  readonly memory: SharedMemory;
  /** Types of the events that anybody wants to hear of. */
  readonly events: readonly EventType[];
  /** Where the others listen; `undefined` for the first, who finds the ports. */
  readonly addresses: Addresses | undefined;
  /** Data threads that the worker may have. */
  readonly dataThreads: number;
  /** Whether these use the C library, where that is permitted. */
  readonly native: boolean;
  /** What the program says about itself, for good. */
  readonly setup: unknown;
  /** What the program says for the time being: {@link StateChanged} brings another. */
  readonly state: unknown;
}

/** What the program gave as its state is another now. */
export interface StateChanged {
  readonly type: "state";
  readonly state: unknown;
}

/** A login failed, or a right password forgave what had failed. */
export interface LoginNews {
  readonly type: "login";
  readonly ok: boolean;
  readonly address: string;
  readonly name: string;
}

/** An upload waits for those that write to a file: see `UploadLocks.wanted`. */
export interface FileWanted {
  readonly type: "wanted";
  /** Key of its lock. */
  readonly file: string;
}

/** Asks for sessions: a worker for those of all others, the coordinator for the worker's own. */
export interface SessionsAsked {
  readonly type: "askSessions";
  readonly request: number;
}

/** Answers {@link SessionsAsked}. */
export interface SessionsTold {
  readonly type: "sessions";
  readonly request: number;
  readonly sessions: readonly SessionInfo[];
}

/** From the coordinator. */
export type ToWorker =
  | Start
  | { readonly type: "accept" }
  | StateChanged
  | LoginNews
  | FileWanted
  | SessionsAsked
  | SessionsTold
  | { readonly type: "shutdown"; readonly grace: number };

/** From a worker. */
export type FromWorker =
  | { readonly type: "hello" }
  | { readonly type: "listening"; readonly addresses: Addresses }
  | { readonly type: "cannotListen"; readonly error: FlatError }
  | { readonly type: "events"; readonly events: readonly ServerEvent[] }
  | LoginNews
  | FileWanted
  | SessionsAsked
  | SessionsTold
  | { readonly type: "over" };
