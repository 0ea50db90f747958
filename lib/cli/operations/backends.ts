/**
 * `--auth-url` and `ldap`: from the settings to the places that are asked about accounts besides the file.
 *
 * @module
 */

import type { Account } from "../../auth/accounts.ts";
import { accountFrom } from "../../auth/remote/account.ts";
import { type Backend, BackendDown, RememberingBackend } from "../../auth/remote/backend.ts";
import type { Untimed } from "../../events.ts";
import { messageOf } from "../../net/message_of.ts";
import { present } from "../../net/present.ts";
import { type Need, needRead, needUrl } from "../permissions/query.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** The settings of backends. */
export type BackendSettings = Pick<Settings, "authUrl" | "authCache" | "authStale" | "ldap">;

/** What is in files beside the settings; can be sent to a worker. */
export interface BackendSecrets {
  readonly bindPassword?: string;
  /** Certificates that are trusted for the directory. */
  readonly ca?: string;
}

/** Whether there is any. */
export function hasBackends({ authUrl, ldap }: BackendSettings): boolean {
  return authUrl !== undefined || ldap !== undefined;
}

/** The permissions that asking them needs; the roots of accounts from `--auth-url` are not known before. */
export function backendNeeds({ authUrl, ldap }: BackendSettings): Need[] {
  const urls = [authUrl, ldap && new URL(ldap.url)].filter((url) => url !== undefined);
  return [
    ...urls.map((url) => needUrl(url, `asking ${url.origin} about logins`)),
    ...[ldap?.bindPasswordFile, ldap?.caFile]
      .filter((file) => file !== undefined)
      .map((file) => needRead(file, `reading "${file}"`)),
  ];
}

/** An account with what all accounts from LDAP have in common; its root is the directory that has theirs. */
export function accountsOfLdap({ ldap }: BackendSettings): Account[] {
  if (!ldap) return [];
  const { root } = ldap.account;
  const common = typeof root === "string" ? root.replace(/[^/]*%u.*$/, "") || "." : root;
  return [templateAccount({ ...ldap.account, ...(root !== undefined && { root: common }) })];
}

/**
 * Reads the files, and checks what can be checked without anybody logging in.
 *
 * @throws {UsageError} naming the field.
 */
export async function readBackendSecrets({ ldap }: BackendSettings): Promise<BackendSecrets> {
  if (!ldap) return {};
  templateAccount(ldap.account);
  const { bindPasswordFile, caFile } = ldap;
  const [password, ca] = [await readField("bindPasswordFile", bindPasswordFile), await readField("caFile", caFile)];
  if (ca !== undefined && !ca.includes("-----BEGIN CERTIFICATE-----")) {
    throw new UsageError(`Field "caFile" of "ldap": there is no certificate in "${caFile}" (PEM)`);
  }
  return present({ bindPassword: password?.replace(/\r?\n$/, ""), ca });
}

async function readField(field: string, file: string | undefined): Promise<string | undefined> {
  try {
    return file === undefined ? undefined : await Deno.readTextFile(file);
  } catch (error) {
    throw new UsageError(`Field "${field}" of "ldap": cannot read "${file}": ${messageOf(error)}`);
  }
}

function templateAccount(fields: Readonly<Record<string, unknown>>): Account {
  try {
    return accountFrom(fields, { name: "somebody", source: '"ldap"' });
  } catch (error) {
    throw error instanceof BackendDown ? new UsageError(`Field "account" of "ldap": ${error.message}`) : error;
  }
}

/** Those that the settings ask for, in the order in which they are asked. */
export async function makeBackends(
  settings: BackendSettings,
  { bindPassword, ca }: BackendSecrets,
  emit: (event: Untimed) => void,
): Promise<RememberingBackend[]> {
  const { authUrl, ldap, authCache, authStale } = settings;
  const remembering = (backend: Backend) =>
    new RememberingBackend(backend, {
      fresh: authCache,
      stale: authStale,
      onChange: (error) => emit(changeOf(backend.name, error)),
    });
  return [
    // Only loaded where they are used.
    ...(authUrl ? [remembering(new (await import("../../auth/remote/http.ts")).HttpBackend(authUrl))] : []),
    ...(ldap
      ? [remembering(new (await import("../../auth/remote/ldap.ts")).LdapBackend({ ...ldap, bindPassword, ca }))]
      : []),
  ];
}

function changeOf(name: string, error: unknown): Untimed {
  if (error === undefined) return { type: "notice", level: "info", message: `${name} answers again about logins` };
  const message = `${name} does not answer about logins; those of a short while ago go on`;
  return { type: "problem", level: "error", message, error };
}
