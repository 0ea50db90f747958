/**
 * Accounts: seeing and changing them, in the same file or database that `denoftpd user` changes.
 *
 * @module
 */

import * as v from "valibot";
import { type Account, canonicalName, loginState } from "../auth/accounts.ts";
import { AccountsError, wasJudged } from "../auth/accounts_error.ts";
import { ACCOUNT_FIELDS, type AccountJson } from "../auth/file/schema.ts";
import { isObject } from "../auth/file/values.ts";
import { hashPassword } from "../auth/password.ts";
import { isAccountJson, ofAccounts } from "../auth/place.ts";
import { HttpError } from "../http/http_error.ts";
import type { RoutedRequest } from "../http/routed_request.ts";
import { present } from "../net/present.ts";
import { accountChange, newAccount, shownAccount } from "./account_schemas.ts";
import type { AccountsBackend, AdminBackend } from "./backend.ts";
import { type Operation, operation } from "./operation.ts";
import { type QuotaUse, quotaUse } from "./quota_use.ts";
import * as schemas from "./schemas.ts";

const CHANGED = {
  409: "The accounts cannot be changed here, or there is such an account already.",
  412: "The accounts have changed since the version of If-Match.",
  422: "The change would make the file invalid.",
} as const;
const UNKNOWN = { 404: "There is no such account." } as const;

const endSessions = v.pipe(
  v.exactOptional(v.picklist(["true", "false"])),
  v.description("end the sessions of the account; those of a removed or disabled one end anyway"),
);

const usage = v.pipe(
  v.exactOptional(v.picklist(["true", "false"])),
  v.description("tell how much of its quota each uses; what takes longer to count is left out until the next time"),
);

/** The operations about accounts. */
export const ACCOUNT_OPERATIONS: readonly Operation[] = [
  operation({
    route: "GET /api/accounts",
    summary: "List the accounts; the ETag is the version of all of them",
    role: "view",
    query: { usage },
    answer: v.strictObject({ accounts: v.array(shownAccount) }),
  }, async ({ query, backend: { accounts } }) => {
    const listed = await kept(accounts);
    const all = accounts.store.list();
    const used = query.usage === "true" ? await quotaUse(all, accounts) : undefined;
    return await versioned({ accounts: all.map((account) => shown(account, listed, used)) }, listed);
  }),
  operation({
    route: "GET /api/accounts/:name",
    summary: "Show an account",
    role: "view",
    query: { usage },
    answer: shownAccount,
    failures: UNKNOWN,
  }, async ({ params: { name = "" }, query, backend: { accounts } }) => {
    const account = accounts.store.find(name);
    if (account === undefined) throw noAccount(name);
    const listed = await kept(accounts);
    const used = query.usage === "true" ? await quotaUse([account], accounts) : undefined;
    return await versioned(shown(account, listed, used), listed);
  }),
  operation({
    route: "POST /api/accounts",
    summary: "Add an account",
    role: "accounts",
    body: newAccount,
    answer: shownAccount,
    failures: CHANGED,
  }, async ({ request, backend }) => {
    // The checked body is what the file means by it; the file gets it as it was sent.
    const { password, ...fields } = await sent(request);
    const name = canonicalName(String(fields["name"]));
    const account = { ...fields, name, ...await hashed(password) };
    await edit(backend.accounts, request, (accounts) => {
      if (accounts.some(isCalled(name))) throw new HttpError(409, `Account "${name}" exists already`);
      return [...accounts, inOrder(account)];
    });
    return await answerAbout(name, backend.accounts);
  }),
  operation({
    route: "PATCH /api/accounts/:name",
    summary: "Change fields of an account; null takes one away",
    role: "accounts",
    body: accountChange,
    query: { endSessions },
    answer: shownAccount,
    failures: { ...UNKNOWN, ...CHANGED },
  }, async ({ params, query, request, backend }) => {
    const name = canonicalName(params["name"] ?? "");
    const { password, ...fields } = await sent(request);
    const changes = { ...fields, ...await hashed(password) };
    await edit(backend.accounts, request, (accounts) => {
      if (!accounts.some(isCalled(name))) throw noAccount(name);
      return accounts.map((other) => isCalled(name)(other) ? inOrder({ ...other, ...changes }) : other);
    });
    if (query.endSessions === "true") await endThose(name, backend);
    return await answerAbout(name, backend.accounts);
  }),
  operation({
    route: "DELETE /api/accounts/:name",
    summary: "Remove an account; its sessions end",
    role: "accounts",
    answer: schemas.done,
    failures: { ...UNKNOWN, ...CHANGED },
  }, async ({ params, request, backend }) => {
    const name = canonicalName(params["name"] ?? "");
    await edit(backend.accounts, request, (accounts) => {
      if (!accounts.some(isCalled(name))) throw noAccount(name);
      return accounts.filter((other) => !isCalled(name)(other));
    });
  }),
];

function noAccount(name: string): HttpError {
  return new HttpError(404, `No account "${name}"`);
}

function isCalled(name: string): (account: AccountJson) => boolean {
  return (account) => canonicalName(account.name) === name;
}

/** Its body has been checked, and read, before. */
async function sent(request: RoutedRequest): Promise<Readonly<Record<string, unknown>>> {
  const body = await request.json();
  return isObject(body) ? body : {};
}

async function hashed(password: unknown): Promise<{ readonly password?: string }> {
  return typeof password === "string" ? { password: await hashPassword(password) } : {};
}

/** The fields in their usual order, without those that are taken away. */
function inOrder(account: Readonly<Record<string, unknown>> & { readonly name: string }): AccountJson {
  const known = ACCOUNT_FIELDS.filter((field) => account[field] !== undefined && account[field] !== null);
  return { ...Object.fromEntries(known.map((field) => [field, account[field]])), name: account.name };
}

async function edit(
  accounts: AccountsBackend,
  request: RoutedRequest,
  change: Parameters<typeof ofAccounts>[0],
): Promise<void> {
  const reason = accounts.readOnly();
  if (accounts.place === undefined || reason !== undefined) {
    throw new HttpError(409, `The accounts cannot be changed: ${reason ?? "there is no accounts file"}`);
  }
  const wanted = request.headers.get("if-match") ?? "*";
  const before = await kept(accounts);
  if (wanted !== "*" && wanted !== await versionOf(before)) throw changedMeanwhile();
  try {
    await accounts.place.edit(ofAccounts((listed) => {
      if (wanted !== "*" && JSON.stringify(listed) !== JSON.stringify(before)) throw changedMeanwhile();
      return change(listed);
    }));
  } catch (error) {
    if (!(error instanceof AccountsError)) throw error;
    throw new HttpError(wasJudged(error) ? 422 : 409, error.problems.join("; "));
  }
  await accounts.reload();
}

function changedMeanwhile(): HttpError {
  return new HttpError(412, "The accounts have changed in the meantime: load them again");
}

/** The accounts as they are kept. */
async function kept({ place }: AccountsBackend): Promise<readonly AccountJson[]> {
  try {
    return (await place?.document())?.accounts.filter(isAccountJson) ?? [];
  } catch (error) {
    // What the server uses is still what was there before.
    if (error instanceof AccountsError) throw new HttpError(409, error.message);
    throw error;
  }
}

async function versioned(answer: unknown, listed: readonly AccountJson[]): Promise<Response> {
  const headers = {
    etag: await versionOf(listed),
    // A runtime before 2.9 would compress it, and make the version a weak one, which If-Match never accepts.
    "cache-control": "no-store, no-transform",
    "x-content-type-options": "nosniff",
  };
  return Response.json(answer, { headers });
}

async function versionOf(listed: readonly AccountJson[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(listed)));
  return `"${new Uint8Array(digest).toHex().slice(0, 32)}"`;
}

async function answerAbout(name: string, accounts: AccountsBackend): Promise<Response> {
  const account = accounts.store.find(name);
  if (account === undefined) {
    throw new HttpError(409, `Account "${name}" is kept, and not in use: see the log`);
  }
  const listed = await kept(accounts);
  return await versioned(shown(account, listed), listed);
}

function shown(
  account: Account,
  listed: readonly AccountJson[],
  used?: ReadonlyMap<string, QuotaUse>,
): v.InferOutput<typeof shownAccount> {
  const { name: _, password: __, ...fields } = listed.find(isCalled(account.name)) ?? { name: account.name };
  return {
    name: account.name,
    state: loginState(account, Date.now()),
    hasPassword: account.passwordHash !== undefined,
    rootPath: account.rootPath,
    fixed: !listed.some(isCalled(account.name)),
    ...present({ usage: used?.get(account.name) }),
    fields,
  };
}

async function endThose(name: string, { control }: AdminBackend): Promise<void> {
  for (const { id, user } of await control.sessions()) {
    if (user === name) await control.disconnect(id, "Your account was changed: log in again");
  }
}
