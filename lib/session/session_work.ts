/**
 * What a session has in hand between reading a line and sending the reply to it.
 *
 * @module
 */

import { CommandIntake, type Intolerable } from "./command_intake.ts";
import { CommandQueue, type QueuedCommand } from "./command_queue.ts";
import { type CommandEquipment, SessionCommands } from "./session_commands.ts";

/** Lines that are not whole yet, and commands that wait or run. An idle session has nothing of it. */
export class SessionWork {
  readonly queue: CommandQueue;
  readonly #intake: CommandIntake;
  readonly #commands: SessionCommands;

  constructor(equipment: CommandEquipment) {
    const { host: { table }, context } = equipment;
    this.#intake = new CommandIntake({ table, isFirst: context.lastCommand === undefined });
    this.#commands = new SessionCommands(equipment);
    this.queue = new CommandQueue(this.#commands);
  }

  /** There is nothing in hand: a new one would do as well. */
  get isIdle(): boolean {
    return this.#intake.isBlank && this.queue.isIdle;
  }

  /** Something waits for its turn. */
  get hasMore(): boolean {
    return this.queue.length > 0 || this.#intake.pending;
  }

  /** Takes what has arrived at this time; the rest as {@link CommandIntake.take}. */
  take(bytes: Uint8Array, { marked, arrived }: { readonly marked: boolean; readonly arrived: number }):
    | Uint8Array
    | undefined {
    this.#commands.arrived = arrived;
    return this.#intake.take(bytes, marked);
  }

  /** See {@link CommandIntake.next}. */
  next(): QueuedCommand | Intolerable | undefined {
    return this.#intake.next();
  }

  /** TLS begins: what came in clear is forgotten. */
  forget(): void {
    this.#intake.forget();
    this.queue.clear();
  }
}
