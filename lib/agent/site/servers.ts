/**
 * What servers were seen to do, so that it need not be found out again, and so that a server which had TLS cannot be
 * made to look as if it had none.
 *
 * @module
 */

import * as v from "valibot";
import { JsonFile } from "./json_file.ts";

const FACTS = v.object({
  /** The day on which TLS began here last. */
  tls: v.optional(v.string()),
  /** Whether it takes commands while a transfer runs, and answers them after it. */
  takesAhead: v.optional(v.boolean()),
});
const SCHEMA = v.object({ servers: v.record(v.string(), FACTS) });

/** What was seen of one server. */
export type ServerFacts = v.InferOutput<typeof FACTS>;

/** Remembers servers for one user. */
export class SeenServers {
  readonly #file: JsonFile<typeof SCHEMA>;

  /** @param path of the file. */
  constructor(path: string) {
    this.#file = new JsonFile(path, SCHEMA, { servers: {} });
  }

  /** What is known of `server` (`host:port`). */
  async find(server: string): Promise<ServerFacts> {
    return (await this.#file.read()).servers[server] ?? {};
  }

  /** Adds to what is known of `server`. */
  async remember(server: string, facts: ServerFacts): Promise<void> {
    const known = await this.find(server);
    const isNew = Object.entries(facts).some(([name, value]) => known[name as keyof ServerFacts] !== value);
    if (!isNew) return;
    await this.#file.update(({ servers }) => ({
      servers: { ...servers, [server]: { ...servers[server], ...facts } },
    }));
  }
}
