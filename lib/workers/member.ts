/**
 * One worker as the coordinator sees it.
 *
 * @module
 */

import type { SessionInfo } from "../session_info.ts";
import { errorOf } from "../net/message_of.ts";
import { flatErrorOf, fromPortableError } from "../threads/portable_error.ts";
import type { Addresses, Answer, Asked, FromWorker, Question, Start, ToWorker } from "./messages.ts";

/** Milliseconds for a worker to answer: one that is busy for longer must not delay the others. */
const PATIENCE = 2_000;

/** Milliseconds for the messages of a worker that has died to arrive; without its last words it died in silence. */
const LAST_WORDS = 1_000;

/** Messages that are not for the member itself. */
export type News = Extract<
  FromWorker,
  { type: "events" | "login" | "offence" | "forgiven" | "wanted" | "askSessions" }
>;

/** The callbacks of a member. */
interface MemberListener {
  readonly onNews: (news: News) => void;
  /** The thread has ended because of an uncaught error. Not called after {@link Member.end}. */
  readonly onDeath: (error: Error) => void;
  /** Called when a question is not answered in time, and again only after one was: see {@link Member.silent}. */
  readonly onSilence: () => void;
}

/** The options of a {@link Member}. */
export interface MemberOptions extends MemberListener, Pick<Start, "place" | "number"> {
  /**
   * Called when the thread has started. A rejection is not reported here: the caller that starts members handles it.
   */
  readonly makeStart: () => Promise<Start>;
  /** Answers what its program asks. */
  readonly answer: (question: unknown) => Promise<unknown>;
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
  readonly #answerTo: MemberOptions["answer"];
  readonly #worker: Worker;
  readonly #listener: MemberListener;
  readonly #listens = Promise.withResolvers<Addresses>();
  readonly #over = Promise.withResolvers<void>();
  readonly #lastWords = Promise.withResolvers<void>();
  readonly #questions = new Map<number, (answer: Answer | undefined) => void>();
  #lastRequest = 0;
  #greeted = false;
  #silent = false;
  #ended = false;

  constructor(module: string | URL, { place, number, makeStart, answer, ...listener }: MemberOptions) {
    this.place = place;
    this.number = number;
    this.#makeStart = makeStart;
    this.#answerTo = answer;
    this.#listener = listener;
    this.listening = this.#listens.promise;
    // A death is also reported in another way, so that this need not be awaited.
    this.listening.catch(() => {});
    this.#worker = new Worker(module, { type: "module", name: `worker ${number}` });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      // Without this the error would end the whole program.
      event.preventDefault();
      void this.#die(new Error(event.message));
    };
  }

  /** Sends a message; it is lost before the thread has started, and after it has ended. */
  post(message: ToWorker): void {
    if (this.#greeted && !this.#ended) this.#worker.postMessage(message);
  }

  /** Whether it did not answer the last question in time. */
  get silent(): boolean {
    return this.#silent;
  }

  /** Its sessions; none if it has died, or does not answer in time. */
  async sessions(): Promise<readonly SessionInfo[]> {
    const answer = await this.#ask({ type: "askSessions" });
    return answer?.type === "sessions" ? answer.sessions : [];
  }

  /** Ends one of its sessions; returns whether there was such a session, as far as is known in time. */
  async disconnect(session: string, text: string | undefined): Promise<boolean> {
    const answer = await this.#ask({ type: "disconnect", session, text });
    return answer?.type === "disconnected" && answer.found;
  }

  /** Resolves to `undefined` if it has died, or does not answer in time. */
  async #ask(question: Question): Promise<Answer | undefined> {
    if (!this.#greeted || this.#ended) return undefined;
    const request = ++this.#lastRequest;
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    this.#questions.set(request, resolve);
    const timer = setTimeout(() => this.#giveUp(request), PATIENCE);
    this.post({ ...question, request });
    const answer = await promise;
    clearTimeout(timer);
    this.#questions.delete(request);
    return answer;
  }

  #giveUp(request: number): void {
    if (!this.#silent) this.#listener.onSilence();
    this.#silent = true;
    this.#questions.get(request)?.(undefined);
  }

  #answer(answer: Answer): void {
    this.#silent = false;
    this.#questions.get(answer.request)?.(answer);
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
    this.#lastWords.resolve();
    for (const resolve of this.#questions.values()) resolve(undefined);
  }

  /**
   * The runtime reports an end on another channel than messages, so that a busy coordinator hears of it first: what the
   * worker did right before it died is still to be received.
   */
  async #die(error: Error): Promise<void> {
    if (this.#greeted) {
      const timer = setTimeout(() => this.#lastWords.resolve(), LAST_WORDS);
      await this.#lastWords.promise;
      clearTimeout(timer);
    }
    if (this.#ended) return;
    this.end();
    this.#listens.reject(error);
    this.#listener.onDeath(error);
  }

  async #reply({ request, question }: Asked): Promise<void> {
    try {
      this.post({ type: "answer", request, answer: await this.#answerTo(question) });
    } catch (error) {
      this.post({ type: "answer", request, error: flatErrorOf(errorOf(error)) });
    }
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
      case "disconnected":
        return this.#answer(message);
      case "ask":
        return void this.#reply(message);
      case "over":
        return this.#over.resolve();
      case "lastWords":
        return this.#lastWords.resolve();
      default:
        return this.#listener.onNews(message);
    }
  }
}
