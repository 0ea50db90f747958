/**
 * The messages between the coordinator and its workers. Everything here can be cloned from one thread to another.
 *
 * @module
 */

import type { Ban, Offence } from "../auth/bans.ts";
import type { SessionInfo } from "../session_info.ts";
import type { EventWish, ServerEvent } from "../events.ts";
import type { SocketAddress } from "../net/connection.ts";
import type { FlatError } from "../threads/portable_error.ts";
import { nodePrefix } from "../options/shared_state.ts";
import type { SharedMemory } from "./shared_memory.ts";

/** The addresses a server listens on. */
export interface Addresses {
  readonly control: SocketAddress;
  readonly implicitTls: SocketAddress | undefined;
}

/** The first message to a worker. */
export interface Start {
  readonly type: "start";
  /** Its place among the workers, from 0. A worker that died is replaced by one in the same place. */
  readonly place: number;
  /** Never reused. */
  readonly number: number;
  /** What ids of its sessions begin with: see {@link sessionPrefix}. */
  readonly idPrefix: string;
  /** The number of workers. */
  readonly workers: number;
  readonly memory: SharedMemory;
  /** Types of events that have a listener: {@link EventsWanted} replaces them. */
  readonly events: readonly EventWish[];
  /** The addresses of the others; `undefined` for the first, which binds the ports. */
  readonly addresses: Addresses | undefined;
  /** The most data threads of the worker. */
  readonly dataThreads: number;
  /** Whether these use the C library, if permitted. */
  readonly native: boolean;
  /** The program's settings, which never change. */
  readonly setup: unknown;
  /** The program's current state: {@link StateChanged} replaces it. */
  readonly state: unknown;
}

/** The program's state has changed. */
export interface StateChanged {
  readonly type: "state";
  readonly state: unknown;
}

/** Events of other types have a listener now. */
export interface EventsWanted {
  readonly type: "eventsWanted";
  readonly events: readonly EventWish[];
}

/** A login failed, or a right password cleared earlier failures. */
export interface LoginNews {
  readonly type: "login";
  readonly ok: boolean;
  readonly address: string;
  readonly name: string;
}

/** An address has done something that counts against it. */
export interface OffenceNews {
  readonly type: "offence";
  readonly address: string;
  readonly offence: Offence;
  /** Of the account, for a failed login. */
  readonly name: string;
}

/** A right password has cleared failed logins. */
export interface ForgivenNews {
  readonly type: "forgiven";
  readonly address: string;
  readonly name: string;
}

/** The coordinator has banned addresses. */
export interface Banned {
  readonly type: "banned";
  readonly bans: readonly Ban[];
}

/** The coordinator has ended a ban. */
export interface Allowed {
  readonly type: "allowed";
  readonly key: string;
}

/** An upload waits for those that write to a file: see `UploadLocks.wanted`. */
export interface FileWanted {
  readonly type: "wanted";
  /** Key of its lock. */
  readonly file: string;
}

/** A worker's question to the program of the coordinator. */
export interface Asked {
  readonly type: "ask";
  readonly request: number;
  readonly question: unknown;
}

/** Answers {@link Asked}. */
export interface Answered {
  readonly type: "answer";
  readonly request: number;
  readonly answer?: unknown;
  /** Instead of an answer. */
  readonly error?: FlatError;
}

/** Requests sessions: a worker those of all others, the coordinator the worker's own. */
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

/** Asks a worker to end one of its sessions. */
export interface Disconnect {
  readonly type: "disconnect";
  readonly request: number;
  readonly session: string;
  /** Of the 421; `undefined` for the usual one. */
  readonly text: string | undefined;
}

/** Answers {@link Disconnect}. */
export interface Disconnected {
  readonly type: "disconnected";
  readonly request: number;
  /** Whether there was such a session. */
  readonly found: boolean;
}

/** What the coordinator asks a worker. */
export type Question = Omit<SessionsAsked, "request"> | Omit<Disconnect, "request">;

/** What a worker answers. */
export type Answer = SessionsTold | Disconnected;

/** What ids of the sessions of a worker begin with, so that no two workers use one, on no node. */
export function sessionPrefix(worker: number, node: string | undefined): string {
  return `${nodePrefix(node)}${worker}-`;
}

/** From the coordinator. */
export type ToWorker =
  | Start
  | { readonly type: "accept" }
  | StateChanged
  | EventsWanted
  | Disconnect
  | LoginNews
  | OffenceNews
  | ForgivenNews
  | Banned
  | Allowed
  | FileWanted
  | SessionsAsked
  | SessionsTold
  | Answered
  | { readonly type: "shutdown"; readonly grace: number };

/** From a worker. */
export type FromWorker =
  | { readonly type: "hello" }
  | { readonly type: "listening"; readonly addresses: Addresses }
  | { readonly type: "cannotListen"; readonly error: FlatError }
  | { readonly type: "events"; readonly events: readonly ServerEvent[] }
  | LoginNews
  | OffenceNews
  | ForgivenNews
  | FileWanted
  | SessionsAsked
  | SessionsTold
  | Disconnected
  | Asked
  | { readonly type: "over" }
  /** All that it had to send before an uncaught error ends it. */
  | { readonly type: "lastWords" };
