/**
 * One who has logged in and does nothing but show, now and then, that it is still there.
 *
 * @module
 */

import type { Account } from "../clients/server_under_test.ts";
import { pause } from "./pause.ts";
import { Random } from "./random.ts";
import { type Address, Control, type Exit } from "./wire.ts";

/** Milliseconds between two signs of life, at least and at most: below the server's idle timeout, 5 minutes. */
const SILENCE = { least: 60_000, most: 240_000 } as const;
/** How many of a hundred signs of life are a departure without a word, followed by a new login. */
const RESTLESS_PERCENT = 3;

/** Who an idler is. */
export interface IdlerOptions {
  readonly address: Address;
  readonly account: Account;
  readonly seed: number;
}

/** An idle session. */
export class Idler {
  /** What went other than the protocol says, a line each. */
  readonly complaints: string[] = [];
  sessions = 0;
  readonly #options: IdlerOptions;
  readonly #random: Random;
  #control: Control | undefined;

  constructor(options: IdlerOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  /** Logs in. */
  async enter(): Promise<void> {
    try {
      this.#control = await this.#login();
    } catch (error) {
      this.#complain(error);
    }
  }

  /** Stays until `signal` is aborted, and then goes in one way or another. */
  async run(signal: AbortSignal): Promise<void> {
    while (this.#control !== undefined && !signal.aborted) {
      await pause(SILENCE.least + this.#random.below(SILENCE.most - SILENCE.least), signal);
      if (signal.aborted) break;
      try {
        if (this.#random.chance(RESTLESS_PERCENT)) {
          this.#control.leave(this.#exit());
          this.#control = await this.#login();
        } else await this.#control.expect("NOOP", 200);
      } catch (error) {
        this.#complain(error);
        this.#control.leave("RST");
        return;
      }
    }
    await this.#leave();
  }

  async #login(): Promise<Control> {
    const { address, account } = this.#options;
    const control = await Control.open(address);
    try {
      await control.expectReply("the greeting", 220);
      await control.protect();
      await control.expect(`USER ${account.user}`, 331);
      await control.expect(`PASS ${account.password}`, 230);
    } catch (error) {
      control.leave("RST");
      throw error;
    }
    this.sessions++;
    return control;
  }

  async #leave(): Promise<void> {
    try {
      if (this.#random.chance(40)) await this.#control?.expect("QUIT", 221);
    } catch (error) {
      this.#complain(error);
    }
    this.#control?.leave(this.#exit());
  }

  #exit(): Exit {
    return this.#random.pick(["FIN", "RST"]);
  }

  #complain(error: unknown): void {
    this.complaints.push(`idle: ${error instanceof Error ? error.message : error}`);
  }
}
