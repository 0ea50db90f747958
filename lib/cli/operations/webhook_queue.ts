/**
 * Webhooks of `serve`: events go into a queue in `--state` where they happen, and from there to their services.
 *
 * @module
 */

import { resolve } from "@std/path";
import type { WebhooksBackend } from "../../admin/backend.ts";
import type { EventListener, EventStream } from "../../events.ts";
import { NoDatabase, StateError, StateStore } from "../../state/store.ts";
import { WebhookTable } from "../../state/webhook_table.ts";
import { Delivery } from "../../webhooks/delivery.ts";
import { EventCollector, type NewLetter } from "../../webhooks/queue.ts";
import { UsageError } from "../usage_error.ts";
import { endpointsOf, type WebhookSettings } from "./webhooks.ts";

/** Milliseconds for which an event waits while another thread writes to the queue. */
const PATIENCE = 2_000;

/** Where events are put, and what is to be done about them. */
interface Collecting {
  readonly add: (letter: NewLetter) => void;
  readonly emit: EventStream["emit"];
  readonly onQueued?: () => void;
}

function collectorOf(settings: WebhookSettings, { add, emit, onQueued }: Collecting): EventCollector {
  return new EventCollector({
    endpoints: endpointsOf(settings),
    add,
    ...(onQueued && { onQueued }),
    onFailure: (error) =>
      emit({ type: "problem", level: "error", message: "Events cannot be kept for webhooks, and are lost", error }),
  });
}

/** An upload that `fsync` puts on the disk is there after a crash of the system: so is its event then. */
function openingOf({ fsync }: WebhookSettings) {
  return { durable: fsync === "close", patience: PATIENCE };
}

/**
 * Queues the events of the sessions of a worker, at the moment when they happen. The database is opened at the first
 * one: when the worker starts, the process may still be that of root.
 *
 * @throws {NoDatabase}
 */
export async function collectEvents(settings: WebhookSettings, events: EventStream): Promise<void> {
  const { state } = settings;
  if (state === undefined) return;
  const open = await StateStore.prepare();
  let table: WebhookTable | undefined;
  const collector = collectorOf(settings, {
    add: (letter) => {
      table ??= new WebhookTable(open(resolve(state), openingOf(settings)));
      table.add(letter);
    },
    emit: (event) => events.emit(event),
  });
  const { listener } = collector;
  events.on((event) => {
    if (hasSession(event)) listener(event);
  }, collector.types);
}

function hasSession(event: object): boolean {
  return "session" in event && event.session !== undefined;
}

/** What events come from. */
export interface WebhookParts {
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  /** The events of the program. */
  readonly early: EventStream;
  readonly server: { readonly events: EventStream };
  /** With more than one, they queue the events of their sessions. */
  readonly workers: number;
}

/** Webhooks at work. Disposing them gives what is left a moment. */
export interface RunningWebhooks extends AsyncDisposable, WebhooksBackend {}

/**
 * Begins to queue and to deliver; `undefined` without `--state`.
 *
 * @throws {UsageError} if the queue cannot be opened.
 */
export async function openWebhooks(
  settings: WebhookSettings,
  { secrets, early, server, workers }: WebhookParts,
): Promise<RunningWebhooks | undefined> {
  const { state, webhookQueue: most } = settings;
  if (state === undefined) return undefined;
  await using opened = new AsyncDisposableStack();
  const open = async (durable: boolean): Promise<WebhookTable> =>
    new WebhookTable(opened.use(await StateStore.open(resolve(state), { ...openingOf(settings), durable })));
  try {
    const incoming = await open(openingOf(settings).durable);
    // What is delivered twice after a crash of the system need not wait for the disk.
    const queue = await open(false);
    const emit: EventStream["emit"] = (event) => early.emit(event);
    const delivery = opened.use(
      new Delivery({
        queue,
        secrets,
        most,
        report: (message, error) =>
          emit({ type: "problem", level: "warning", message, ...(error !== undefined && { error }) }),
      }),
    );
    const wake = () => delivery.wake();
    const { types, listener } = collectorOf(settings, { add: (letter) => incoming.add(letter), emit, onQueued: wake });
    // Workers have queued those of sessions before they relay them.
    const relayed: EventListener = (event) => hasSession(event) ? wake() : listener(event);
    opened.use(early.on(listener, types));
    opened.use(server.events.on(workers > 1 ? relayed : listener, types));
    const kept = opened.move();
    return {
      counts: () => {
        // Whoever still asks at the end of the server finds the queue closed.
        if (kept.disposed) return [];
        const counts = new Map([...secrets.keys()].map((endpoint) => [endpoint, { endpoint, waiting: 0, dead: 0 }]));
        for (const each of queue.counts()) counts.set(each.endpoint, each);
        return [...counts.values()];
      },
      dead: (limit) => kept.disposed ? [] : queue.dead(limit),
      replay: (ids) => {
        if (kept.disposed) return 0;
        const count = queue.replay(ids, Date.now());
        wake();
        return count;
      },
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    };
  } catch (error) {
    if (error instanceof StateError) throw new UsageError(`Flag "--state": ${error.message}`);
    if (!(error instanceof NoDatabase)) throw error;
    throw new UsageError(`Flag "--webhook": this runtime has no node:sqlite (${error.message})`);
  }
}
