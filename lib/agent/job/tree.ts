/**
 * What is below a directory, here or on a server.
 *
 * @module
 */

import { join } from "@std/path";
import { localName, printable } from "../../client/names.ts";
import type { RemoteEntry } from "../../client/remote_entry.ts";
import { messageOf } from "../../net/message_of.ts";
import { AgentError } from "../errors.ts";
import { explain } from "../explain.ts";
import type { Crew } from "./crew.ts";
import { visit } from "./look.ts";
import { joinRemote, listArgument } from "./paths.ts";
import { settle } from "./settle.ts";

/** An entry of a tree. */
export interface TreeEntry {
  /** Relative to the root of the tree, with slashes. */
  readonly path: string;
  readonly kind: RemoteEntry["kind"];
  readonly size: number | undefined;
  /** Milliseconds since 1970; `undefined` if it is not known. */
  readonly modified: number | undefined;
  /** By how many milliseconds {@link modified} may be wrong. */
  readonly precision: number;
  readonly mode?: number | undefined;
}

/** The entries below a directory, and what could not be seen. */
export interface Tree {
  /** By path; a directory comes before what it has. */
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** In words; empty: everything was seen. */
  readonly problems: readonly string[];
}

/** The options of both scans. */
export interface ScanOptions {
  /** Whether an entry is part of the tree; of a directory that is not, nothing below it is looked at. */
  readonly isWanted?: (path: string, isDirectory: boolean) => boolean;
  /** Called with the number of entries so far. */
  readonly onEntries?: (count: number) => void;
  /** Names must be possible as local names on this system. @default false */
  readonly isForHere?: boolean;
}

/** Directories below each other: more are a circle of links. */
const DEEPEST = 100;
/** What a download that was cut off has left. */
const PART = /^\..*\.denoftpd-(?:part|segments)$/s;
const [MINUTE, DAY] = [60_000, 86_400_000];

/** What is below `root` on the server. @throws for a failure that ends the crew, and if `root` cannot be listed. */
export async function scanRemote(crew: Crew, root: string, options: ScanOptions = {}): Promise<Tree> {
  const tree = new GrowingTree(options);
  const scan = async (below: string, depth: number): Promise<void> => {
    const path = joinRemote(root, below);
    const { listing, isExact } = await crew.run(async (client) => {
      const listing = await client.list(listArgument(path), { signal: crew.signal });
      const isExact = client.features.has("MLST") || client.features.has("MLSD");
      // To vsftpd and others LIST of what does not exist is a success without a line.
      if (depth === 1 && path !== "" && !isExact && listing.entries.length === 0) await visit(client, path);
      return { listing, isExact };
    });
    for (const line of listing.unreadable) tree.problem(`A line of the listing of "${path}" is unreadable: ${line}`);
    const deeper: string[] = [];
    for (const entry of listing.entries) {
      const added = tree.add(below, entry.name, { ...entry, precision: precisionOf(entry.modified, isExact) });
      if (added?.kind === "directory") deeper.push(added.path);
    }
    if (depth >= DEEPEST && deeper.length > 0) return tree.problem(`"${path}" is more than ${DEEPEST} levels deep`);
    await settle(deeper.map(async (each) => {
      try {
        await scan(each, depth + 1);
      } catch (error) {
        if (crew.isOver) throw error;
        tree.problem(`"${joinRemote(root, each)}" cannot be listed: ${explain(error)}`);
      }
    }));
  };
  await scan("", 1);
  return await inUtc(crew, root, tree.sorted());
}

/**
 * All that is below `root` on the server: a listing that fails must not leave half of what is to be removed.
 *
 * @throws {AgentError} `incomplete` if not everything can be listed; and as {@link scanRemote}.
 */
export async function scanWhole(crew: Crew, root: string): Promise<TreeEntry[]> {
  const { entries, problems } = await scanRemote(crew, root);
  if (problems.length === 0) return [...entries.values()];
  throw new AgentError("incomplete", `"${root}" was not removed, because it cannot be listed whole: ${problems[0]}`);
}

/** Milliseconds of the smallest difference between two time zones. */
const ZONE_STEP = 15 * MINUTE;

/** LIST shows the time of the server's zone, which nothing names: MDTM of one file, which is in UTC, tells it. */
async function inUtc(crew: Crew, root: string, tree: Tree): Promise<Tree> {
  const sample = tree.entries.values().find(({ kind, precision }) => kind === "file" && precision === MINUTE);
  if (sample?.modified === undefined) return tree;
  const path = joinRemote(root, sample.path);
  const modified = await crew.run((client) => client.modified(path).catch(() => undefined));
  if (modified === undefined) return tree;
  const offset = Math.round((sample.modified - modified) / ZONE_STEP) * ZONE_STEP;
  if (offset === 0) return tree;
  const entries = [...tree.entries].map(([path, entry]): [string, TreeEntry] => {
    return [path, { ...entry, modified: entry.modified === undefined ? undefined : entry.modified - offset }];
  });
  return { ...tree, entries: new Map(entries) };
}

/** What is below `root` here. Links are not followed. @throws if `root` cannot be read. */
export async function scanLocal(root: string, options: ScanOptions = {}): Promise<Tree> {
  const tree = new GrowingTree(options);
  const scan = async (below: string): Promise<void> => {
    for await (const { name } of Deno.readDir(join(root, below))) {
      if (PART.test(name)) continue;
      const info = await Deno.lstat(join(root, below, name)).catch(() => undefined);
      // It was there a moment ago; what is gone needs no entry.
      if (!info) continue;
      const kind = info.isFile ? "file" : info.isDirectory ? "directory" : info.isSymlink ? "link" : "other";
      const modified = info.mtime?.getTime();
      const added = tree.add(below, name, {
        kind,
        size: info.size,
        modified,
        precision: 0,
        mode: info.mode ?? undefined,
      });
      if (added?.kind !== "directory") continue;
      await scan(added.path).catch((error) => tree.problem(`"${added.path}" cannot be read: ${messageOf(error)}`));
    }
  };
  await scan("");
  return tree.sorted();
}

class GrowingTree {
  readonly #entries = new Map<string, TreeEntry>();
  readonly #problems: string[] = [];
  readonly #options: ScanOptions;

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  problem(text: string): void {
    this.#problems.push(printable(text));
  }

  /** `undefined` if it is not part of the tree. */
  add(below: string, name: string, entry: Omit<TreeEntry, "path">): TreeEntry | undefined {
    try {
      // A name with a slash, or "..", leads elsewhere on either side.
      localName(name, this.#options.isForHere ? {} : { windows: false });
    } catch (error) {
      this.problem(messageOf(error));
      return undefined;
    }
    const path = joinRemote(below, name);
    if (this.#entries.has(path)) {
      this.problem(`"${path}" is listed twice`);
      return undefined;
    }
    if (this.#options.isWanted?.(path, entry.kind === "directory") === false) return undefined;
    const { kind, size, modified, precision, mode } = entry;
    const added: TreeEntry = { path, kind, size, modified, precision, mode };
    this.#entries.set(path, added);
    this.#options.onEntries?.(this.#entries.size);
    return added;
  }

  sorted(): Tree {
    const entries = [...this.#entries].toSorted(([a], [b]) => a < b ? -1 : 1);
    return { entries: new Map(entries), problems: this.#problems };
  }
}

/** LIST shows minutes, and of older files days. */
function precisionOf(modified: number | undefined, isExact: boolean): number {
  if (modified === undefined) return Infinity;
  if (isExact) return 1_000;
  return modified % DAY === 0 ? DAY : modified % MINUTE === 0 ? MINUTE : 1_000;
}
