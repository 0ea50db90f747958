/**
 * Accounts of SFTPGo, from its backup in JSON (`dumpdata`, or "Backup" in its web interface).
 *
 * @module
 */

import * as v from "valibot";
import { UsageError } from "../../usage_error.ts";
import { AccountDraft } from "./draft.ts";
import { describeRights, rulesBelow } from "./sftpgo_rights.ts";

const texts = v.optional(v.nullable(v.array(v.string())));
const number = v.optional(v.number(), 0);
const filesystem = v.optional(v.looseObject({ provider: number }));

const folder = v.looseObject({
  name: v.string(),
  mapped_path: v.optional(v.string()),
  virtual_path: v.string(),
  quota_size: number,
  quota_files: number,
  filesystem,
});

const filePatterns = v.looseObject({
  path: v.string(),
  allowed_patterns: texts,
  denied_patterns: texts,
  deny_policy: number,
});

const filters = v.looseObject({
  allowed_ip: texts,
  denied_ip: texts,
  denied_login_methods: texts,
  denied_protocols: texts,
  file_patterns: v.optional(v.nullable(v.array(filePatterns))),
  max_upload_file_size: number,
  tls_username: v.optional(v.string(), ""),
  bandwidth_limits: v.optional(v.nullable(v.array(v.unknown()))),
  access_time: v.optional(v.nullable(v.array(v.unknown()))),
  two_factor_protocols: texts,
  require_password_change: v.optional(v.boolean(), false),
});

const user = v.looseObject({
  username: v.string(),
  status: v.optional(v.number(), 1),
  password: v.optional(v.string(), ""),
  expiration_date: number,
  home_dir: v.optional(v.string(), ""),
  virtual_folders: v.optional(v.nullable(v.array(folder))),
  uid: number,
  gid: number,
  max_sessions: number,
  quota_size: number,
  quota_files: number,
  permissions: v.optional(v.record(v.string(), v.array(v.string())), {}),
  upload_bandwidth: number,
  download_bandwidth: number,
  upload_data_transfer: number,
  download_data_transfer: number,
  total_data_transfer: number,
  filters: v.optional(filters, {}),
  filesystem,
  groups: v.optional(v.nullable(v.array(v.looseObject({ name: v.string() })))),
  public_keys: texts,
  description: v.optional(v.string(), ""),
});

type User = v.InferOutput<typeof user>;

const dump = v.looseObject({
  users: v.array(user),
  folders: v.optional(v.nullable(v.array(v.looseObject({
    name: v.string(),
    mapped_path: v.optional(v.string()),
    filesystem,
  })))),
});

type Dump = v.InferOutput<typeof dump>;

/** Accounts of a backup. @throws {UsageError} if it is none. */
export function fromSftpgo(text: string): AccountDraft[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError("The file is not JSON: make it with SFTPGo's backup of data");
  }
  const { success, output, issues } = v.safeParse(dump, value);
  if (!success) {
    const at = v.getDotPath(issues[0]) ?? "the file";
    throw new UsageError(`The file is not a backup of SFTPGo: ${at}: ${issues[0].message}`);
  }
  return output.users.map((each) => draftOf(each, output));
}

function draftOf(given: User, { folders }: Dump): AccountDraft {
  const draft = new AccountDraft(given.username);
  if (given.status !== 1) draft.disable("Was disabled");
  draft.password(hashOf(given.password));
  draft.set("comment", given.description === "" ? undefined : given.description);
  if (given.expiration_date > 0) draft.set("validUntil", timeOf(given.expiration_date));
  addLimits(draft, given);
  addFilters(draft, given.filters);
  if (given.groups?.length) draft.limit(`Settings of the groups ${given.groups.map(({ name }) => name).join(", ")}`);
  if (given.public_keys?.length) draft.note("Public keys are for SFTP: FTP has none");
  if (given.uid !== 0 || given.gid !== 0) {
    draft.note(`Files belonged to ${given.uid}:${given.gid}: here all belong to the user that the server runs as`);
  }
  const mounts = mountsOf(draft, given, folders ?? []);
  draft.set("mounts", mounts.length === 0 ? undefined : mounts);
  const isLocal = (given.filesystem?.provider ?? 0) === 0;
  if (isLocal && given.home_dir !== "") {
    draft.set("root", given.home_dir);
    // What is in a mount is said there.
    const places = mounts.map(({ at }) => at);
    draft.set("permissions", rulesBelow("/", given.permissions, (path) => !places.some((at) => isIn(path, at))));
  } else if (mounts.length > 0) draft.note("Files that are not on the disk of the server are not taken over");
  else draft.lose("its files are not on the disk of the server");
  for (const line of describeRights(given.permissions)) draft.note(line);
  return draft;
}

function addLimits(draft: AccountDraft, given: User): void {
  const positive = (value: number) => value > 0 ? value : undefined;
  draft.set("maxSessions", positive(given.max_sessions));
  draft.set("quota", positive(given.quota_size));
  // SFTPGo counts in KiB.
  draft.set("uploadRate", positive(given.upload_bandwidth * 1024));
  draft.set("downloadRate", positive(given.download_bandwidth * 1024));
  draft.set("maxFileSize", positive(given.filters.max_upload_file_size ?? 0));
  if (given.quota_files > 0) draft.limit(`At most ${given.quota_files} files`);
  if (given.upload_data_transfer > 0 || given.download_data_transfer > 0 || given.total_data_transfer > 0) {
    draft.limit("A limit on transferred data");
  }
}

function addFilters(draft: AccountDraft, given: User["filters"]): void {
  draft.networks(given.allowed_ip ?? [], given.denied_ip ?? []);
  if (given.denied_protocols?.includes("FTP")) draft.disable("Must not use FTP");
  if (given.denied_login_methods?.includes("password")) draft.disable("Must not log in with a password");
  if (given.bandwidth_limits?.length) draft.limit("Rates for certain networks");
  if (given.access_time?.length) draft.limit("Hours of access");
  if (given.two_factor_protocols?.includes("FTP")) draft.limit("A second factor for FTP");
  if (given.require_password_change) draft.limit("A change of the password at the next login");
  if (!["", "None", undefined].includes(given.tls_username)) draft.limit("A certificate of the client");
  const [hide, deny]: [string[], string[]] = [[], []];
  for (const { path, allowed_patterns: allowed, denied_patterns: denied, deny_policy } of given.file_patterns ?? []) {
    if (allowed?.length) draft.limit(`Only files ${allowed.join(", ")} in "${path}"`);
    if (!denied?.length) continue;
    if (path !== "/") draft.note(`${denied.join(", ")} were denied in "${path}": now everywhere`);
    (deny_policy === 1 ? hide : deny).push(...denied.map(patternOf));
  }
  draft.set("hide", hide.length === 0 ? undefined : hide);
  draft.set("deny", deny.length === 0 ? undefined : deny);
}

/** Braces have no meaning in SFTPGo. */
function patternOf(pattern: string): string {
  return pattern.replace(/[{}]/g, "\\$&");
}

interface MountJson {
  readonly at: string;
  readonly root: string;
  readonly permissions: unknown;
  readonly quota?: number;
}

function mountsOf(draft: AccountDraft, given: User, folders: NonNullable<Dump["folders"]>): MountJson[] {
  return (given.virtual_folders ?? []).flatMap((each): MountJson[] => {
    const { name, virtual_path: at, quota_size: size, quota_files: files } = each;
    const base = folders.find((other) => other.name === name);
    const root = each.mapped_path ?? base?.mapped_path ?? "";
    const provider = each.filesystem?.provider ?? base?.filesystem?.provider ?? 0;
    if (provider !== 0 || root === "") {
      draft.note(`Folder "${name}" at "${at}" is not on the disk of the server: not taken over`);
      return [];
    }
    if (files > 0) draft.limit(`At most ${files} files in "${at}"`);
    const isShared = size < 0 && given.quota_size > 0;
    if (isShared) draft.note(`Folder "${at}" shared the quota of the account: it can only be read now`);
    const permissions = rulesBelow(at, given.permissions, () => true, isShared);
    return [{ at, root, permissions, ...(size > 0 && { quota: size }) }];
  });
}

function isIn(path: string, at: string): boolean {
  return path === at || path.startsWith(`${at}/`);
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z");
}

/** SFTPGo's PBKDF2 has the salt as text, unless it says otherwise, and padded base64. */
function hashOf(given: string): string {
  const [, b64, digest, rounds, salt = "", hash = ""] =
    /^\$pbkdf2-(b64salt-)?(sha256|sha512)\$(\d+)\$([^$]+)\$([^$]+)$/.exec(given) ?? [];
  if (digest === undefined) return given;
  const plain = (text: string) => text.replace(/=+$/, "");
  const encoded = b64 === undefined ? new TextEncoder().encode(salt).toBase64() : salt;
  return `$pbkdf2-${digest}$i=${rounds}$${plain(encoded)}$${plain(hash)}`;
}
