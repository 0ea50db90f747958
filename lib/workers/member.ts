/**
 * One worker as the coordinator sees it.
 *
 * @module
 */

import type { SessionInfo } from "../session_info.ts";
import { fromPortableError } from "../threads/portable_error.ts";
import type { Addresses, FromWorker, Start, ToWorker } from "./messages.ts";

/** Milliseconds for a worker to report its sessions: one that is busy for longer must not delay the others. */
const PATIENCE = 2_000;

/** Messages that are not for the member itself. */
export type News = Extract<FromWorker, { type: "events" | "login" | "wanted" | "askSessions" }>;

/** The callbacks of a member. */
interface MemberListener {
  readonly onNews: (news: News) => void;
  /** The thread has ended because of an uncaught error. Not called after {@link Member.end}. */
  readonly onDeath: (error: Error) => void;
}

/** The options of a {@link Member}. */
export interface MemberOptions extends MemberListener, Pick<Start, "place" | "number"> {
  /**
   * Called when the thread has started. A rejection is not reported here: the caller that starts members handles it.
   */
  readonly makeStart: () => Promise<Start>;
}

/** A worker thread, from its start to its end. */
export class Member {
  /** Its place among the workers, from 0. */
  readonly place: number;
  /** Never reused. */
  readonly number: number;
  /** The addresses it listens on. Rejects if it cannot listen, or has died before. */
  readonly listening: Promise<Addresses>;
  readonly #makeStart: () => Promise<Start>;
  readonly #worker: Worker;
  readonly #listener: MemberListener;
  readonly #listens = Promise.withResolvers<Addresses>();
  readonly #over = Promise.withResolvers<void>();
  readonly #questions = new Map<number, (sessions: readonly SessionInfo[]) => void>();
  #lastRequest = 0;
  #greeted = false;
  #ended = false;

  constructor(module: string | URL, { place, number, makeStart, ...listener }: MemberOptions) {
    this.place = place;
    this.number = number;
    this.#makeStart = makeStart;
    this.#listener = listener;
    this.listening = this.#listens.promise;
    // A death is also reported in another way, so that this need not be awaited.
    this.listening.catch(() => {});
    this.#worker = new Worker(module, { type: "module", name: `worker ${number}` });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      // Without this the error would end the whole program.
      event.preventDefault();
      this.#die(new Error(event.message));
    };
  }

  /** Sends a message; it is lost before the thread has started, and after it has ended. */
  post(message: ToWorker): void {
    if (this.#greeted && !this.#ended) this.#worker.postMessage(message);
  }

  /** Its sessions; none if it has died, or does not answer in time. */
  async sessions(): Promise<readonly SessionInfo[]> {
    if (!this.#greeted || this.#ended) return [];
    const request = ++this.#lastRequest;
    const { promise, resolve } = Promise.withResolvers<readonly SessionInfo[]>();
    this.#questions.set(request, resolve);
    const timer = setTimeout(() => resolve([]), PATIENCE);
    this.post({ type: "askSessions", request });
    const sessions = await promise;
    clearTimeout(timer);
    this.#questions.delete(request);
    return sessions;
  }

  /**
   * Lets it drain, and ends it. @param patience milliseconds beyond `grace` after which it is ended whatever it does.
   */
  async shutdown({ grace, patience }: { readonly grace: number; readonly patience: number }): Promise<void> {
    if (!this.#greeted || this.#ended) return this.end();
    const timer = setTimeout(() => this.#over.resolve(), grace + patience);
    this.post({ type: "shutdown", grace });
    await this.#over.promise;
    clearTimeout(timer);
    this.end();
  }

  /** Ends the thread. */
  end(): void {
    this.#ended = true;
    this.#worker.terminate();
    this.#over.resolve();
    for (const resolve of this.#questions.values()) resolve([]);
  }

  #die(error: Error): void {
    if (this.#ended) return;
    this.end();
    this.#listens.reject(error);
    this.#listener.onDeath(error);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "hello":
        this.#greeted = true;
        return void this.#makeStart().then((start) => this.post(start), () => {});
      case "listening":
        return this.#listens.resolve(message.addresses);
      case "cannotListen":
        return this.#listens.reject(fromPortableError(message.error));
      case "sessions":
        return this.#questions.get(message.request)?.(message.sessions);
      case "over":
        return this.#over.resolve();
      default:
        return this.#listener.onNews(message);
    }
  }
}
