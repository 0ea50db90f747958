/**
 * Hooks of a file, as a server calls them: as its own `before` and `after`, and as a listener of its events.
 *
 * @module
 */

import { EVENT_TYPES, type EventStream, type EventType, type ServerEvent } from "../events.ts";
import { didYouMean } from "../net/similar.ts";
import type { AfterHook, BeforeHook, PendingCommand } from "../options/command_hooks.ts";
import type { Reply } from "../protocol/reply.ts";
import { DEFAULT_HOOKS } from "./defaults.ts";
import type { HookEvent, HookReply } from "./hooks.ts";
import { SandboxLife, UNASKED } from "./life.ts";
import type { Exported, FromSandbox, Wanted } from "./messages.ts";
import { processesOf, type SandboxProcess, startThread } from "./sandbox.ts";
import type { HookLimits } from "./settings.ts";
import { HooksError, type HookSource } from "./source.ts";

/** Milliseconds between two reports of one kind: each command would make one. */
const REPORT_INTERVAL = 60_000;
/** Events that have been sent and not been seen; more are left out. */
const MOST_EVENTS = 1_000;

/** The options of {@link openHooks}. */
export interface OpenHooksOptions extends Omit<HookLimits, "process"> {
  readonly source: HookSource;
  /** Verbs that hooks may name. */
  readonly verbs: readonly string[];
  /** How to run them in a process. Absent: in a thread. */
  readonly process?: SandboxProcess | undefined;
  /** Takes what becomes of them, and what they print. */
  readonly emit: EventStream["emit"];
}

/** Starts the hooks. Rejects with a {@link HooksError} when they cannot be loaded. */
export async function openHooks(options: OpenHooksOptions): Promise<RunningHooks> {
  const hooks = new RunningHooks(options);
  try {
    await hooks.start();
    return hooks;
  } catch (error) {
    await hooks[Symbol.asyncDispose]();
    throw error;
  }
}

/** Hooks in a sandbox. */
export class RunningHooks implements AsyncDisposable {
  readonly #options: Required<Omit<OpenHooksOptions, "process">>;
  readonly #life: SandboxLife;
  readonly #calls = new Map<number, (outcome: Outcome) => void>();
  /** Calls that have had their time, and may still be answered. */
  readonly #late = new Set<number>();
  readonly #reports = new Map<string, number>();
  #exported: Exported = {};
  #lastCall = 0;
  /** Events that are on their way, and those left out since there were too many. */
  #events = 0;
  #lost = 0;

  /** Nothing is started yet: see {@link openHooks}. */
  constructor({ process, ...options }: OpenHooksOptions) {
    this.#options = { ...DEFAULT_HOOKS, ...options };
    const { source, timeout, memory } = this.#options;
    this.#life = new SandboxLife({
      source,
      timeout,
      memory,
      make: process ? processesOf(process) : startThread,
      onMessage: (message) => this.#receive(message),
      onEnd: (reason) => this.#ended(reason),
    });
  }

  /** @internal */
  async start(): Promise<void> {
    this.#exported = await this.#life.start();
    const { verbs, source } = this.#options;
    for (const kind of ["before", "after"] as const) checkNames(this.#exported[kind], kind, verbs, source);
    checkNames(this.#exported.events, "events", EVENT_TYPES, source);
  }

  /** For the option of a server; `undefined` without such hooks, which then cost nothing. */
  get before(): BeforeHook | undefined {
    const has = matcher(this.#exported.before);
    return has && ((command) => has(command.verb) ? this.#before(command) : undefined);
  }

  /** For the option of a server; `undefined` without such hooks, which then cost nothing. */
  get after(): AfterHook | undefined {
    const has = matcher(this.#exported.after);
    return has && ((command, reply) => has(command.verb) ? this.#after(command, reply) : undefined);
  }

  /** Passes on the events that hooks want, until it is disposed of. */
  listen(events: EventStream): Disposable | undefined {
    const wanted = this.#exported.events;
    if (wanted === undefined) return undefined;
    const listener = (event: ServerEvent): void => this.#tell(event);
    // `checkNames` has compared them.
    return events.on(listener, wanted === true ? EVENT_TYPES : wanted as readonly EventType[]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life[Symbol.asyncDispose]();
    this.#settleAll({ failed: "the server ends" });
  }

  async #before(command: PendingCommand): Promise<Reply | undefined> {
    const { failure } = this.#options;
    const outcome = await this.#call((id) => ({ type: "before", id, command }));
    if ("failed" in outcome) {
      const what = { refuse: "is refused", allow: "runs", close: "ends its session" }[failure];
      this.#problem("before", `Hook "before" of ${command.verb} failed, and the command ${what}: ${outcome.failed}`);
      if (failure === "allow") return undefined;
      const reply = { code: 451, text: "Not possible now, try again later" };
      return failure === "close" ? { ...reply, code: 421, then: "close" } : reply;
    }
    return outcome.reply && made(outcome.reply);
  }

  async #after(command: PendingCommand, reply: Reply): Promise<Reply | undefined> {
    const outcome = await this.#call((id) => ({ type: "after", id, command, reply: shown(reply) }));
    if ("failed" in outcome) {
      this.#problem("after", `Hook "after" of ${command.verb} failed, and its reply is kept: ${outcome.failed}`);
      return undefined;
    }
    if (!outcome.reply) return undefined;
    const changed = made(outcome.reply);
    // What comes next belongs to the outcome: QUIT still ends the session, and TLS begins only where 234 was said.
    const keepsNext = changed.code === reply.code || reply.then === "close";
    return { ...changed, ...(keepsNext && reply.then && { then: reply.then }) };
  }

  #call(message: (id: number) => Parameters<SandboxLife["send"]>[0]): Promise<Outcome> {
    if (!this.#life.isRunning) return Promise.resolve({ failed: "hooks are not running" });
    const id = ++this.#lastCall;
    const { timeout } = this.#options;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const timer = setTimeout(() => {
      this.#late.add(id);
      this.#settle(id, { failed: `no answer within ${timeout} ms` });
    }, timeout);
    this.#calls.set(id, (outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    });
    this.#life.send(message(id));
    return promise;
  }

  #receive(message: FromSandbox): void {
    switch (message.type) {
      case "answer":
        return this.#answered(message.id, { reply: message.reply });
      case "threw":
        return this.#answered(message.id, { failed: message.message });
      case "eventSeen":
        if (this.#events === 0) return this.#life.fail(UNASKED);
        this.#events--;
        if (message.message !== undefined) this.#problem("events", `Hook "events" failed: ${message.message}`);
        return;
      case "console":
        return this.#print(message);
    }
  }

  #answered(id: number, outcome: Outcome): void {
    if (this.#late.delete(id)) return;
    if (this.#calls.has(id)) this.#settle(id, outcome);
    else this.#life.fail(UNASKED);
  }

  #settle(id: number, outcome: Outcome): void {
    this.#calls.get(id)?.(outcome);
    this.#calls.delete(id);
  }

  #settleAll(outcome: Outcome): void {
    for (const id of [...this.#calls.keys()]) this.#settle(id, outcome);
  }

  #ended(reason: string): void {
    this.#events = 0;
    this.#late.clear();
    const { emit, source } = this.#options;
    emit({
      type: "problem",
      level: "error",
      message: `Hooks "${source.file}" were ended and are started again: ${reason}`,
    });
    this.#settleAll({ failed: "hooks were ended" });
  }

  /** As long as events are seen, they are sent; the ones about hooks themselves would go round in a circle. */
  #tell(event: ServerEvent): void {
    if (!this.#life.isRunning || (event.type === "notice" && event.message.startsWith(PRINTED))) return;
    if (this.#events >= MOST_EVENTS) {
      this.#lost++;
      this.#problem("lost", `Hooks do not keep up: ${this.#lost} events were left out`);
      return;
    }
    this.#events++;
    this.#life.send({ type: "event", event: portable(event) });
  }

  #print({ level, text }: Extract<FromSandbox, { type: "console" }>): void {
    const message = `${PRINTED}${text}`;
    if (level === "warning") this.#options.emit({ type: "problem", level, message });
    else this.#options.emit({ type: "notice", level, message });
  }

  #problem(kind: string, message: string): void {
    const now = performance.now();
    if (now - (this.#reports.get(kind) ?? -Infinity) < REPORT_INTERVAL) return;
    this.#reports.set(kind, now);
    this.#options.emit({ type: "problem", level: "error", message });
  }
}

/** What hooks print begins so in the log. */
const PRINTED = "Hooks print: ";

type Outcome = { readonly reply: HookReply | undefined } | { readonly failed: string };

/** @throws {HooksError} naming what no command or event is called. */
function checkNames(wanted: Wanted, kind: string, known: readonly string[], { file }: HookSource): void {
  if (wanted === true) return;
  const name = wanted?.find((each) => !known.includes(each));
  if (name === undefined) return;
  const what = kind === "events" ? "event" : "command";
  throw new HooksError(
    `Hooks "${file}": "${kind}" has "${name}", and no ${what} is called that${didYouMean(name, known)}`,
  );
}

function matcher(wanted: Wanted): ((name: string) => boolean) | undefined {
  if (wanted === undefined) return undefined;
  if (wanted === true) return () => true;
  const names = new Set(wanted);
  return (name) => names.has(name);
}

function shown({ code, text }: Reply): HookReply {
  return { code, text: typeof text === "string" ? text : text.join("\n") };
}

/** Replies of 421 are the last ones of a session (RFC 959 section 5.4). */
function made({ code, text }: HookReply): Reply {
  const lines = text.split("\n");
  return { code, text: lines.length === 1 ? text : lines, ...(code === 421 && { then: "close" as const }) };
}

function portable(event: ServerEvent): HookEvent {
  // The only field of an event that may not be sent is its error.
  return ("error" in event && event.error !== undefined
    ? { ...event, error: String(event.error) }
    : event) as HookEvent;
}
