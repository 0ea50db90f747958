/**
 * What the server knows about an account, and where it looks one up.
 *
 * @module
 */

import type { Network } from "../net/ip.ts";
import type { AccessRight, AccessRule } from "../vfs/access_rules.ts";
import type { UploadMode } from "../vfs/uploads.ts";

/** A directory from elsewhere in the tree of an account. */
export interface AccountMount {
  /** Where the account sees it: a virtual path such as `/archive`, never `/`. */
  readonly at: string;
  /** What is shown there, as it was given: a directory, or a URL whose scheme names a driver. */
  readonly root: string;
  /** As {@link Account.rootPath}. */
  readonly rootPath: string;
  /** From general to specific, with paths relative to the mount. Those of the account do not apply in it. */
  readonly rules: readonly AccessRule[];
  /** Bytes of all files below the root, at least 1. No limit when absent. */
  readonly quota?: number;
}

/** One account, checked and complete. Made by `auth/file/read.ts` from a file, or by hand in an embedding program. */
export interface Account {
  /** Normalized by {@link canonicalName}. */
  readonly name: string;
  /** A hash for `verifyPassword`; only the anonymous account has none. */
  readonly passwordHash?: string;
  /** What is `/` for the account, as it was given: a directory, or a URL whose scheme names a driver. */
  readonly root: string;
  /**
   * {@link root} by `resolveRoot`: a path in an accounts file is relative to that file. Accounts with the same value
   * share their files.
   */
  readonly rootPath: string;
  /** From general to specific; the last rule that covers a path decides. They end where a mount begins. */
  readonly rules: readonly AccessRule[];
  /** Directories from elsewhere, in any order, no two at one place. One may be below another. */
  readonly mounts: readonly AccountMount[];
  /** See {@link UploadMode}. */
  readonly uploads: UploadMode;
  /** What happens to an upload that was interrupted. */
  readonly brokenUploads: "keep" | "delete";
  /** Sessions at the same time; at least 1. No limit when absent. */
  readonly maxSessions?: number;
  /** Bytes per second and session, at least 1. No limit when absent. */
  readonly uploadRate?: number;
  /** Bytes per second and session, at least 1. No limit when absent. */
  readonly downloadRate?: number;
  /** Bytes per second of all sessions of the account at one server together, at least 1. No limit when absent. */
  readonly totalUploadRate?: number;
  /** Bytes per second of all sessions of the account at one server together, at least 1. No limit when absent. */
  readonly totalDownloadRate?: number;
  /** Bytes of all files below the root, without its mounts, at least 1. No limit when absent. */
  readonly quota?: number;
  /** Bytes of each file that is uploaded, at least 1. No limit when absent. */
  readonly maxFileSize?: number;
  /** Bits taken from 666 for new files, 0 to `0o777`. Absent: what the process leaves. */
  readonly umask?: number;
  /** Bits taken from 777 for new directories, 0 to `0o777`. Absent: what the process leaves. */
  readonly directoryUmask?: number;
  /** Patterns of names that the account does not see, in any case. */
  readonly hide: readonly string[];
  /** Patterns of names that the account sees and must not use, in any case. */
  readonly deny: readonly string[];
  /** Lines that a login is greeted with; `%u` is the name of the account. */
  readonly welcome: readonly string[];
  /** `false`: every login is refused. */
  readonly enabled: boolean;
  /** Milliseconds since 1970, UTC; logins are refused from then on. Never expires when absent. */
  readonly validUntil?: number;
  /** Where logins may come from; anywhere when empty. */
  readonly allowFrom: readonly Network[];
  /** `required`: logins over an unencrypted connection are refused. */
  readonly tls: "optional" | "required";
}

/** The defaults of an account that do not depend on its other fields. */
export const ACCOUNT_DEFAULTS = { uploads: "safe", enabled: true, tls: "optional" } as const;

/** The fields that {@link createAccount} has no default for. */
export type AccountBasics = Pick<Account, "name" | "rootPath" | "rules">;

/** An account; fields left out get the defaults of the accounts file. */
export function createAccount(fields: AccountBasics & Partial<Account>): Account {
  return {
    ...ACCOUNT_DEFAULTS,
    root: fields.rootPath,
    // A hidden partial file that no client can resume is useless.
    brokenUploads: fields.uploads === "atomic" ? "delete" : "keep",
    allowFrom: [],
    mounts: [],
    hide: [],
    deny: [],
    welcome: [],
    ...fields,
  };
}

const NOTHING = { allow: new Set<AccessRight>(), overwrite: false };

/**
 * The rules for the whole tree that the account sees: its own, and those of each mount at its place. The last that
 * covers a path decides.
 */
export function rulesOf({ rules, mounts }: Account): readonly AccessRule[] {
  const outermostFirst = mounts.toSorted((one, other) => one.at.length - other.at.length);
  return [
    ...rules,
    ...outermostFirst.flatMap(({ at, rules }) => [
      // Where no rule of the mount applies, none of the account does.
      ...(rules.some(({ path }) => path === "/") ? [] : [{ ...NOTHING, path: at }]),
      ...rules.map((rule) => ({ ...rule, path: rule.path === "/" ? at : at + rule.path })),
    ]),
  ];
}

/** `account` as if the mount were all of it: what opens the files of an account opens those of a mount. */
export function accountOfMount(account: Account, { root, rootPath, rules, quota }: AccountMount): Account {
  const { quota: _, ...others } = account;
  return { ...others, root, rootPath, rules, mounts: [], ...(quota !== undefined && { quota }) };
}

/** Where accounts are looked up. Both methods answer synchronously, from memory. */
export interface AccountsStore {
  /** `name` as the client sent it. */
  find(name: string): Account | undefined;
  /** Every account, in a stable order. */
  list(): readonly Account[];
}

/** The account that anyone may use; any password opens it. */
export const ANONYMOUS = "anonymous";

/** Whether `account` is the anonymous account. */
export function isAnonymous(account: Account): boolean {
  return account.name === ANONYMOUS;
}

/**
 * The form under which an account is stored: `ftp` becomes `anonymous`, in any case (RFC 1635 section 2 and what
 * clients have sent since), and a name typed in decomposed Unicode becomes the composed one (RFC 8265 section 3.4).
 * Otherwise case matters.
 */
export function canonicalName(name: string): string {
  if (name.length === 3 && name.toLowerCase() === "ftp") return ANONYMOUS;
  if (name.length === ANONYMOUS.length && name.toLowerCase() === ANONYMOUS) return ANONYMOUS;
  return name.normalize("NFC");
}

/** Whether the account may log in at `now` (milliseconds since 1970), and if not, why. */
export function loginState(account: Account, now: number): "enabled" | "disabled" | "expired" {
  if (!account.enabled) return "disabled";
  return account.validUntil !== undefined && now >= account.validUntil ? "expired" : "enabled";
}

/** A fixed set of accounts in memory. */
export class MemoryAccounts implements AccountsStore {
  readonly #list: readonly Account[];
  readonly #byName: ReadonlyMap<string, Account>;

  /** Of two accounts with the same name the later wins. */
  constructor(accounts: Iterable<Account>) {
    this.#byName = new Map(Array.from(accounts, (account) => [canonicalName(account.name), account]));
    this.#list = [...this.#byName.values()];
  }

  find(name: string): Account | undefined {
    return this.#byName.get(canonicalName(name));
  }

  list(): readonly Account[] {
    return this.#list;
  }
}
