/**
 * What members send each other by messages through Redis: offences, bans, questions and answers. Who is not connected
 * misses them, and learns what matters when it joins again.
 *
 * @module
 */

import * as v from "valibot";
import { channelOf } from "./beat.ts";
import { type Cluster, PREFIX } from "./cluster.ts";

/** The channel that all members hear. */
export const NEWS = `${PREFIX}news`;

const text = v.string();
const number = v.number();
/** Never sent by this version, but by another one that takes part during an upgrade: it is not understood. */
const question = v.variant("about", [
  v.object({ about: v.literal("sessions") }),
  v.object({ about: v.literal("disconnect"), session: text, text: v.optional(text) }),
]);

/** What the messages contain. Names of accounts are digests: see `digestOf`. */
const NEWS_SCHEMA = v.variant("type", [
  v.object({ type: v.literal("offence"), address: text, offence: text, name: text }),
  v.object({ type: v.literal("cleared"), address: text, name: text }),
  /** A ban that began `length - left` milliseconds ago, and has `left` to go. */
  v.object({
    type: v.literal("ban"),
    key: text,
    address: text,
    reason: text,
    round: number,
    length: number,
    left: number,
  }),
  v.object({ type: v.literal("lifted"), key: text }),
  v.object({ type: v.literal("ask"), from: text, request: number, question }),
  v.object({
    type: v.literal("answer"),
    from: text,
    request: number,
    sessions: v.optional(v.array(v.unknown())),
    /** Whether this is not the last one. */
    more: v.optional(v.boolean()),
    found: v.optional(v.boolean()),
  }),
]);

/** One piece of news. */
export type News = v.InferOutput<typeof NEWS_SCHEMA>;
/** A ban in the news. */
export type BanNews = Extract<News, { readonly type: "ban" }>;
/** What a member asks the others. */
export type Question = v.InferOutput<typeof question>;

const MESSAGE_SCHEMA = v.object({ from: text, news: v.array(v.unknown()) });

/** Sends news to all members, and hears of theirs. */
export class Newsroom {
  readonly #cluster: Cluster;
  readonly #hears: ((news: News) => void)[] = [];
  #outgoing: News[] = [];

  /** To be made before the cluster begins. */
  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    cluster.onJoin(async (link) => {
      const hear = (message: string) => this.#hear(message);
      await Promise.all([NEWS, channelOf(cluster.member)].map((channel) => link.subscribe(channel, hear)));
    });
  }

  /** Calls `hear` with the news of the others, and with those of scripts. It must not throw. */
  onNews(hear: (news: News) => void): void {
    this.#hears.push(hear);
  }

  /** Sends to all others, with what else there is in this turn of the event loop. Dropped while Redis is lost. */
  tell(news: News): void {
    if (this.#cluster.state === "lost") return;
    if (this.#outgoing.push(news) === 1) queueMicrotask(() => this.#flush());
  }

  /** Sends to one member. */
  answer(member: string, news: readonly News[]): void {
    this.#publish(channelOf(member), news);
  }

  #flush(): void {
    const news = this.#outgoing;
    this.#outgoing = [];
    this.#publish(NEWS, news);
  }

  #publish(channel: string, news: readonly News[]): void {
    // What is lost with the connection is sent again where it matters, once there is another.
    this.#cluster.publish(channel, JSON.stringify({ from: this.#cluster.member, news })).catch(() => {});
  }

  #hear(message: string): void {
    const parsed = v.safeParse(MESSAGE_SCHEMA, parseJson(message));
    if (!parsed.success || parsed.output.from === this.#cluster.member) return;
    for (const each of parsed.output.news) {
      const news = v.safeParse(NEWS_SCHEMA, each);
      if (news.success) { for (const hear of this.#hears) hear(news.output); }
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
