/**
 * The sessions of all members: asked of each by a message, answered by each, so that nothing is written down for every
 * session that comes and goes.
 *
 * @module
 */

import { startDeadline } from "../net/deadline.ts";
import type { SessionInfo } from "../session_info.ts";
import type { Cluster } from "./cluster.ts";
import type { News, Newsroom, Question } from "./news.ts";

/**
 * Milliseconds without an answer after which those that have not answered are left out: one that is stopped must not
 * delay the others. Tens of thousands of sessions are many answers, which take longer together.
 */
const PATIENCE = 1_000;
/** Sessions in one message. */
const AT_ONCE = 500;

/** What a member shows of its server, and lets others do. */
export interface MemberServer {
  /** Its own sessions. */
  sessions(): readonly SessionInfo[];
  /** Ends one of its own; returns whether there was one. */
  disconnect(id: string, text?: string): boolean;
}

type Answer = Extract<News, { readonly type: "answer" }>;

/** Asks the other members, and answers them. */
export class Registry {
  readonly #cluster: Cluster;
  readonly #news: Newsroom;
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #server: MemberServer | undefined;
  #lastRequest = 0;
  #others: Promise<readonly SessionInfo[]> | undefined;

  constructor(cluster: Cluster, news: Newsroom) {
    this.#cluster = cluster;
    this.#news = news;
    news.onNews((each) => {
      if (each.type === "ask") this.#answer(each.from, each.request, each.question);
      else if (each.type === "answer") this.#asked.get(each.request)?.(each);
    });
  }

  /** The server whose sessions others may see. */
  attach(server: MemberServer): void {
    this.#server = server;
  }

  /** The sessions of all other members that answer within a second. All who ask in the meantime get the same answer. */
  async others(): Promise<readonly SessionInfo[]> {
    return await (this.#others ??= this.#collect().finally(() => this.#others = undefined));
  }

  /** Ends a session of another member. Resolves to whether there was one. */
  async disconnect(id: string, text?: string): Promise<boolean> {
    let found = false;
    await this.#ask({ about: "disconnect", session: id, ...(text !== undefined && { text }) }, (answer) => {
      found ||= answer.found === true;
      return found;
    });
    return found;
  }

  async #collect(): Promise<readonly SessionInfo[]> {
    const sessions: SessionInfo[] = [];
    await this.#ask({ about: "sessions" }, (answer) => {
      // A member has made them from its own.
      sessions.push(...(answer.sessions ?? []) as SessionInfo[]);
      return false;
    });
    return sessions;
  }

  /** Resolves when all have answered, or `hear` has returned `true`, or the time is over. */
  async #ask(question: Question, hear: (answer: Answer) => boolean): Promise<void> {
    const waiting = new Set(this.#cluster.members.keys());
    waiting.delete(this.#cluster.member);
    if (waiting.size === 0 || this.#cluster.state === "lost") return;
    const request = ++this.#lastRequest;
    const over = Promise.withResolvers<void>();
    const start = () => startDeadline({ timeout: PATIENCE }, () => over.resolve());
    let limit = start();
    this.#asked.set(request, (answer) => {
      limit[Symbol.dispose]();
      limit = start();
      if (answer.more !== true) waiting.delete(answer.from);
      if (hear(answer) || waiting.size === 0) over.resolve();
    });
    this.#news.tell({ type: "ask", from: this.#cluster.member, request, question });
    await over.promise;
    limit[Symbol.dispose]();
    this.#asked.delete(request);
  }

  #answer(member: string, request: number, question: Question): void {
    const from = this.#cluster.member;
    if (question.about === "disconnect") {
      const found = this.#server?.disconnect(question.session, question.text) ?? false;
      return this.#news.answer(member, [{ type: "answer", from, request, found }]);
    }
    const sessions = this.#server?.sessions() ?? [];
    for (let first = 0; first === 0 || first < sessions.length; first += AT_ONCE) {
      const some = sessions.slice(first, first + AT_ONCE);
      const more = first + AT_ONCE < sessions.length;
      this.#news.answer(member, [{ type: "answer", from, request, sessions: some, more }]);
    }
  }
}
