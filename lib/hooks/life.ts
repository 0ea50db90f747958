/**
 * One sandbox after another: started, watched, ended when it does what it must not, and started again, later each time.
 *
 * @module
 */

import { RestartBackoff } from "../threads/restart_backoff.ts";
import { type Exported, type FromSandbox, readMessage, type ToSandbox } from "./messages.ts";
import type { MakeSandbox, Sandbox } from "./sandbox.ts";
import { HooksError, type HookSource } from "./source.ts";
import { Watch } from "./watch.ts";

/** Why a sandbox is ended that says more than it should. */
export const UNASKED = "it sent what was not asked for";

/** Milliseconds from the start of a sandbox until its hooks are there. */
const START = 10_000;
/** Milliseconds for which a thread that does not listen runs on once it is ended: see `inside.js`; and a few. */
const RUNS_ON = 1_100;

/** The options of a {@link SandboxLife}. */
export interface SandboxLifeOptions {
  readonly source: HookSource;
  readonly make: MakeSandbox;
  /** See `HookLimits`. */
  readonly timeout: number;
  readonly memory: number;
  /** Called with each message that is about calls, events and the console. */
  readonly onMessage: (message: FromSandbox) => void;
  /** Called when a sandbox that had its hooks has ended; what it was asked has no answer. */
  readonly onEnd: (reason: string) => void;
}

/** Keeps a sandbox running until it is disposed of. */
export class SandboxLife implements AsyncDisposable {
  readonly #options: SandboxLifeOptions;
  readonly #backoff = new RestartBackoff();
  #sandbox: Sandbox | undefined;
  #watch: Watch | undefined;
  #starting: ReturnType<typeof setTimeout> | undefined;
  #loaded = false;
  /** What has been sent to a sandbox that has not loaded its hooks yet. */
  readonly #early: ToSandbox[] = [];
  #over = false;
  #first: PromiseWithResolvers<Exported> | undefined;

  constructor(options: SandboxLifeOptions) {
    this.#options = options;
  }

  /** Starts the first. Rejects with a {@link HooksError} when it has no hooks to offer. */
  start(): Promise<Exported> {
    this.#first = Promise.withResolvers();
    this.#spawn();
    return this.#first.promise;
  }

  /** Whether hooks can be called; while they start, calls wait for them. */
  get isRunning(): boolean {
    return this.#sandbox !== undefined;
  }

  /** Calls a hook, or passes an event on. */
  send(message: ToSandbox): void {
    if (this.#loaded) this.#sandbox?.send(message);
    else this.#early.push(message);
  }

  /**
   * Ends the sandbox, which has done what it must not. `isBlocked`: it does not listen either, so that a thread runs on
   * for up to a second.
   */
  fail(reason: string, isBlocked = false): void {
    if (this.#sandbox === undefined) return;
    const wasLoaded = this.#loaded;
    const runsOn = isBlocked && this.#sandbox.isInside;
    this.#end();
    if (this.#first) {
      this.#first.reject(new HooksError(`Cannot use the hooks "${this.#options.source.file}": ${reason}`));
      this.#first = undefined;
      return;
    }
    if (this.#over) return;
    const plan = () => this.#backoff.plan(0, () => this.#spawn());
    if (runsOn) this.#starting = setTimeout(plan, RUNS_ON);
    else plan();
    this.#options.onEnd(wasLoaded ? reason : `they do not start again: ${reason}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    this.#backoff[Symbol.dispose]();
    const sandbox = this.#sandbox;
    this.#end();
    await sandbox?.over;
  }

  #spawn(): void {
    const { make, memory } = this.#options;
    this.#starting = setTimeout(() => this.fail(`they have not loaded within ${START} ms`), START);
    try {
      this.#sandbox = make({
        onMessage: (data) => this.#receive(readMessage(data)),
        onDeath: (reason) => this.fail(reason),
      }, memory);
    } catch (error) {
      this.#sandbox = UNMADE;
      this.fail(String(error));
    }
  }

  #receive(message: FromSandbox | undefined): void {
    switch (message?.type) {
      case undefined:
        return this.fail(UNASKED);
      case "hello":
        return this.#watch ? this.fail(UNASKED) : this.#hello();
      case "pong":
        return this.#watch?.pong(message.bytes) ? undefined : this.fail(UNASKED);
      case "failed":
        return this.fail(message.message);
      case "loaded":
        if (this.#loaded) return this.fail(UNASKED);
        clearTimeout(this.#starting);
        this.#loaded = true;
        for (const early of this.#early.splice(0)) this.send(early);
        this.#first?.resolve(message.exported);
        this.#first = undefined;
        return;
      default:
        if (message) this.#options.onMessage(message);
    }
  }

  #hello(): void {
    const { timeout, memory, source } = this.#options;
    if (!this.#sandbox) return;
    this.#sandbox.send({ type: "load", code: source.code });
    const onExcess = (reason: string, isBlocked: boolean) => this.fail(reason, isBlocked);
    this.#watch = new Watch({ sandbox: this.#sandbox, timeout, memory, onExcess });
  }

  #end(): void {
    clearTimeout(this.#starting);
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    this.#loaded = false;
    this.#early.length = 0;
    this.#sandbox?.end();
    this.#sandbox = undefined;
  }
}

/** In place of one that could not be made. */
const UNMADE: Sandbox = { isInside: false, over: Promise.resolve(), send: () => {}, end: () => {} };
