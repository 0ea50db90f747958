/**
 * The lines of LIST, and of STAT with a path.
 *
 * @module
 */

import { paced } from "../../data/pacing.ts";
import { joinPath, parentOf } from "../../vfs/virtual_path.ts";
import { type Entry, VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import type { CommandContext } from "../context.ts";
import { matching } from "./matching.ts";
import { ordered, orderOf } from "./order.ts";
import { shownLink } from "./shown_link.ts";
import type { ListTarget } from "./target.ts";

/** Lines of one directory, in the batches of the driver, none of which keeps other sessions waiting. */
export type Lines = AsyncIterable<readonly string[]>;

/** The most entries of `LIST -R`: one command must not walk through a whole disk. */
const MOST_BELOW = 50_000;

/** As `ls -l`, or what the personality has in its place, prints them; `.` and `..` only where `-a` asks for them. */
export async function* longLines(context: CommandContext, target: ListTarget): Lines {
  const format = longFormatter(context);
  if (target.entry.kind !== "directory") {
    yield [format(target.entry.link ?? target.entry)];
    return;
  }
  const { path, entry, glob, flags } = target;
  if (flags.includes("a") && !glob) {
    const parent = await parentEntry(context, path);
    yield [{ ...entry, name: "." }, ...parent].map(format);
  }
  if (flags.includes("R") && !glob) return yield* linesBelow(context, target, format);
  for await (const batch of entriesOf(context, target)) yield batch.map(format);
}

/** The entries of a directory that `target` means, in the order it asks for. */
export function entriesOf(
  context: CommandContext,
  { path, glob, flags }: Pick<ListTarget, "path" | "glob" | "flags">,
): AsyncIterable<readonly Entry[]> {
  const { pacer } = context.options.eventLoop;
  const entries = matching(paced(context.vfs.list(path), pacer), glob, { nameOf: ({ name }) => name, pacer });
  const order = orderOf(flags);
  return order ? ordered(entries, order) : entries;
}

/** The directory above `path` as `..`; absent if the user may not see it. */
export async function parentEntry(context: CommandContext, path: VirtualPath): Promise<Entry[]> {
  try {
    return [{ ...await context.vfs.stat(parentOf(path)), name: ".." }];
  } catch (error) {
    if (error instanceof VfsError) return [];
    throw error;
  }
}

function longFormatter({ options }: CommandContext): (entry: Entry) => string {
  const { formatLine } = options.personality;
  const format = { now: options.clock(), zone: options.zone };
  return (entry) => `${formatLine(shownLink(entry, options.linkListing), format)}\r\n`;
}

/**
 * As `ls -lR`: the directory itself, then each one below it after an empty line and its name. Links are not followed.
 *
 * @throws {VfsError} after {@link MOST_BELOW} entries: a listing that only ends would seem complete.
 */
async function* linesBelow(context: CommandContext, target: ListTarget, format: (entry: Entry) => string): Lines {
  const waiting: { readonly path: VirtualPath; readonly shown: string }[] = [];
  let left = MOST_BELOW;
  const top = { path: target.path, shown: "" };
  for (let directory: typeof top | undefined = top; directory; directory = waiting.pop()) {
    const { path, shown } = directory;
    if (directory !== top) yield [`\r\n${shown}:\r\n`];
    const below: typeof waiting = [];
    try {
      for await (const batch of entriesOf(context, { path, glob: undefined, flags: target.flags })) {
        left -= batch.length + 1;
        if (left < 0) throw new TooMany();
        for (const { name, kind } of batch) {
          if (kind === "directory") {
            below.push({ path: joinPath(path, name), shown: shown === "" ? name : `${shown}/${name}` });
          }
        }
        yield batch.map(format);
      }
    } catch (error) {
      // Gone in the meantime, or closed to the account: its name is all that is known of it.
      if (directory === top || error instanceof TooMany || !(error instanceof VfsError)) throw error;
    }
    waiting.push(...below.reverse());
  }
}

class TooMany extends VfsError {
  constructor() {
    const hint = `LIST -R ends after ${MOST_BELOW} entries: list the directories one by one`;
    super("failed", "Too many entries below the directory", { hint });
  }
}
