/**
 * What reads the bytes of others: whatever comes, the parsers of replies, addresses and listings answer with a value or
 * their own error, and read back what this project writes.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseHumanListing, parseMachineListing } from "../../lib/client/remote_entry.ts";
import * as address from "../../lib/protocol/address.ts";
import { formatUnixLine, formatWindowsLine, type ListedEntry } from "../../lib/protocol/list_format.ts";
import { parseListLine } from "../../lib/protocol/list_parser.ts";
import { FACT_NAMES, formatFacts, parseFactsLine } from "../../lib/protocol/mlsx.ts";
import { type ParsedReply, ReplyParser, ReplySyntaxError } from "../../lib/protocol/reply_parser.ts";
import { type Budget, check } from "./check.ts";

const NOW = Date.UTC(2026, 5, 15, 12);
const RUNS = 500;
/** More than any of them needs for the input of a run, on a slow machine: a parser may not go astray. */
const SLOW_MS = 2000;

/** Lines as servers write them, to be put together in other ways. */
const SAMPLES = [
  "-rw-r--r--   1 owner    group        1234 Jan  1  2024 name",
  "drwxr-xr-x  2 0 0 4096 Feb 29 12:00 two  words",
  "lrwxrwxrwx 1 a b 4 Mar  3 04:05 link -> target",
  "01-15-26  03:04PM       <DIR>          dir",
  "2026-01-15  15:04                 1234 file.txt",
  "+i8388621.48594,m825718503,r,s280,\tdjb.html",
  "NAME.DIR;1  1/9  2-JAN-2024 03:04:05  [OWNER,GROUP]  (RWED,RWE,RE,)",
  "OWNER 36864 01/02/24 03:04:05 *DIR  lib/",
  "type=file;size=10;modify=20240102030405.123; name",
  "type=cdir;perm=el;unix.mode=0755; /",
  "total 12",
  "227 Entering Passive Mode (127,0,0,1,4,1)",
  "229 Entering Extended Passive Mode (|||1025|)",
  "211-Features\r\n SIZE\r\n211 End",
  "",
];
const piece = fc.oneof(
  fc.constantFrom(...SAMPLES.flatMap((line) => line.split(/(?<= )/)), ...SAMPLES),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom(
    " ",
    "\r\n",
    "\n",
    "\r",
    "\0",
    ";",
    "=",
    "|",
    ",",
    "(",
    ")",
    "-",
    "->",
    "\t",
    "9".repeat(400),
    " ".repeat(5000),
  ),
);
const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));

/** A name that a line can carry. */
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  .filter((each) => !/[\r\n\0]/.test(each));
const entry: fc.Arbitrary<ListedEntry> = fc.record({
  name,
  kind: fc.constantFrom("file", "directory"),
  size: fc.maxSafeNat(),
  modified: fc.integer({ min: 0, max: Math.floor(NOW / 1000) }).map((seconds) => seconds * 1000),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  links: fc.integer({ min: 1, max: 99_999 }),
  owner: fc.stringMatching(/^[a-z0-9]{1,12}$/),
  group: fc.stringMatching(/^[a-z0-9]{1,12}$/),
});

/** Ends a run that took too long. */
function promptly(task: () => void): void {
  const start = performance.now();
  task();
  const took = performance.now() - start;
  if (took > SLOW_MS) throw new Error(`It took ${took.toFixed(0)} ms`);
}

/** Every parser on its own, with anything. */
function readAnything(input: string): void {
  promptly(() => {
    for (const line of input.split("\n")) {
      parseListLine(line, { now: NOW });
      parseFactsLine(line);
    }
    for (const { entries, unreadable } of [parseHumanListing(input, NOW), parseMachineListing(input)]) {
      const most = input.split("\n").length;
      if (entries.length + unreadable.length > most) throw new Error(`${entries.length} entries of ${most} lines`);
      for (const { size, modified } of entries) {
        if (size !== undefined && !(size >= 0)) throw new Error(`A size of ${size}`);
        if (Number.isNaN(modified)) throw new Error("A time that is not a number");
      }
    }
    for (const endpoint of [address.parsePassiveText(input)]) if (endpoint) portIs(endpoint.port);
    const extended = address.parseExtendedPassiveText(input);
    if (extended !== undefined) portIs(extended);
    for (const parsed of [address.parsePort(input), address.parseEprt(input)]) {
      if ("endpoint" in parsed) portIs(parsed.endpoint.port);
    }
    address.parseEpsv(input);
  });
}

function portIs(port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`A port of ${port}`);
}

/** All replies of `input`, however it is cut. */
function repliesOf(input: Uint8Array, cuts: readonly number[]): ParsedReply[] | "refused" {
  const parser = new ReplyParser({ maxReplySize: 4096 });
  const replies: ParsedReply[] = [];
  let start = 0;
  try {
    for (const size of [...cuts, input.length]) {
      replies.push(...parser.push(input.subarray(start, start + size)));
      start = Math.min(input.length, start + size);
    }
    return replies;
  } catch (error) {
    if (error instanceof ReplySyntaxError) return "refused";
    throw error;
  }
}

function readReplies({ input, cuts }: { readonly input: string; readonly cuts: readonly number[] }): void {
  const bytes = new TextEncoder().encode(input);
  const cut = repliesOf(bytes, cuts);
  assertEquals(cut, repliesOf(bytes, []), "Where packets end changes the replies");
  if (cut === "refused") return;
  for (const { code, lines } of cut) {
    if (code < 100 || code > 599 || lines.length === 0) throw new Error(`A reply of ${code}, ${lines.length} lines`);
  }
}

function readOwnLists(each: ListedEntry): void {
  const facts = parseFactsLine(formatFacts(each, FACT_NAMES));
  assertEquals(facts?.name, each.name);
  const [machine] = parseMachineListing(formatFacts(each, FACT_NAMES)).entries;
  assertEquals([machine?.kind, machine?.modified], [each.kind, each.modified]);
  if (each.kind === "file") assertEquals(machine?.size, each.size);
  const unix = parseListLine(formatUnixLine(each, { now: NOW }), { now: NOW });
  assertEquals([unix?.name, unix?.kind, unix?.mode], [each.name, each.kind, each.mode]);
  // Where a name begins is not clear in the format of MS-DOS: of one of spaces nothing is left.
  if (each.name.trim() === "") return;
  const windows = parseListLine(formatWindowsLine(each), { now: NOW });
  assertEquals([windows?.name.trimStart(), windows?.kind], [each.name.trimStart(), each.kind]);
}

/** What has once failed, by property. */
export interface ParserCorpus {
  readonly anything: readonly string[];
  readonly replies: readonly { readonly input: string; readonly cuts: readonly number[] }[];
  readonly lists: readonly ListedEntry[];
}

/** Runs all properties until `budget` is spent. */
export async function fuzzParsers(budget: Budget, corpus: ParserCorpus): Promise<void> {
  const replies = fc.record({ input: text, cuts: fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 10 }) });
  for (let round = 0; budget.left > 0; round++) {
    const plan = { seed: budget.seed + round, runs: RUNS };
    const first = round === 0;
    await check({
      ...plan,
      what: "anything",
      property: fc.property(text, readAnything),
      examples: first ? corpus.anything : [],
    });
    await check({
      ...plan,
      what: "replies",
      property: fc.property(replies, readReplies),
      examples: first ? corpus.replies : [],
    });
    await check({
      ...plan,
      what: "lists",
      property: fc.property(entry, readOwnLists),
      examples: first ? corpus.lists : [],
    });
    budget.spend(3 * RUNS);
  }
}
