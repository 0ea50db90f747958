/**
 * The uploads to object stores that the servers of a cluster receive, or that broke off at one of them: any other goes
 * on with those. An upload carries the name of the member that receives it, and breaks off with its heartbeat.
 *
 * @module
 */

import type { KnownUpload, UploadRecord, UploadRegistry } from "../drivers/s3/known_uploads.ts";
import { BEATS, type Cluster, ClusterLost, LIVE, PREFIX, unlessLost } from "./cluster.ts";
import type { Link } from "./link.ts";
import { listIn, Script, type ScriptInput } from "./script.ts";

/** Uploads that this member writes again where Redis has lost its memory: the latest. */
const REMEMBERED = 10_000;

/**
 * KEYS: the beats, and the set of names of a bucket. ARGV: what keys of uploads begin with, and a name, or none for
 * all. Returns name, id, beginning, and 1 for a member that lives and receives it.
 */
const FIND = new Script(`${LIVE}
local found = {}
for _, name in ipairs(ARGV[2] and { ARGV[2] } or redis.call('SMEMBERS', KEYS[2])) do
  local uploads = redis.call('HGETALL', ARGV[1] .. name)
  for i = 1, #uploads, 2 do
    local begun, receiver = string.match(uploads[i + 1], '^(%d+) (.*)$')
    found[#found + 1] = { name, uploads[i], begun, receiver ~= '' and live(KEYS[1], receiver) and 1 or 0 }
  end
end
return found
`);

/** KEYS: the uploads of a name, and the set of names. ARGV: id, value, name, and HSET or HSETNX. */
const PUT = new Script(`
redis.call(ARGV[4], KEYS[1], ARGV[1], ARGV[2])
redis.call('SADD', KEYS[2], ARGV[3])
return 1
`);

/** KEYS: the uploads of a name, and the set of names. ARGV: id and name. */
const REMOVE = new Script(`
redis.call('HDEL', KEYS[1], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[2]) end
return 1
`);

/** What this member has said about an upload. */
type State = "received" | "kept" | "removed";

/** The uploads of all members, as one of them sees and changes them. To be made before the cluster begins. */
export class ClusterUploads implements UploadRegistry {
  readonly hasJanitor = true;
  readonly #cluster: Cluster;
  readonly #own = new Map<string, { readonly record: UploadRecord; readonly state: State }>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    cluster.onJoin((link) => this.#writeAgain(link));
  }

  /** Implements `UploadRegistry.of`. While Redis is lost: those of this member. */
  async of(bucket: string, key?: string): Promise<readonly KnownUpload[]> {
    try {
      const reply = await this.#cluster.run(FIND, {
        keys: [BEATS, setKey(bucket)],
        args: [hashKey(bucket, ""), ...key === undefined ? [] : [key]],
      });
      return listIn(reply).map((each) => {
        const [name, id, begun, isReceived] = listIn(each);
        return { bucket, key: String(name), id: String(id), begun: Number(begun), isReceived: isReceived === 1 };
      });
    } catch (error) {
      if (!(error instanceof ClusterLost)) throw error;
      return [...this.#own.values()]
        .filter(({ record, state }) =>
          state !== "removed" && record.bucket === bucket && (key === undefined || record.key === key)
        )
        .map(({ record, state }) => ({ ...record, isReceived: state === "received" }));
    }
  }

  /** Implements `UploadRegistry.receive`. */
  async receive(record: UploadRecord): Promise<void> {
    await this.#say(record, "received");
  }

  /** Implements `UploadRegistry.keep`. */
  async keep(record: UploadRecord): Promise<void> {
    await this.#say(record, "kept");
  }

  /** Implements `UploadRegistry.remove`. */
  async remove(record: UploadRecord): Promise<void> {
    await this.#say(record, "removed");
    if (this.#cluster.state === "connected") this.#own.delete(record.id);
  }

  /** What cannot be written now is written as soon as Redis is back. */
  async #say(record: UploadRecord, state: State): Promise<void> {
    this.#own.delete(record.id);
    this.#own.set(record.id, { record, state });
    for (const [id, { state }] of this.#own) {
      if (this.#own.size <= REMEMBERED) break;
      if (state !== "received") this.#own.delete(id);
    }
    await unlessLost(() => this.#write(this.#cluster, record, { state, replaces: true }));
  }

  async #writeAgain(link: Link): Promise<void> {
    for (const [id, { record, state }] of [...this.#own]) {
      // Another member may have gone on in the meantime with what is only kept.
      await this.#write(link, record, { state, replaces: state === "received" });
      if (state === "removed") this.#own.delete(id);
    }
  }

  async #write(
    redis: Cluster | Link,
    { bucket, key, id, begun }: UploadRecord,
    { state, replaces }: { readonly state: State; readonly replaces: boolean },
  ): Promise<void> {
    const keys: ScriptInput["keys"] = [hashKey(bucket, key), setKey(bucket)];
    if (state === "removed") return void await redis.run(REMOVE, { keys, args: [id, key] });
    const value = `${Math.round(begun)} ${state === "received" ? this.#cluster.member : ""}`;
    await redis.run(PUT, { keys, args: [id, value, key, replaces ? "HSET" : "HSETNX"] });
  }
}

function hashKey(bucket: string, key: string): string {
  return `${PREFIX}uploads:${bucket} ${key}`;
}

function setKey(bucket: string): string {
  return `${PREFIX}uploading:${bucket}`;
}
