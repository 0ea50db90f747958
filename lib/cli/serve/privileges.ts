/**
 * Root: refused unless requested, or given up permanently once the ports are bound.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import { nodeProcess } from "../../net/node_modules.ts";
import { isGranted } from "../permissions/query.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** The user database of the system. */
export const PASSWORD_FILE = "/etc/passwd";

/** The group database of the system. */
export const GROUP_FILE = "/etc/group";

/** The user and group that the process changes to. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** The parsed value of `--user`, before any look-up: a name, or a number as text. */
export interface UserText {
  readonly user: string;
  /** Absent: the user's own group. */
  readonly group: string | undefined;
  /** Files that must be read to find the numbers. */
  readonly filesNeeded: ReadonlySet<string>;
}

/**
 * Parses `NAME[:GROUP]`; either may be a number, but a number alone does not determine the group. @throws {UsageError}
 * for anything else.
 */
export function parseUser(text: string): UserText {
  const [user = "", group, ...rest] = text.split(":");
  if (user === "" || group === "" || rest.length > 0) {
    throw new UsageError(`User must look like "ftp" or "ftp:ftp", not "${text}"`);
  }
  const filesNeeded = new Set<string>();
  if (!isNumber(user) || group === undefined) filesNeeded.add(PASSWORD_FILE);
  if (group !== undefined && !isNumber(group)) filesNeeded.add(GROUP_FILE);
  return { user, group, filesNeeded };
}

/**
 * The identity to change to once the ports are bound; `undefined`: keep the current one.
 *
 * @throws {UsageError} if running as root is not allowed, for an unknown user, and if groups of root would remain.
 */
export function resolveIdentity(
  { user, allowRoot }: Partial<Pick<Settings, "user" | "allowRoot">>,
): Identity | undefined {
  if (user === undefined) {
    if (isRoot() && !allowRoot) {
      throw new UsageError("Refusing to serve as root: name a user to become with --user, or add --allow-root");
    }
    return undefined;
  }
  if (Deno.build.os === "windows") throw new UsageError('Flag "--user" is not available on Windows');
  const identity = lookUp(parseUser(user));
  if (identity.uid === 0) throw new UsageError(`Flag "--user" must name a user other than root, not "${user}"`);
  if (Deno.uid() === identity.uid && Deno.gid() === identity.gid) return undefined;
  if (Deno.uid() !== 0) throw new UsageError(`Flag "--user" needs root to become "${user}"`);
  requireNoGroups(identity);
  return identity;
}

/** The runtime has no call to drop supplementary groups, and those of root would open files of the system. */
function requireNoGroups({ gid }: Identity): void {
  const others = (nodeProcess().getgroups?.() ?? []).filter((group) => group !== gid);
  if (others.length === 0) return;
  throw new UsageError(
    `Flag "--user" cannot give up root's groups ${others.join(", ")}: start with "setpriv --clear-groups denoftpd …"`,
  );
}

/** `false` also if the runtime does not permit the question: with so few permissions, being root means little. */
function isRoot(): boolean {
  const uid = { name: "sys", kind: "uid" } as const;
  return Deno.build.os !== "windows" && isGranted({ permission: uid }) && Deno.uid() === 0;
}

function lookUp({ user, group }: UserText): Identity {
  const entry = isNumber(user) && group !== undefined ? undefined : find(PASSWORD_FILE, user);
  const uid = isNumber(user) ? user : entry?.[2];
  const gid = group === undefined ? entry?.[3] : isNumber(group) ? group : find(GROUP_FILE, group)[2];
  return { uid: Number(uid), gid: Number(gid) };
}

/** The fields of the line for `wanted`: both files have the name first and the number third (passwd(5), group(5)). */
function find(file: string, wanted: string): readonly string[] {
  const column = isNumber(wanted) ? 2 : 0;
  const fields = Deno.readTextFileSync(file).split("\n").map((line) => line.split(":"))
    .find((fields) => fields[column] === wanted && isNumber(fields[2] ?? ""));
  if (fields === undefined) {
    throw new UsageError(`"${wanted}" of flag "--user" is not in ${file}: use numeric ids, such as 1000:1000`);
  }
  return fields;
}

/**
 * Changes to `identity`, for all threads and permanently.
 *
 * @throws {UsageError} if the system refuses.
 */
export function become({ uid, gid }: Identity): void {
  try {
    nodeProcess().setgid?.(gid);
    nodeProcess().setuid?.(uid);
  } catch (error) {
    // A container may lack the capabilities SETUID and SETGID even for root.
    throw new UsageError(
      `Cannot become user ${uid} of group ${gid}: ${messageOf(error)}`,
    );
  }
  if (Deno.uid() !== uid || Deno.gid() !== gid || canReturn()) {
    throw new UsageError(`Cannot become user ${uid} of group ${gid} irrevocably`);
  }
}

function canReturn(): boolean {
  try {
    nodeProcess().setuid?.(0);
    return true;
  } catch {
    return false;
  }
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}
