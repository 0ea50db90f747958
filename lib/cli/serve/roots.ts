/**
 * Checks the directories of accounts before the first session: whether they are there, are permitted, and can be used
 * as the rights of the account say.
 *
 * @module
 */

import { join } from "@std/path";
import { type Account, type AccountsStore, isAnonymous } from "../../auth/accounts.ts";
import { DriverRegistry, standardDrivers } from "../../drivers/registry.ts";
import { messageOf } from "../../net/message_of.ts";
import { nodeProcess } from "../../net/node_modules.ts";
import { schemeOf } from "../../vfs/root_url.ts";
import { accountNeeds } from "../permissions/needs.ts";
import { isGranted, requireGrants } from "../permissions/query.ts";
import { guardedPath } from "../permissions/guarded.ts";
import { DEFAULT_USERS, type Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";
import { ObjectStores } from "../storage/object_stores.ts";
import { workerCount } from "./threads.ts";

/**
 * Each root must exist, be permitted, and be usable by this process: otherwise the first user of the account would find
 * out.
 *
 * @throws {UsageError} naming the account and its root.
 */
export async function checkRoots(accounts: AccountsStore, settings: Settings): Promise<void> {
  const { users = DEFAULT_USERS, anonymous } = settings;
  const drivers = new DriverRegistry([...standardDrivers(), ObjectStores.of(settings).driver]);
  for (const account of accounts.list()) {
    if (!account.enabled) continue;
    requireGrants(accountNeeds([account], settings));
    for (const [index, place] of [account, ...account.mounts].entries()) {
      try {
        const driver = drivers.find(place.rootPath);
        await driver.open(place.rootPath);
        if (!driver.spansWorkers && workerCount(settings) > 1) {
          throw new Error(`"${place.root}" cannot be shared by several workers: start one, with --workers 1`);
        }
        if (schemeOf(place.rootPath) === undefined) checkRights(place, await Deno.realPath(place.rootPath));
      } catch (error) {
        const source = isAnonymous(account) && anonymous !== undefined
          ? `Flag "--anonymous"`
          : `Account "${account.name}" of "${users}": field "${index === 0 ? "root" : `mounts[${index - 1}].root`}"`;
        throw new UsageError(`${source}: ${describe(error, place)}`);
      }
    }
  }
}

/** The root of an account, or of one of its mounts. */
type Place = Pick<Account, "rootPath" | "rules">;

/**
 * The same check for one directory that belongs to no accounts file.
 *
 * @throws {UsageError} beginning with `source`.
 */
export async function checkDirectory(source: string, place: Place): Promise<void> {
  try {
    await new DriverRegistry().open(place.rootPath);
    checkRights(place, await Deno.realPath(place.rootPath));
  } catch (error) {
    throw new UsageError(`${source}: ${describe(error, place)}`);
  }
}

/** What is wrong, and what to do about it. */
function describe(error: unknown, { rootPath }: Place): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Deno.errors.NotFound) {
    return `Directory "${rootPath}" does not exist: create it with mkdir -p "${rootPath}", or name another`;
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return `${userName()} may not enter "${rootPath}", or a directory above it: give it the right, with chmod or chown`;
  }
  const guarded = guardedPath(rootPath);
  if (cause instanceof Deno.errors.NotCapable && guarded !== undefined) {
    return `Deno permits nothing below ${guarded} unless it permits everything: add --allow-all, or move "${rootPath}"`;
  }
  return messageOf(error);
}

/** Compares what `account` may do in its root with what the system lets this process do there. */
function checkRights({ rules, rootPath }: Place, real: string): void {
  const me = userName();
  const grant = rules.findLast(({ path }) => path === "/");
  if (!isAllowed(() => Deno.lstatSync(join(real, SOME_NAME)))) {
    throw new Error(`${me} may not enter "${rootPath}": give it the right, with chmod or chown`);
  }
  // What a later rule takes away from everything below needs no right on disk.
  if (grant?.allow.has("list") && !isAllowed(() => void Deno.readDirSync(real)[Symbol.iterator]().next())) {
    throw new Error(`${me} may not read "${rootPath}": give it the right, with chmod or chown`);
  }
  for (const { path, allow } of rules) {
    const directory = join(real, path);
    const writes = [...allow].some((right) => right !== "list" && right !== "read");
    if (!writes || Deno.build.os === "windows" || !isDirectory(directory) || mayWrite(directory)) continue;
    throw new Error(
      `${me} may not write to "${
        path === "/" ? rootPath : join(rootPath, path)
      }", as the permissions of the account say: ` +
        "give it the right, with chmod or chown, or take it from the account (ro)",
    );
  }
}

/** Any name will do, existing or not: a closed directory has another error than one that lacks it. */
const SOME_NAME = "x";

function isAllowed(ask: () => unknown): boolean {
  try {
    ask();
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.PermissionDenied);
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** `User 1000`, as far as the runtime lets us know. */
function userName(): string {
  return isGranted({ permission: { name: "sys", kind: "uid" } }) ? `User ${Deno.uid()}` : "This process";
}

/**
 * Whether names can be made in `directory`. Nothing is changed where its mode grants it, or where the file system is
 * read-only; otherwise (access control lists, an unknown user) a file is made and removed, and the directory keeps its
 * time.
 */
function mayWrite(directory: string): boolean {
  const name = join(directory, `.denoftpd-${crypto.randomUUID()}`);
  try {
    // Of a missing name: the system looks first at whether the file system can be written to (rename(2), EROFS).
    Deno.renameSync(name, `${name}.new`);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EROFS") return false;
  }
  return modeGrants(Deno.statSync(directory)) || canMake(name, directory);
}

const [WRITE_AND_ENTER, ROOT_USER] = [0o3, 0];

function modeGrants({ mode, uid, gid }: Deno.FileInfo): boolean {
  if (mode === null || !isGranted({ permission: { name: "sys", kind: "uid" } })) return false;
  const me = Deno.uid();
  if (me === ROOT_USER) return true;
  const groups = isGranted({ permission: { name: "sys", kind: "gid" } })
    ? [Deno.gid(), ...nodeProcess().getgroups?.() ?? []]
    : [];
  const bits = me === uid ? mode >> 6 : groups.includes(gid) ? mode >> 3 : mode;
  return (bits & WRITE_AND_ENTER) === WRITE_AND_ENTER;
}

function canMake(name: string, directory: string): boolean {
  const { atime, mtime } = Deno.statSync(directory);
  if (!isAllowed(() => Deno.openSync(name, { write: true, createNew: true }).close())) return false;
  isAllowed(() => Deno.removeSync(name));
  if (atime && mtime) isAllowed(() => Deno.utimeSync(directory, atime, mtime));
  return true;
}
