/**
 * What a fuzzed client does: lines that know the verbs and their arguments, odd and hostile ones among them, and what
 * becomes of data connections.
 *
 * @module
 */

import fc from "fast-check";
import { commandTable } from "../../lib/commands/table.ts";

/** One thing that a client sends. Each but `telnet` is one line, and gets one final reply. */
export type Step =
  /** A line of text; `{port}` and `{address}` stand for a port that the client listens on. */
  | { readonly type: "line"; readonly text: string; readonly end: string }
  /** A line of any bytes but LF and IAC, in hexadecimal. */
  | { readonly type: "bytes"; readonly hex: string }
  /** A line of one letter, many times. */
  | { readonly type: "long"; readonly length: number }
  /** Bytes of Telnet that are no part of a line, in hexadecimal. */
  | { readonly type: "telnet"; readonly hex: string };

/** What the client does with a data connection. */
export type DataHabit = "exchange" | "read" | "close" | "ignore";

/** All that a client does in one session. */
export interface Script {
  readonly login: boolean;
  readonly steps: readonly Step[];
  /** Bytes per packet, in turn; what is left goes in one. */
  readonly packets: readonly number[];
  /** For the data connections, in turn. */
  readonly habits: readonly DataHabit[];
}

const NAMES = [
  ...["a", "b.txt", "d", "d/e", "/d/e/f.bin", "/", ".", "..", "../..", "../secret.txt", "/../secret.txt", "d/../../x"],
  ...[
    "out",
    "out/secret.txt",
    "door",
    "door/../secret.txt",
    "~",
    "~root",
    "-la",
    "-R /",
    "*",
    "[a",
    "?",
    "d/*",
    "**/*",
  ],
  ...["two  words", " a", "a ", "fünf", "\u202eabc", "\x1b[31mred", "a\tb", '"', '""', "'", ";", "%s%n", "\\", "a\\b"],
  ...["C:\\x", "CON", "", "x".repeat(255), "x".repeat(256), "y/".repeat(200), "shared.bin", "canary", "\ufeffa"],
] as const;

const NUMBERS = [
  "0",
  "1",
  "7",
  "70000",
  "-1",
  "1e3",
  "0x10",
  "9007199254740993",
  "99999999999999999999",
  "",
  "1 2",
  "NaN",
];
const TIMES = [
  "20240229120000",
  "20230229120000",
  "19700101000000",
  "99991231235959.999",
  "0",
  "2024",
  "20241301000000",
];
const ADDRESSES = [
  ...["{address},{high},{low}", "{address},0,21", "10,0,0,1,200,1", "1,2,3", "256,0,0,1,4,1", "127,0,0,1,4,1,1", ""],
  ...[
    "|1|127.0.0.1|{port}|",
    "|2|::1|{port}|",
    "|1|127.0.0.1|80|",
    "|3|x|1|",
    "|||",
    "1",
    "2",
    "ALL",
    "|1|::1|{port}|",
  ],
];
const WORDS = [
  ...[
    "A",
    "I",
    "E",
    "L 8",
    "L 7",
    "A N",
    "S",
    "B",
    "C",
    "F",
    "R",
    "P",
    "TLS",
    "SSL",
    "TLS-C",
    "fuzz",
    "canary",
    "demo",
  ],
  ...["MLST type;size;", "MLST", "MLST " + ";".repeat(50), "UTF8 ON", "UTF8 OFF", "HASH SHA-256", "HASH MD5", "HASH x"],
  ...["CHMOD 644 a", "CHMOD 7777 d", "CHMOD x", "UTIME 20240101000000 a", "UMASK 022", "UMASK 999", "IDLE", "IDLE 60"],
  ...["IDLE -1", "WHO", "HELP", "HELP CHMOD", "x", "STOR", "RETR a", "localhost", "[::1]", "modify=20240101000000; a"],
];

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NAMES) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(...NAMES), { minLength: 2, maxLength: 4 }).map((all) => all.join("/")),
  },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 20 }) },
);

const RANGES = fc.tuple(fc.constantFrom(...NUMBERS), fc.constantFrom(...NUMBERS)).map((pair) => pair.join(" "));

/** Arguments that a verb of this kind takes. */
const ARGUMENTS: ReadonlyMap<string, fc.Arbitrary<string>> = new Map([
  ...["REST", "ALLO"].map((verb) => [verb, fc.constantFrom(...NUMBERS)] as const),
  ...["RANG"].map((verb) => [verb, RANGES] as const),
  ...["PORT", "EPRT", "EPSV"].map((verb) => [verb, fc.constantFrom(...ADDRESSES)] as const),
  ...["MFMT", "MDTM"].map((verb) =>
    [verb, fc.tuple(fc.constantFrom(...TIMES), name).map((pair) => pair.join(" "))] as const
  ),
  ...["USER", "PASS", "TYPE", "MODE", "STRU", "OPTS", "SITE", "HOST", "AUTH", "PROT", "PBSZ", "HELP", "ACCT", "MFF"]
    .map((verb) => [verb, fc.constantFrom(...WORDS)] as const),
]);

const hostile = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll(/[\r\n\0]/g, "?"));

/** Verbs more often said than others: without them hardly anything would be transferred. */
const COMMON = ["PASV", "EPSV", "STOR", "RETR", "LIST", "MLSD", "NLST", "APPE", "CWD", "MKD", "DELE", "RNFR", "RNTO"];
/** A session that has ended is fuzzed no more. */
const RARE: ReadonlySet<string> = new Set(["QUIT", "REIN"]);
const VERBS = commandTable.commands.flatMap(({ verb, aliases = [] }) => [verb, ...aliases]);
const verb = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(...VERBS.filter((each) => !RARE.has(each))) },
  { weight: 8, arbitrary: fc.constantFrom(...COMMON) },
  { weight: 1, arbitrary: fc.constantFrom(...RARE, ...commandTable.foreign, "", "XYZZY", "stor", "ReTr", "LISTX") },
);

function argumentFor(verb: string): fc.Arbitrary<string | undefined> {
  const own = ARGUMENTS.get(verb.toUpperCase()) ?? name;
  return fc.oneof(
    { weight: 8, arbitrary: own },
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: name },
    { weight: 1, arbitrary: hostile },
    { weight: 1, arbitrary: fc.constantFrom(...WORDS, ...NUMBERS, ...TIMES) },
  );
}

const text = verb.chain((verb) =>
  argumentFor(verb).map((argument) => argument === undefined ? verb : `${verb} ${argument}`)
)
  // Some clients send more than a line: that is for `bytes`, where what is expected is clear.
  .map((line) => line.replaceAll(/[\r\n]/g, "?"));

/** A line as it should be. */
function line(text: string): Step {
  return { type: "line", text, end: "\r\n" };
}

const OPENINGS = ["PASV", "EPSV", "PORT {address},{high},{low}", "EPRT |1|127.0.0.1|{port}|", "EPSV 1"];
const TRANSFERS = ["STOR", "RETR", "APPE", "STOU", "LIST", "NLST", "MLSD", "LIST -la"];
const FILES = ["a", "b.txt", "d/e/f.bin", "shared.bin", "new.bin", "d", "out", "door", "two  words"];

/** A transfer that may well succeed, sometimes from the middle of the file, or given up at once. */
const transfer: fc.Arbitrary<readonly Step[]> = fc.tuple(
  fc.constantFrom(...OPENINGS),
  fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...NUMBERS) }),
  fc.constantFrom(...TRANSFERS),
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...FILES) }, { weight: 1, arbitrary: name }),
  fc.constantFrom(undefined, undefined, undefined, undefined, "ABOR", "STAT", "NOOP", "QUIT", "RETR a"),
).map(([opening, offset, verb, file, after]) => [
  line(opening),
  ...(offset === undefined ? [] : [line(`REST ${offset}`)]),
  line(`${verb} ${file}`),
  ...(after === undefined ? [] : [line(after)]),
]);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      type: fc.constant("line" as const),
      text,
      end: fc.oneof(
        { weight: 20, arbitrary: fc.constant("\r\n") },
        { weight: 1, arbitrary: fc.constantFrom("\n", "\r\r\n") },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.array(fc.integer({ min: 0, max: 254 }).filter((byte) => byte !== 10), { maxLength: 30 })
      .map((bytes) => ({ type: "bytes" as const, hex: new Uint8Array(bytes).toHex() })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(511, 512, 513, 8190, 8191, 8192, 9000, 70_000)
      .map((length) => ({ type: "long" as const, length })),
  },
  {
    weight: 2,
    // Options, Synch, NOP, an escaped IAC. No sub-negotiation: that is for options which were agreed to.
    arbitrary: fc.constantFrom(
      "fffb01",
      "fffd18",
      "fffc01",
      "fffe01",
      "fff4fff2",
      "fff1",
      "ffff",
      "fff2",
    )
      .map((hex) => ({ type: "telnet" as const, hex })),
  },
);

/** Everything that a client may do. */
export const script: fc.Arbitrary<Script> = fc.record({
  login: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  steps: fc.array(
    fc.oneof(
      { weight: 5, arbitrary: step.map((each): readonly Step[] => [each]) },
      { weight: 1, arbitrary: transfer },
    ),
    { minLength: 1, maxLength: 40, size: "max" },
  ).map((groups) => groups.flat()),
  packets: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }),
  habits: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constant("exchange" as const) },
      { weight: 1, arbitrary: fc.constantFrom("read" as const, "close" as const) },
      { weight: 1, arbitrary: fc.constant("ignore" as const) },
    ),
    { minLength: 1, maxLength: 4 },
  ),
});
