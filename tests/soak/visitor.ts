/**
 * One of many who come, log in, work, and go, by QUIT or without a word, until the time is up.
 *
 * @module
 */

import type { Account } from "../clients/server_under_test.ts";
import { DEEDS, EXITS, type Visit } from "./deeds.ts";
import { Ledger } from "./ledger.ts";
import { pause } from "./pause.ts";
import { Random } from "./random.ts";
import { type Address, Control } from "./wire.ts";

/** Who a visitor is. */
export interface VisitorOptions {
  readonly number: number;
  readonly address: Address;
  readonly account: Account;
  readonly seed: number;
  /** Average milliseconds between two deeds. Default: none. */
  readonly think?: number;
}

/** A visitor and what became of its visits. */
export class Visitor {
  readonly ledger = new Ledger();
  /** What went other than the protocol says, a line each, without anything that makes equal complaints differ. */
  readonly complaints: string[] = [];
  sessions = 0;
  deeds = 0;
  readonly #options: VisitorOptions;
  readonly #random: Random;
  readonly #home: string;

  constructor(options: VisitorOptions) {
    this.#options = options;
    this.#random = new Random(options.seed + options.number * 7919);
    this.#home = `v${options.number}`;
  }

  /** Visits the server again and again until `signal` says that the time is up; a visit that has begun is ended. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#visit(signal);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        this.complaints.push(message.replaceAll(/\bv\d+\/|\b\d{4,}\b/g, "…"));
        // One that keeps failing would only fill the report.
        if (this.complaints.length >= 5) return;
      }
    }
  }

  async #visit(signal: AbortSignal): Promise<void> {
    await this.#think(signal);
    if (signal.aborted) return;
    this.sessions++;
    const control = await this.#enter();
    if (control === undefined) return;
    const visit: Visit = {
      control,
      address: this.#options.address,
      random: this.#random,
      ledger: this.ledger,
      home: this.#home,
    };
    try {
      for (let rest = this.#random.below(20); rest > 0 && !signal.aborted; rest--) {
        await this.#think(signal);
        await this.#do(DEEDS, visit);
      }
      await this.#think(signal);
      await this.#do(EXITS, visit);
    } catch (error) {
      control.leave("RST");
      throw error;
    }
  }

  async #do(deeds: typeof DEEDS, visit: Visit): Promise<void> {
    this.deeds++;
    const deed = this.#random.pick(deeds);
    try {
      await deed(visit);
    } catch (error) {
      throw new Error(`${deed.name}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }

  async #think(signal: AbortSignal): Promise<void> {
    const { think = 0 } = this.#options;
    if (think > 0) await pause(think / 2 + this.#random.below(think), signal);
  }

  /** Logs in and makes sure of the visitor's directory; `undefined` when the visitor chose to vanish on the way. */
  async #enter(): Promise<Control | undefined> {
    const { address, account } = this.#options;
    const control = await Control.open(address);
    const steps: readonly (() => Promise<unknown>)[] = [
      () => control.expectReply("the greeting", 220),
      () => control.protect(),
      () => control.expect(`USER ${account.user}`, 331),
      () => control.expect(`PASS ${account.password}`, 230),
      () => control.expect("TYPE I", 200),
      // It is there from the second visit on.
      () => control.expect(`MKD /${this.#home}`, 257, 550),
    ];
    const vanishAt = this.#random.chance(10) ? this.#random.below(4) : steps.length;
    try {
      for (const [index, step] of steps.entries()) {
        if (index === vanishAt) break;
        await step();
      }
    } catch (error) {
      control.leave("RST");
      throw error;
    }
    if (vanishAt === steps.length) return control;
    control.leave(this.#random.pick(["FIN", "RST"]));
    return undefined;
  }
}
