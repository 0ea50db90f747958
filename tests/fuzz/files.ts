/**
 * Files that people write: accounts and configuration. Whatever is in them, the answer is accounts or settings, or one
 * message that names where the fault is; a broken file never replaces good accounts.
 *
 * @module
 */

import fc from "fast-check";
import { join } from "@std/path";
import { AccountsFileError, parseAccounts } from "../../lib/auth/file/read.ts";
import { ACCOUNT_FIELDS } from "../../lib/auth/file/schema.ts";
import { AccountsFile } from "../../lib/auth/file/watch.ts";
import { runCommand } from "../../lib/cli/command.ts";
import { readSettings } from "../../lib/cli/settings/read.ts";
import { SETTING_NAMES } from "../../lib/cli/settings/table.ts";
import { type Budget, check } from "./check.ts";

const RUNS = 100;
const PATH = "/etc/users.json";
const GOOD = JSON.stringify({
  accounts: [{
    name: "alice",
    password: "$scrypt$ln=14,r=8,p=1$v4LEZTvw8/Xbwtq5jxgWdQ$GQuWuSXJhNbqXcUnp229g1tk9n9IWbQrAnIGTshPC1c",
    root: "ftp",
    permissions: "rw",
  }],
});

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, true, false, 0, -1, 1e308, 1.5, "", " ", "x", "/", "..", "memory:", "sftp://x", "/dev/null", [], {}],
    ...[
      "rw",
      [{ path: "/", allow: "ro" }],
      [{ path: "/up", allow: ["list", "write"], overwrite: false }],
      ["rw"],
      "10 MB",
      "10 XB",
      "-5",
      "2024-02-30",
      "2030-01-01",
      ["10.0.0.0/8"],
      [
        "x",
      ],
    ],
    ...["\u0000", "a\nb", "\ud800", "__proto__", "constructor", "scrypt:", "$2y$10$x", "$argon2id$v=19$", ["$6$"], [
      [],
    ]],
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const field = fc.oneof(
  fc.constantFrom<string>(...ACCOUNT_FIELDS, "name", "group", "mounts", "__proto__", "toString", "passwrod", ""),
  fc.string({ maxLength: 8 }),
);
const account = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.dictionary(field, odd, { maxKeys: 6 }), fc.boolean()).map(withGoodFields) },
  { weight: 1, arbitrary: odd },
);
const accounts = fc.oneof(
  { weight: 4, arbitrary: fc.array(account, { maxLength: 4 }).map((list) => JSON.stringify({ accounts: list })) },
  {
    weight: 1,
    arbitrary: fc.record({ accounts: odd, groups: odd, extra: odd }, { requiredKeys: [] }).map((each) =>
      JSON.stringify(each)
    ),
  },
  { weight: 2, arbitrary: mutated(GOOD) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
);

function withGoodFields([fields, complete]: readonly [Record<string, unknown>, boolean]): Record<string, unknown> {
  return complete ? { name: "bob", root: "ftp", permissions: "ro", ...fields } : fields;
}

/** A text of which a piece is missing, doubled or replaced. */
function mutated(text: string): fc.Arbitrary<string> {
  const place = fc.integer({ min: 0, max: text.length });
  return fc.tuple(place, place, fc.oneof(fc.constantFrom("", '"', "{", "}", "[", ",", "null", "\\u0000"), fc.string()))
    .map(([start, end, between]) => text.slice(0, start) + between + text.slice(end));
}

const settings = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.dictionary(
      fc.oneof(fc.constantFrom<string>(...SETTING_NAMES, "prot", "$schema"), fc.string({ maxLength: 6 })),
      odd,
      { maxKeys: 4 },
    ).map((each) => JSON.stringify(each)),
  },
  { weight: 1, arbitrary: mutated('{ "port": 2121, "host": "127.0.0.1", "passivePorts": "5000-5010" }') },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
);

function isMessage(message: string): void {
  if (message.trim() === "" || message.length > 20_000) throw new Error(`A message of ${message.length} characters`);
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (/[\x00-\x09\x0b-\x1f\x7f]/.test(message)) {
    throw new Error(`A message with control characters: ${JSON.stringify(message)}`);
  }
}

function readAccounts(text: string): void {
  try {
    for (const { name } of parseAccounts(text, PATH)) if (name === "") throw new Error("An account without a name");
  } catch (error) {
    if (!(error instanceof AccountsFileError)) throw error;
    isMessage(error.message);
    if (!error.message.includes(PATH)) throw new Error(`A message that does not name the file: ${error.message}`);
  }
}

async function readConfiguration(text: string): Promise<void> {
  let written = "";
  const status = await runCommand([], { stdout: () => {}, stderr: (each) => void (written += each) }, {
    usage: "",
    action: async () => {
      await readSettings(["--config", "x.json"], { env: () => undefined, readFile: () => Promise.resolve(text) });
      return 0;
    },
  });
  if (status !== 0) isMessage(written);
}

async function replaceAccounts(directory: string, text: string): Promise<void> {
  const path = join(directory, "users.json");
  await Deno.writeTextFile(path, GOOD);
  await using file = await AccountsFile.open(path, { interval: 0 });
  await Deno.writeTextFile(path, text);
  const outcome = await file.reload();
  if (!outcome.ok && file.find("alice") === undefined) throw new Error("A broken file has replaced the good accounts");
}

/** What has once failed, by property. */
export interface FileCorpus {
  readonly accounts: readonly string[];
  readonly settings: readonly string[];
}

/** Runs all properties until `budget` is spent. */
export async function fuzzFiles(budget: Budget, corpus: FileCorpus): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "denoftpd-fuzz-" });
  try {
    for (let round = 0; budget.left > 0; round++) {
      const plan = { seed: budget.seed + round, runs: RUNS };
      const [known, configured] = round === 0 ? [corpus.accounts, corpus.settings] : [[], []];
      await check({ ...plan, what: "accounts", property: fc.property(accounts, readAccounts), examples: known });
      await check({
        ...plan,
        what: "settings",
        property: fc.asyncProperty(settings, readConfiguration),
        examples: configured,
      });
      await check({
        ...plan,
        what: "accounts",
        property: fc.asyncProperty(accounts, (each) => replaceAccounts(directory, each)),
        examples: known,
      });
      budget.spend(3 * RUNS);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
