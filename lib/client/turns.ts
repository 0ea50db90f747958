/**
 * The requests of one client, one after the other; some of their commands go out before their turn.
 *
 * @module
 */

import type { Command, ControlConnection } from "./control.ts";

/** What of a request may be sent before its turn. */
export interface Ahead {
  /** The commands, at the moment they would be sent; `undefined` if they have to wait after all. */
  readonly commands: () => readonly Command[] | undefined;
  /** It moves data: nothing goes out before this one runs. */
  readonly isTransfer: boolean;
}

/** The options of a request. */
export interface TurnOptions {
  /** Takes the request out while it waits. */
  readonly signal?: AbortSignal | undefined;
  readonly ahead?: Ahead | undefined;
}

interface Turn {
  readonly ahead: Ahead | undefined;
  wasSent: boolean;
}

/** The order of requests on one control connection. */
export class Turns {
  readonly #control: ControlConnection;
  readonly #waiting: Turn[] = [];
  /** The end of the last request. */
  #last: Promise<unknown> = Promise.resolve();
  #isMoving = false;

  constructor(control: ControlConnection) {
    this.#control = control;
  }

  /** Whether commands of requests that wait have been sent: the server is going to answer them in any case. */
  get hasAhead(): boolean {
    return this.#waiting.some(({ wasSent }) => wasSent);
  }

  /** Runs `work` when everything before it is over. `work` is given whether its commands were sent already. */
  run<T>(work: (wasSent: boolean) => Promise<T>, { signal, ahead }: TurnOptions = {}): Promise<T> {
    const turn: Turn = { ahead, wasSent: false };
    this.#waiting.push(turn);
    this.#sendAhead();
    const running = this.#last.then(async () => {
      this.#waiting.shift();
      if (signal?.aborted) {
        // Its answers would be taken for those of the next.
        if (turn.wasSent) this.#control.close();
        throw signal.reason;
      }
      try {
        return await work(turn.wasSent);
      } finally {
        this.#isMoving = false;
      }
    });
    this.#last = running.catch(() => {});
    return running;
  }

  /** The transfer whose turn it is has its data connection: what waits may be sent. */
  moving(): void {
    this.#isMoving = true;
    this.#sendAhead();
  }

  #sendAhead(): void {
    if (!this.#isMoving) return;
    const commands: Command[] = [];
    for (const turn of this.#waiting) {
      if (!turn.ahead) break;
      if (!turn.wasSent) {
        const own = turn.ahead.commands();
        if (!own) break;
        turn.wasSent = true;
        commands.push(...own);
      }
      if (turn.ahead.isTransfer) break;
    }
    // A failure is that of the connection, and every request on it reports it.
    if (commands.length > 0) this.#control.sendAll(commands).catch(() => {});
  }
}
