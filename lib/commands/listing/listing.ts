/**
 * Directories over the data connection (LIST, NLST, MLSD) and over the control connection (STAT path, MLST).
 *
 * @module
 */

import { TextSource } from "../../data/text_source.ts";
import { paced } from "../../data/pacing.ts";
import { formatFactFeature, formatFacts } from "../../protocol/mlsx.ts";
import * as reply from "../../protocol/reply.ts";
import { nameOf, parentOf } from "../../vfs/virtual_path.ts";
import type { AccessGrant } from "../../vfs/access_rules.ts";
import type { Entry, VirtualPath } from "../../vfs/vfs.ts";
import type { CommandContext, TransferContext } from "../context.ts";
import { findTarget, type ListTarget } from "./target.ts";
import { entriesOf, type Lines, longLines, parentEntry } from "./long_lines.ts";
import { matching } from "./matching.ts";
import { orderOf } from "./order.ts";
import { makePermFacts, permLetters } from "./perm_facts.ts";
import { shownLink } from "./shown_link.ts";
import { takeConnector } from "../transfer/request.ts";
import { runTransfer } from "../transfer/run.ts";

async function* nameLines(context: CommandContext, target: ListTarget): Lines {
  const { glob, prefix } = target;
  if (target.entry.kind !== "directory") {
    yield [`${prefix}${target.entry.name}\r\n`];
    return;
  }
  if (orderOf(target.flags)) {
    for await (const batch of entriesOf(context, target)) yield batch.map(({ name }) => `${prefix}${name}\r\n`);
    return;
  }
  const { pacer } = context.options.eventLoop;
  const names = matching(paced(context.vfs.names(target.path), pacer), glob, { nameOf: (name) => name, pacer });
  for await (const batch of names) yield batch.map((name) => `${prefix}${name}\r\n`);
}

async function* factLines(context: CommandContext, path: VirtualPath): Lines {
  const { options: { linkListing, timeFractions, eventLoop }, parameters: { facts }, vfs } = context;
  const perm = makePermFacts();
  const own = await vfs.stat(path);
  const parent = await parentEntry(context, path);
  const line = (listed: Entry, grant: AccessGrant, type?: "cdir" | "pdir") => {
    const entry = shownLink(listed, linkListing);
    return `${
      formatFacts(entry, facts, { perm: perm(grant, entry), fractions: timeFractions, ...(type && { type }) })
    }\r\n`;
  };
  yield [
    line({ ...own, name: "." }, vfs.grantAt(path), "cdir"),
    ...parent.map((entry) => line(entry, vfs.grantAt(parentOf(path)), "pdir")),
  ];
  const grantOf = vfs.grantsIn(path);
  for await (const batch of paced(vfs.list(path), eventLoop.pacer)) {
    yield batch.map((entry) => line(entry, grantOf(entry.name)));
  }
}

/**
 * Asks for the first batch at once, so that a directory that cannot be read fails before the preliminary reply. Not a
 * generator: one that is ended before it has begun would not end what it reads from.
 */
async function primed(lines: Lines): Promise<Lines> {
  const iterator = lines[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<readonly string[]>> | undefined = Promise.resolve(await iterator.next());
  const next = () => {
    const result = first ?? iterator.next();
    first = undefined;
    return result;
  };
  const end = async (): Promise<IteratorResult<readonly string[]>> => {
    await iterator.return?.();
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
}

async function sendLines(
  context: TransferContext,
  path: VirtualPath,
  lines: Lines,
): Promise<reply.Reply> {
  const connector = takeConnector(context);
  using _connector = { [Symbol.dispose]: () => connector.close() };
  const source = new TextSource(await primed(lines));
  using _source = { [Symbol.dispose]: () => source.close() };
  const plan = { connector, path, success: "Directory sent" } as const;
  return await runTransfer(context, plan, async (open) => {
    using data = await open(reply.openingData(context.parameters.type, "file list"));
    await data.send(source);
    await data.endSending();
    return undefined;
  });
}

/** Handles LIST. */
export async function list(context: TransferContext, given: string | undefined): Promise<reply.Reply> {
  const target = await findTarget(context, given);
  return await sendLines(context, target.path, longLines(context, target));
}

/** Handles NLST. `NLST -l` is what some clients send when their user types `ls -l`. */
export async function nlst(context: TransferContext, given: string | undefined): Promise<reply.Reply> {
  const target = await findTarget(context, given);
  const long = target.flags.includes("l");
  const lines = long ? longLines(context, target) : nameLines(context, target);
  return await sendLines(context, target.path, lines);
}

/** Handles MLSD. */
export async function mlsd(context: TransferContext, path: VirtualPath): Promise<reply.Reply> {
  const entry = await context.vfs.stat(path);
  if (entry.kind !== "directory") return reply.badArgument("Not a directory; use MLST");
  return await sendLines(context, path, factLines(context, path));
}

/** Handles MLST. */
export async function mlst(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  const found = await context.vfs.stat(path);
  const { linkListing, timeFractions } = context.options;
  const entry = shownLink(found.link ?? found, linkListing);
  const perm = permLetters(context.vfs.grantAt(path), entry);
  const line = formatFacts({ ...entry, name: path }, context.parameters.facts, { perm, fractions: timeFractions });
  return reply.fileActionDone([`Listing ${path}`, line, "End"]);
}

/** The facts, with the chosen ones marked. */
export function mlstFeature(context: CommandContext): string {
  return formatFactFeature(context.parameters.facts);
}

/** Lines of STAT kept in memory at once, as a reply has no end until it is made. */
const MOST_STATUS_LINES = 10_000;

/** STAT path: the lines of LIST in one reply (RFC 959 section 4.1.3). */
export async function pathStatus(context: CommandContext, given: string): Promise<reply.Reply> {
  const target = await findTarget(context, given);
  const isDirectory = target.entry.kind === "directory";
  const lines = [`Status of ${isDirectory ? target.path : nameOf(target.path)}`];
  for await (const batch of longLines(context, target)) {
    if (context.transfer?.signal.aborted) return reply.statusAborted;
    for (const line of batch) lines.push(line.trimEnd());
    if (lines.length > MOST_STATUS_LINES) {
      lines.push("Listing truncated; use LIST for all entries");
      break;
    }
  }
  lines.push("End of status");
  return isDirectory ? reply.directoryStatus(lines) : reply.fileStatus(lines);
}
