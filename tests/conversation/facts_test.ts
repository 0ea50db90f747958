/**
 * Compares the facts in the row of each verb with what the verb does, so that a fact that is missing shows.
 */

import { assert, assertEquals } from "@std/assert";
import type { Authenticator } from "../../lib/auth/authenticator.ts";
import type { Command } from "../../lib/commands/command.ts";
import { commandTable } from "../../lib/commands/table.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { PERSONALITIES } from "../../lib/protocol/personality.ts";
import { ForwardingVfs, guardExtras } from "../../lib/vfs/forwarding.ts";
import type {
  FileSink,
  OpenWriteOptions,
  Removed,
  RenameOptions,
  Vfs,
  VfsCapabilities,
  VirtualPath,
} from "../../lib/vfs/vfs.ts";
import { authenticatorOf, plainConversation, type Stage } from "../helpers/server.ts";

/**
 * Lines that show what a verb does, its own last; the files are `a` and `d/`. A name that does not exist is `new`.
 * Verbs without an argument need none.
 */
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  "USER": ["USER demo"],
  "PASS": ["USER demo", "PASS demo"],
  "ACCT": ["ACCT demo"],
  "HOST": ["REIN", "HOST example.org"],
  "AUTH": ["AUTH TLS"],
  "PBSZ": ["PBSZ 0"],
  "PROT": ["PROT P"],
  "CWD": ["CWD d"],
  "MKD": ["MKD new"],
  "RMD": ["RMD d"],
  "TYPE": ["TYPE I"],
  "MODE": ["MODE S"],
  "STRU": ["STRU F"],
  "ALLO": ["ALLO 1"],
  "REST": ["REST 1"],
  "RANG": ["RANG 0 1"],
  "PRET": ["PRET RETR a"],
  "OPTS": ["OPTS UTF8 ON"],
  "CLNT": ["CLNT me"],
  "CSID": ["CSID Name=me;"],
  "EPSV": ["EPSV"],
  "PORT": ["PORT 127,0,0,1,200,0"],
  "EPRT": ["EPRT |1|127.0.0.1|50000|"],
  "RETR": ["RETR a"],
  "STOR": ["STOR new"],
  "APPE": ["APPE new"],
  "STOU": ["STOU new"],
  "LIST": ["LIST"],
  "NLST": ["NLST"],
  "MLSD": ["MLSD"],
  "MLST": ["MLST a"],
  "DELE": ["DELE a"],
  "RNFR": ["RNFR a"],
  "RNTO": ["RNFR a", "RNTO new"],
  "SIZE": ["TYPE I", "SIZE a"],
  "MDTM": ["MDTM 20200102030405 a"],
  "MFMT": ["MFMT 20200102030405 a"],
  "MFF": ["MFF Modify=20200102030405;UNIX.mode=0600; a"],
  "AVBL": ["AVBL"],
  "HASH": ["HASH a"],
  "XCRC": ["XCRC a"],
  "XMD5": ["XMD5 a"],
  "XSHA": ["XSHA a"],
  "XSHA1": ["XSHA1 a"],
  "XSHA256": ["XSHA256 a"],
  "XSHA512": ["XSHA512 a"],
  "HELP": ["HELP NOOP"],
  "STAT": ["STAT a"],
  "SITE": ["SITE HELP"],
  "SITE CHMOD": ["SITE CHMOD 600 a"],
  "SITE UTIME": ["SITE UTIME 20200102030405 a"],
  "SITE UMASK": ["SITE UMASK 022"],
  "SITE IDLE": ["SITE IDLE 60"],
  "SITE HELP": ["SITE HELP WHO"],
};

const ROWS: readonly (readonly [name: string, row: Command])[] = commandTable.commands.flatMap((row) => [
  [row.verb, row] as const,
  ...row.subcommands?.map((each) => [`${row.verb} ${each.verb}`, each] as const) ?? [],
]);

function sampleOf(name: string, { argumentName }: Command): readonly string[] {
  return SAMPLES[name] ?? (argumentName === "none" ? [name] : []);
}

/** Operations that change what a user sees in the file system. */
type Change = "openWrite" | "rename" | "remove" | "mkdir" | "rmdir" | "setMode" | "setModified";

/** Files that know what was done to them. */
class WatchedFiles extends ForwardingVfs {
  readonly changes = new Set<Change>();
  readonly #capabilities: VfsCapabilities;

  constructor() {
    const inner = new MemoryVfs({ files: { "/a": "content" } });
    super(inner);
    this.#capabilities = guardExtras(inner.capabilities, (_path, extra) => {
      if (extra === "setMode" || extra === "setModified") this.changes.add(extra);
    });
  }

  override get capabilities(): VfsCapabilities {
    return this.#capabilities;
  }

  override openWrite(path: VirtualPath, options?: OpenWriteOptions): Promise<FileSink> {
    this.changes.add("openWrite");
    return super.openWrite(path, options);
  }

  override mkdir(path: VirtualPath): Promise<void> {
    this.changes.add("mkdir");
    return super.mkdir(path);
  }

  override rmdir(path: VirtualPath): Promise<void> {
    this.changes.add("rmdir");
    return super.rmdir(path);
  }

  override remove(path: VirtualPath): Promise<Removed | undefined> {
    this.changes.add("remove");
    return super.remove(path);
  }

  override rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined> {
    this.changes.add("rename");
    return super.rename(from, to, options);
  }
}

/** Runs `conversation` with watched files, and with the passwords that were looked at. */
function watched(
  name: string,
  talk: (stage: Stage, watch: { readonly files: WatchedFiles; readonly passwords: string[] }) => Promise<void>,
): void {
  const files = new WatchedFiles();
  const passwords: string[] = [];
  const accounts = authenticatorOf({ name: "demo" });
  const authenticator: Authenticator = {
    authenticate: (attempt) => {
      passwords.push(attempt.password);
      return accounts.authenticate(attempt);
    },
  };
  const vfs = (): Vfs => files;
  plainConversation(name, { vfs, options: { authenticator } }, async (stage) => {
    await stage.ftp.expect("MKD d", 257);
    files.changes.clear();
    passwords.length = 0;
    await talk(stage, { files, passwords });
  });
}

/** Says the lines before the one that is about the verb. */
async function prepare({ ftp }: Stage, lines: readonly string[]): Promise<string> {
  for (const line of lines.slice(0, -1)) await ftp.say(line);
  return lines.at(-1) ?? "";
}

async function run({ ftp }: Stage, { direction }: Command, line: string): Promise<void> {
  if (direction === "upload") await ftp.upload(line, "content");
  else if (direction !== undefined) await ftp.download(line);
  else await ftp.say(line);
}

Deno.test("Every row has a sample, so that its facts can be compared with what it does", () => {
  const missing = ROWS.filter(([name, row]) => sampleOf(name, row).length === 0).map(([name]) => name);
  assertEquals(missing, [], "Add a line for each to SAMPLES in this file");
});

for (const [name, row] of ROWS) {
  const lines = sampleOf(name, row);
  watched(`The row of ${name} says what it does`, async (stage, { files, passwords }) => {
    const line = await prepare(stage, lines);
    const before = stage.events.length;
    await run(stage, row, line);
    const events = stage.events.slice(before);
    const { changes } = files;
    assertEquals(row.createsName ?? false, changes.has("openWrite") || changes.has("rename"), "createsName");
    const transfer = events.find((event) => event.type === "transfer");
    assertEquals(transfer?.direction, row.direction, "direction");
    const reported = transfer?.direction === "upload" || events.some(({ type }) => type === "fileChanged");
    assertEquals(changes.size > 0, reported, `An event reports ${[...changes].join(" and ")}`);
    if (passwords.length > 0) assert(row.secret, "secret");
    const logged = events.find((event) => event.type === "command")?.line;
    if (row.secret) assertEquals(logged, `${row.verb} ***`, "The argument is masked");
  });

  const creating = lines.at(-1)?.includes("new");
  if (row.createsName) assert(creating, `The sample of ${name} creates "new"`);
  if (!creating) continue;
  watched(`${name} answers ${row.createsName ? 553 : 550} for a name that no file may have`, async (stage) => {
    const line = await prepare(stage, lines);
    if (row.direction) await stage.ftp.passive();
    await stage.ftp.expect(line.replace("new", ".new.denoftpd-part"), row.createsName ? 553 : 550);
  });
}

Deno.test("Personalities lack no verb that does not exist", () => {
  for (const { lacks } of Object.values(PERSONALITIES)) {
    assertEquals([...lacks].filter((verb) => commandTable.find(verb) === undefined), []);
  }
});
