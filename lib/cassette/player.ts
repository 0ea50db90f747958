/**
 * Answers clients from a cassette: the server itself is not needed any more.
 *
 * @module
 */

import { DataConnectionError } from "../data/connector.ts";
import { concat } from "../net/concat.ts";
import { type Connection, writeAll } from "../net/connection.ts";
import { type Backend, type Client, type Conversation, ConversationEnd } from "./backend.ts";
import {
  commandOf,
  type Exchange,
  isUpload,
  MOST_OF_TRANSFER,
  needsData,
  type RecordedSession,
  type Step,
} from "./cassette.ts";
import { type Identity, show } from "./placeholders.ts";

/** `strict`: sessions and commands as they were recorded. `loose`: any recorded command, in any order. */
export type PlayOrder = "strict" | "loose";

/** The options of a {@link Player}. */
export interface PlayerOptions {
  readonly sessions: readonly RecordedSession[];
  readonly order: PlayOrder;
  /** Called with a line for each thing that is not as it was recorded. */
  readonly onDifference: (line: string) => void;
}

/** Said of a transfer that the client has ended. */
const CUT = "426 The data connection was closed";

/** What is said instead of a recorded reply. */
type Wanted = { readonly exchange: Exchange } | { readonly difference: string };

/** Plays the exchanges of one session, or of all. */
interface Script {
  /** What was recorded for `command`, which came after `previous`. */
  next(command: string, previous: string): Wanted;
  /** What was recorded and not asked for. */
  readonly left: string | undefined;
}

/** Plays a cassette. */
export class Player implements Backend {
  readonly #options: PlayerOptions;
  readonly #loose: LooseScript;
  #begun = 0;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#loose = new LooseScript(options.sessions);
  }

  begin(client: Client): Conversation {
    const { sessions, order } = this.#options;
    const number = ++this.#begun;
    const isMore = number > sessions.length;
    const recorded = isMore ? sessions.at(-1)! : sessions[number - 1]!;
    const difference = order === "strict" && isMore
      ? `Cassette: wanted the end after session ${sessions.length}, seen another`
      : undefined;
    const script = order === "strict" ? new StrictScript(recorded.exchanges) : this.#loose;
    return new PlayedConversation(client, { ...this.#options, greeting: recorded.greeting, script, difference });
  }

  /** A line for sessions that were recorded and did not come, in strict order. */
  end(): void {
    const { sessions: { length }, order, onDifference } = this.#options;
    if (order === "loose" || this.#begun >= length) return;
    onDifference(`Cassette: wanted session ${this.#begun + 1}, seen the end`);
  }
}

class StrictScript implements Script {
  readonly #exchanges: readonly Exchange[];
  #played = 0;

  constructor(exchanges: readonly Exchange[]) {
    this.#exchanges = exchanges;
  }

  get left(): string | undefined {
    return this.#exchanges[this.#played]?.command;
  }

  next(command: string): Wanted {
    const exchange = this.#exchanges[this.#played];
    if (exchange?.command !== command) return { difference: differenceOf(exchange?.command, command) };
    this.#played++;
    return { exchange };
  }
}

/**
 * A command that was recorded more than once is answered with one after the other, and with the last from then on: SIZE
 * before and after an upload. That goes on from session to session, as what a server has stored does.
 */
class LooseScript implements Script {
  readonly left = undefined;
  readonly #exchanges: ReadonlyMap<string, Exchange[]>;

  constructor(sessions: readonly RecordedSession[]) {
    const keyed = sessions.flatMap(({ exchanges }) =>
      exchanges.map((exchange, index) => ({ exchange, key: keyOf(exchange.command, exchanges[index - 1]?.command) }))
    );
    this.#exchanges = new Map(
      Array.from(
        Map.groupBy(keyed, ({ key }) => key),
        ([key, group]) => [key, group.map(({ exchange }) => exchange)] as const,
      ),
    );
  }

  next(command: string, previous: string): Wanted {
    const key = keyOf(command, previous);
    const [exchange, ...others] = this.#exchanges.get(key) ?? [];
    if (exchange === undefined) return { difference: `Cassette: wanted a recorded command, seen "${key}"` };
    if (others.length > 0) this.#exchanges.get(key)!.shift();
    return { exchange };
  }
}

/** A transfer from an offset is another one than that of the whole. */
function keyOf(command: string, previous = ""): string {
  const isPart = previous.startsWith("REST ") && previous !== "REST 0" && needsData(command.split(" ", 1)[0]!);
  return isPart ? `${previous}, ${command}` : command;
}

function differenceOf(wanted: string | undefined, seen: string): string {
  return `Cassette: wanted ${wanted === undefined ? "the end" : `"${wanted}"`}, seen "${seen}"`;
}

interface PlayedOptions extends PlayerOptions {
  readonly greeting: readonly Step[];
  readonly script: Script;
  /** Why there is nothing to play. */
  readonly difference: string | undefined;
}

class PlayedConversation implements Conversation {
  readonly #client: Client;
  readonly #options: PlayedOptions;
  #user: string | undefined;
  #isOver = false;
  #previous = "";

  constructor(client: Client, options: PlayedOptions) {
    this.#client = client;
    this.#options = options;
  }

  async begin(): Promise<void> {
    const { difference, greeting } = this.#options;
    if (difference !== undefined) {
      this.#isOver = true;
      throw new ConversationEnd(`421 ${this.#differs(difference)}`);
    }
    for (const step of greeting) await this.#play(step, "");
  }

  prepareData(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async answer(verb: string, argument: string | undefined): Promise<boolean> {
    if (verb === "USER") this.#user = argument;
    const command = commandOf(verb, argument);
    const wanted = this.#options.script.next(command, this.#previous);
    this.#previous = command;
    const isLeaving = verb === "QUIT";
    if ("exchange" in wanted) return await this.#playAll(wanted.exchange, verb) && !isLeaving;
    // Whether a client takes its leave changes nothing; what it has not asked for before is reported at the end.
    if (isLeaving) await this.#client.reply(["221 Goodbye"]);
    else await this.#client.reply([`500 ${this.#differs(wanted.difference)}`]);
    return !isLeaving;
  }

  end(): void {
    const { left } = this.#options.script;
    if (this.#isOver || left === undefined || left === "QUIT") return;
    this.#differs(`Cassette: wanted "${left}", seen the end of the session`);
  }

  /** Resolves to whether the server went on. */
  async #playAll({ steps, command }: Exchange, verb: string): Promise<boolean> {
    for (const step of steps) {
      const trouble = await this.#play(step, command, isUpload(verb));
      // The recorded transfer was cut as well: the server's own words follow.
      if (trouble === CUT && /^[45]/.test(lastLineOf(steps))) continue;
      if (trouble !== undefined) {
        await this.#client.reply([trouble]);
        return true;
      }
    }
    return !lastLineOf(steps).startsWith("421");
  }

  /** Resolves to what has to be said instead of the rest. */
  async #play(step: Step, command: string, upload = false): Promise<string | undefined> {
    if (step.kind === "reply") {
      await this.#client.reply(step.lines.map((line) => show(line, this.#identity)));
      return undefined;
    }
    try {
      const connection = await this.#client.openData();
      if (!upload) await send(connection, step.bytes);
      else {
        const seen = await receive(connection);
        if (this.#options.order === "loose") return undefined;
        const difference = contentDifference(command, step.bytes, seen);
        return difference === undefined ? undefined : `551 ${this.#differs(difference)}`;
      }
      return undefined;
    } catch (error) {
      if (error instanceof DataConnectionError) return `425 ${error.message}`;
      return CUT;
    }
  }

  get #identity(): Identity {
    const { localAddr, remoteAddr } = this.#client;
    return {
      ...{ users: this.#user === undefined ? [] : [this.#user], passwords: [] },
      ...{ hosts: [localAddr.hostname], clients: [remoteAddr.hostname] },
    };
  }

  #differs(line: string): string {
    this.#options.onDifference(line);
    return line;
  }
}

function lastLineOf(steps: readonly Step[]): string {
  const last = steps.at(-1);
  return last?.kind === "reply" ? last.lines.at(-1) ?? "" : "";
}

async function send(connection: Connection, bytes: Uint8Array): Promise<void> {
  if (bytes.length > 0) await writeAll(connection, bytes);
  await connection.closeWrite();
}

async function receive(connection: Connection): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const buffer = new Uint8Array(64 * 1024);
  let size = 0;
  for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
    size += count;
    // What is longer than any cassette differs from it, whatever it is.
    if (size <= MOST_OF_TRANSFER + buffer.length) pieces.push(buffer.slice(0, count));
  }
  return concat(pieces);
}

function contentDifference(command: string, wanted: Uint8Array, seen: Uint8Array): string | undefined {
  const length = Math.min(wanted.length, seen.length);
  let place = 0;
  while (place < length && wanted[place] === seen[place]) place++;
  if (place < length) return `Cassette: data of "${command}" differs from the recorded at byte ${place}`;
  if (wanted.length === seen.length) return undefined;
  return `Cassette: wanted ${wanted.length} bytes of "${command}", seen ${seen.length}`;
}
