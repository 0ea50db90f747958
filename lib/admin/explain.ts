/**
 * May they? Whether an account may use a verb at a path, and what in it decides: found out by the very checks of a
 * session, made against an empty file system in memory, so that no file of the server is looked at.
 *
 * @module
 */

import { type Account, loginState, rulesOf } from "../auth/accounts.ts";
import { MemoryVfs } from "../drivers/memory/memory.ts";
import { accessOf } from "../log/sentences.ts";
import { nameFilterOf } from "../session/name_patterns.ts";
import { type ScopedVfs, scopeVfs } from "../vfs/access.ts";
import { withNameFilter } from "../vfs/name_filter.ts";
import { VfsError, type VirtualPath } from "../vfs/vfs.ts";
import { parentOf, resolvePath, ROOT } from "../vfs/virtual_path.ts";

/** What a verb does at the path in its argument. */
interface Attempt {
  /** What must be there: a file, a directory, or nothing; several: the answer may differ. */
  readonly at: readonly ("file" | "directory" | "nothing")[];
  readonly act: (view: ScopedVfs, path: VirtualPath) => Promise<unknown>;
}

const readsFile: Attempt = { at: ["file"], act: (view, path) => view.openRead(path) };
const looks: Attempt = { at: ["file"], act: (view, path) => view.stat(path) };
const lists: Attempt = { at: ["directory"], act: (view, path) => Array.fromAsync(view.list(path)) };
const enters: Attempt = { at: ["directory"], act: (view, path) => view.enter(path) };
const makes: Attempt = { at: ["nothing"], act: (view, path) => view.mkdir(path) };
const removes: Attempt = { at: ["directory"], act: (view, path) => view.rmdir(path) };
const modifies: Attempt = {
  at: ["file"],
  act: async (view, path) => await view.capabilities.setModified?.(path, 0),
};

const ATTEMPTS: ReadonlyMap<string, Attempt> = new Map([
  ["RETR", readsFile],
  ["STOR", { at: ["nothing", "file"], act: async (view, path) => await (await view.openWrite(path)).abort() }],
  ["STOU", { at: ["nothing"], act: async (view, path) => await (await view.openWrite(path)).abort() }],
  ["APPE", {
    at: ["nothing", "file"],
    act: async (view, path) => await (await view.openWrite(path, { append: true })).abort(),
  }],
  ["DELE", { at: ["file"], act: (view, path) => view.remove(path) }],
  ["RNFR", { at: ["file"], act: (view, path) => Promise.resolve(requireRename(view, path)) }],
  ["RNTO", { at: ["nothing", "file"], act: renameTo }],
  ["LIST", lists],
  ["NLST", lists],
  ["MLSD", lists],
  ...["MLST", "SIZE", "MDTM", "STAT"].map((verb) => [verb, looks] as const),
  ...["CWD", "XCWD"].map((verb) => [verb, enters] as const),
  ...["MKD", "XMKD"].map((verb) => [verb, makes] as const),
  ...["RMD", "XRMD"].map((verb) => [verb, removes] as const),
  ...["MFMT", "MFF", "SITE CHMOD", "SITE UTIME"].map((verb) => [verb, modifies] as const),
  ...["HASH", "XCRC", "XMD5", "XSHA", "XSHA1", "XSHA256", "XSHA512"].map((verb) => [verb, readsFile] as const),
]);

/** The verbs that can be asked about, in upper case. */
export const EXPLAINED_VERBS: readonly string[] = [...ATTEMPTS.keys()];

/** The answer. */
export interface Explanation {
  /** For an upload or a new name: whether it is allowed where there is nothing yet. */
  readonly allowed: boolean;
  /** One line for people: the answer and what decides. */
  readonly text: string;
  /** The path of the rule that decides; absent where none covers the path, or a field of the account decides. */
  readonly rule?: string;
  /** The field of the account that refuses, such as `deny`. */
  readonly field?: string;
}

/** What was found out about one situation. `refusal` is absent where it is allowed. */
interface Finding {
  readonly refusal?: VfsError;
}

/**
 * Whether `account` may use `verb` at `given`, an absolute path. Rejects with `RangeError` for a verb that is none of
 * {@link EXPLAINED_VERBS}, and with {@link VfsError} for a path that none can be.
 */
export async function explain(account: Account, verb: string, given: string): Promise<Explanation> {
  const attempt = ATTEMPTS.get(verb.toUpperCase());
  if (attempt === undefined) throw new RangeError(`Verb must be one of ${EXPLAINED_VERBS.join(", ")}, not "${verb}"`);
  const path = resolvePath(ROOT, given);
  const state = loginState(account, Date.now());
  if (state !== "enabled") return { allowed: false, text: `The account is ${state}`, field: fieldOf(state) };
  const findings: Finding[] = [];
  for (const what of attempt.at) findings.push(await findOut(account, attempt, path, what));
  const [first = {}, second] = findings;
  const rule = ruleAt(account, path);
  if (first.refusal) return refused(first.refusal, path, rule);
  const text = `Allowed by ${rule === undefined ? "no rule" : `the rule for "${rule}"`}`;
  const other = second?.refusal;
  return {
    allowed: true,
    text: other
      ? `${text}, but not where a file is already${accessOf(other.account ?? {}) || overwriteOf(other)}`
      : text,
    ...(rule !== undefined && { rule }),
  };
}

function fieldOf(state: "disabled" | "expired"): string {
  return state === "disabled" ? "enabled" : "validUntil";
}

function refused(error: VfsError, path: string, rule: string | undefined): Explanation {
  const { field } = error.account ?? {};
  const why = accessOf(error.account ?? { path }).replace(/^, /, "");
  return {
    allowed: false,
    text: `Denied: ${error.account ? why : error.message}`,
    ...(field !== undefined ? { field } : rule !== undefined && { rule }),
  };
}

function overwriteOf({ kind }: VfsError): string {
  return kind === "exists" ? ", which may not be replaced" : "";
}

async function findOut(
  account: Account,
  { act }: Attempt,
  path: VirtualPath,
  what: Attempt["at"][number],
): Promise<Finding> {
  const memory = new MemoryVfs();
  const parent = path === ROOT ? ROOT : parentOf(path);
  for (const each of ancestors(what === "directory" ? path : parent)) await memory.mkdir(each);
  if (what === "file" && path !== ROOT) memory.write(path, "");
  const filter = nameFilterOf(account);
  const view = scopeVfs(filter ? withNameFilter(memory, filter) : memory, { rules: rulesOf(account) });
  try {
    await act(view, path);
    return {};
  } catch (error) {
    if (error instanceof VfsError) return { refusal: error };
    throw error;
  }
}

/** Of `/a/b`: `/a` and `/a/b`. */
function ancestors(path: VirtualPath): VirtualPath[] {
  return path === ROOT ? [] : [...ancestors(parentOf(path)), path];
}

function requireRename(view: ScopedVfs, path: VirtualPath): void {
  if (view.can(path, "rename")) return;
  throw new VfsError("denied", `Must not be renamed: "${path}"`, { account: view.missing(path, "rename") });
}

/** From a name beside it, which nothing else speaks against. */
async function renameTo(view: ScopedVfs, path: VirtualPath): Promise<void> {
  requireRename(view, path);
  const isThere = await view.stat(path).then(() => true, () => false);
  const { allow, overwrite } = view.grantAt(path);
  if (isThere && !(overwrite && allow.has("write"))) throw new VfsError("exists", `Must not be replaced: "${path}"`);
}

/** The path of the rule that decides. */
function ruleAt(account: Account, path: VirtualPath): string | undefined {
  const view = scopeVfs(new MemoryVfs(), { rules: rulesOf(account) });
  return view.missing(path, "read").rule;
}
