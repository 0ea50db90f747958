/**
 * Accounts in lines of fields with colons between them: Pure-FTPd's `pureftpd.passwd` and ProFTPD's `AuthUserFile`.
 * Neither says what an account may do: that is up to the owner of the files there.
 *
 * @module
 */

import { AccountDraft } from "./draft.ts";

/** What the lines do not say. */
export interface PasswdOptions {
  /** What each account may do. */
  readonly permissions: unknown;
}

/** Accounts of ProFTPD: `name:hash:uid:gid:comment:home:shell`. */
export function fromProftpd(text: string, { permissions }: PasswdOptions): AccountDraft[] {
  return linesOf(text).map(({ line, number }) => {
    const fields = line.split(":");
    const [name = "", hash = "", uid = "", gid = "", comment = "", home = ""] = fields;
    const draft = new AccountDraft(name);
    if (fields.length !== 7) draft.lose(`line ${number} has ${fields.length} fields, not 7`);
    if (hash.startsWith("!")) draft.disable("The password is locked");
    draft.password(hash.replace(/^!+/, ""));
    addFiles(draft, { uid, gid, comment, home, permissions });
    return draft;
  });
}

/** Accounts of Pure-FTPd, see `README.Virtual-Users` there. */
export function fromPureFtpd(text: string, { permissions }: PasswdOptions): AccountDraft[] {
  return linesOf(text).map(({ line, number }) => {
    const fields = splitAddresses(line);
    const [name = "", hash = "", uid = "", gid = "", comment = "", home = ""] = fields;
    const [uploadRate, downloadRate, ratioUp, ratioDown, sessions, files, quota] = fields.slice(6, 13);
    const [localFrom, localNotFrom, from, notFrom, hours] = fields.slice(13);
    const draft = new AccountDraft(name);
    if (fields.length < 6 || fields.length > 18) draft.lose(`line ${number} has ${fields.length} fields, not 18`);
    draft.password(hash);
    // `/./` ends the part that the account cannot leave.
    const [root = "", inside = ""] = home.split("/./");
    if (inside.replaceAll("/", "") !== "") draft.note(`Begins in "/", not in "/${inside}"`);
    else if (!home.includes("/./")) draft.note(`Was not kept in its directory: it is now`);
    addFiles(draft, { uid, gid, comment, home: root, permissions });
    draft.set("uploadRate", amountOf(draft, uploadRate, "upload rate"));
    draft.set("downloadRate", amountOf(draft, downloadRate, "download rate"));
    draft.set("maxSessions", amountOf(draft, sessions, "number of sessions"));
    draft.set("quota", amountOf(draft, quota, "quota"));
    if (isGiven(ratioUp) || isGiven(ratioDown)) draft.limit(`Ratio of uploads to downloads ${ratioUp}:${ratioDown}`);
    if (isGiven(files)) draft.limit(`At most ${files} files`);
    if (isGiven(hours)) draft.limit(`Logins at ${hours} only`);
    if (isGiven(localFrom) || isGiven(localNotFrom)) draft.limit("Logins at certain addresses of the server only");
    draft.networks(listOf(from), listOf(notFrom));
    return draft;
  });
}

function linesOf(text: string): { readonly line: string; readonly number: number }[] {
  return text.split(/\r?\n/).map((line, index) => ({ line, number: index + 1 }))
    .filter(({ line }) => line.trim() !== "" && !line.startsWith("#"));
}

/** At the colons, except for those of an IPv6 address in brackets. */
function splitAddresses(line: string): string[] {
  return (line.match(/(?:\[[^\]]*\]|[^:])*(?::|$)/g) ?? []).map((field) => field.replace(/:$/, ""))
    .slice(0, line.endsWith(":") ? undefined : -1);
}

interface FilesOf {
  readonly uid: string;
  readonly gid: string;
  readonly comment: string;
  readonly home: string;
  readonly permissions: unknown;
}

function addFiles(draft: AccountDraft, { uid, gid, comment, home, permissions }: FilesOf): void {
  draft.set("root", home.replace(/(?<=.)\/+$/, ""));
  draft.set("permissions", permissions);
  draft.set("comment", comment === "" ? undefined : comment);
  if (uid !== "") draft.note(`Files belonged to ${uid}:${gid}: here all belong to the user that the server runs as`);
}

/** Bytes, or a number; 0 and nothing are no limit. */
function amountOf(draft: AccountDraft, text: string | undefined, what: string): number | undefined {
  if (!isGiven(text)) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  draft.limit(`The ${what} "${text}" is no number`);
  return undefined;
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== "" && text !== "0";
}

function listOf(text: string | undefined): string[] {
  return isGiven(text) ? text.split(",").map((each) => each.trim().replace(/^\[(.*)\]/, "$1")) : [];
}
