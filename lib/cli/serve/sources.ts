/**
 * What `serve` has before it listens: accounts and certificates, opened and checked. `denoftpd config --check` opens
 * and checks the same.
 *
 * @module
 */

import type { AccountsStore } from "../../auth/accounts.ts";
import { AccountsError } from "../../auth/accounts_error.ts";
import { isDatabaseUrl } from "../../auth/postgres/url.ts";
import type { EventStream } from "../../events.ts";
import type { NativeIo } from "../../native/native_io.ts";
import { type OpenAccounts, watchAccounts } from "../accounts.ts";
import { judgeExcess } from "../permissions/excess.ts";
import { type GuardedRoot, guardedRoots } from "../permissions/guarded.ts";
import { accountNeeds, settingsNeeds, usersFile } from "../permissions/needs.ts";
import { requireGrants } from "../permissions/query.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";
import { anonymousAccount, CombinedAccounts } from "./anonymous.ts";
import { checkAdmin } from "./admin/settings.ts";
import { checkCluster } from "../cluster/settings.ts";
import { checkWebhooks } from "../operations/webhooks.ts";
import { type Identity, resolveIdentity } from "./privileges.ts";
import { checkRoots } from "./roots.ts";
import { checkSense, unreadableFiles } from "./sense.ts";
import type { ServeTls } from "./tls.ts";

/** The opened files of `serve`; disposing it stops watching them. */
export interface ServeSources extends AsyncDisposable {
  /** The accounts of `--users`; absent with `--anonymous` alone. */
  readonly users: OpenAccounts | undefined;
  /** Those of the file, and that of `--anonymous`. */
  readonly accounts: AccountsStore;
  readonly tls: ServeTls | undefined;
  /** For them all permissions must be kept. */
  readonly guarded: readonly GuardedRoot[];
}

/**
 * Checks what needs no file: permissions, and the user to become, which is returned.
 *
 * @throws {UsageError}
 */
export function beforeOpening(settings: Settings): Identity | undefined {
  checkAdmin(settings);
  checkWebhooks(settings);
  checkCluster(settings);
  requireGrants(settingsNeeds(settings));
  return resolveIdentity(settings);
}

/** What {@link openSources} may be given. */
export interface SourcesOptions {
  /** Called when there are new accounts or certificates. */
  readonly onChange?: () => void;
  /** The C library for connections under TLS; without it they do with what the runtime has. */
  readonly native?: NativeIo | undefined;
}

/**
 * Opens and checks everything; warnings go to `events`.
 *
 * @throws {UsageError} naming the flag or the file.
 */
export async function openSources(
  settings: Settings,
  events: EventStream,
  { onChange = () => {}, native }: SourcesOptions = {},
): Promise<ServeSources> {
  await using opened = new AsyncDisposableStack();
  const users = await openUsers(settings, events, onChange);
  if (users) opened.use(users.accounts);
  const fixed = settings.anonymous === undefined ? undefined : anonymousAccount(settings.anonymous);
  const accounts = new CombinedAccounts(users?.accounts, fixed);
  await checkRoots(accounts, settings);
  const guarded = guardedRoots(accounts.list());
  const needs = [...settingsNeeds(settings), ...accountNeeds(accounts.list(), settings)];
  tell(events, "warning", judgeExcess(needs, settings, guarded));
  const tls = concernsTls(settings)
    ? opened.use(await (await import("./tls.ts")).openTls(settings, events, { onChange, native }))
    : undefined;
  const warnings = await checkSense({ settings, users: users?.accounts, hasTls: tls !== undefined });
  for (const warning of warnings) tell(events, "warning", warning);
  const kept = opened.move();
  return { users, accounts, tls, guarded, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/**
 * Checks again, after the change of user, what depends on the user.
 *
 * @throws {UsageError} about a root that this user cannot use.
 */
export async function checkAsUser(accounts: AccountsStore, settings: Settings, events: EventStream): Promise<void> {
  await checkRoots(accounts, settings);
  for (const warning of unreadableFiles(settings)) tell(events, "warning", warning);
}

/** Whether any setting is about TLS, whose code is not loaded without. */
function concernsTls({ tlsCert, tlsKey, tlsSelfSigned, tls, tlsData, implicitTlsPort }: Settings): boolean {
  return tlsSelfSigned || [tlsCert, tlsKey, tls, tlsData, implicitTlsPort].some((given) => given !== undefined);
}

/** Reports `message`, if there is one. */
export function tell(
  events: EventStream,
  level: "info" | "warning" | "debug" | "error",
  message: string | undefined,
): void {
  if (message === undefined) return;
  if (level === "info" || level === "debug") events.emit({ type: "notice", level, message });
  else events.emit({ type: "problem", level, message });
}

async function openUsers(
  settings: Settings,
  events: EventStream,
  onChange: () => void,
): Promise<OpenAccounts | undefined> {
  const users = usersFile(settings);
  if (users === undefined) return undefined;
  try {
    return await watchAccounts(users, events, onChange);
  } catch (error) {
    if (!(error instanceof AccountsError)) throw error;
    const isMissing = !isDatabaseUrl(users) && error.cause instanceof Deno.errors.NotFound;
    const hint = settings.users === undefined
      ? ": name one with --users FILE, or serve a directory with --anonymous DIR"
      : isMissing
      ? `: create it with "denoftpd user add NAME --users ${users}"`
      : "";
    throw new UsageError(`${error.message}${hint}`);
  }
}
