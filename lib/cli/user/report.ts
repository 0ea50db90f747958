/**
 * Reports about accounts, for people.
 *
 * @module
 */

import { type Account, type AccountMount, loginState } from "../../auth/accounts.ts";
import { formatAmount } from "../../auth/amount.ts";
import { describeGrant } from "../../auth/file/access_rules.ts";
import { table } from "../admin/tables.ts";

/** The accounts, one per line below a heading. */
export function accountTable(accounts: readonly Account[], now: number): string {
  const rows = accounts.map((account) => [account.name, loginState(account, now), permissions(account), account.root]);
  return table(["NAME", "STATE", "PERMISSIONS", "ROOT"], rows);
}

/** Everything that one account may do. */
export function accountSheet(account: Account): string {
  const amount = (bytes: number | undefined, per = "") => bytes === undefined ? undefined : formatAmount(bytes) + per;
  const rows: [string, string | undefined][] = [
    ["account", account.name],
    ["root", account.rootPath],
    ["permissions", permissions(account)],
    ...account.mounts.map(mountRow),
    ["uploads", `${account.uploads}, aborted ones: ${account.brokenUploads}`],
    ["sessions", account.maxSessions === undefined ? undefined : `at most ${account.maxSessions}`],
    ["upload rate", amount(account.uploadRate, "/s")],
    ["download rate", amount(account.downloadRate, "/s")],
    ["all uploads", amount(account.totalUploadRate, "/s")],
    ["all downloads", amount(account.totalDownloadRate, "/s")],
    ["quota", amount(account.quota)],
    ["file size", amount(account.maxFileSize)],
    ["umask", octal(account.umask)],
    ["of directories", octal(account.directoryUmask)],
    ["hidden", account.hide.join(" ") || undefined],
    ["denied", account.deny.join(" ") || undefined],
    ["valid until", account.validUntil === undefined ? undefined : new Date(account.validUntil).toISOString()],
    ["from", account.allowFrom.length === 0 ? undefined : account.allowFrom.map(({ text }) => text).join(", ")],
    ["tls", account.tls],
  ];
  return rows.flatMap(([label, value]) => value === undefined ? [] : [`${label.padEnd(15)}${value}\n`]).join("");
}

function octal(mask: number | undefined): string | undefined {
  return mask?.toString(8).padStart(3, "0");
}

function mountRow({ at, rootPath, rules, quota }: AccountMount): [string, string] {
  const limit = quota === undefined ? "" : `, at most ${formatAmount(quota)}`;
  return ["mount", `${at} is ${rootPath}: ${permissions({ rules })}${limit}`];
}

function permissions({ rules }: Pick<Account, "rules">): string {
  return describeRules(rules);
}

/** The rules as `--permissions` takes them. */
export function describeRules(rules: Account["rules"]): string {
  return rules
    .map((rule) => rule.path === "/" ? describeGrant(rule) : `${rule.path}=${describeGrant(rule)}`)
    .join(" ");
}
