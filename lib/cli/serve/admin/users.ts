/**
 * `--admin-users`: those who may log in at the control plane by name, and who is shut out there.
 *
 * @module
 */

import type { AdminBackend } from "../../../admin/backend.ts";
import { UserLogins } from "../../../admin/user_logins.ts";
import { AdminUsers, AdminUsersError } from "../../../admin/users.ts";
import { Bans } from "../../../auth/bans.ts";
import { isLoopback } from "../../../net/ip.ts";
import { messageOf } from "../../../net/message_of.ts";
import { DEFAULT_OPTIONS } from "../../../options/defaults.ts";
import { UsageError } from "../../usage_error.ts";
import type { RunParts } from "./backend.ts";

/** The users of a listener. */
export interface ListenerUsers extends Disposable {
  readonly logins: UserLogins;
  /** Takes what is in the file now; a file that cannot be used is reported, and changes nothing. */
  reload(): void;
}

/** The users that the settings name; `undefined` without any. @throws {UsageError} for a file that cannot be used. */
export function openUsers(
  { settings }: RunParts,
  { report, control }: AdminBackend,
  onRefused: (reason: string, address: string) => void,
): ListenerUsers | undefined {
  const { adminUsers: path, banAfter } = settings;
  if (path === undefined) return undefined;
  const { failureDelay, guessInterval } = DEFAULT_OPTIONS;
  const bans = new Bans({
    limit: banAfter ?? DEFAULT_OPTIONS.banAfter,
    duration: settings.banTime,
    isExempt: (address) => banAfter === undefined && isLoopback(address),
    // Who guesses here is not let in by FTP either.
    onBanned: ({ address, since, until }) =>
      void control.ban(address, { duration: until - since, reason: "failed logins at the admin interface" }),
  });
  const users = open(path);
  return {
    logins: new UserLogins({
      users,
      bans,
      failureDelay,
      guessInterval,
      onFailed: (_name, address) => onRefused("Wrong name, password or code", address),
    }),
    reload: () => {
      try {
        users.reload();
      } catch (error) {
        report({ type: "problem", level: "error", message: `${messageOf(error)}; keeping the current users` });
      }
    },
    [Symbol.dispose]: () => bans[Symbol.dispose](),
  };
}

/** Milliseconds for which refusals are only counted after one was reported: a flood of them must not fill the log. */
const QUIET = 1_000;

/** Reports refused requests to the log: the first at once, those soon after it with the next. */
export function refusalReports({ report }: AdminBackend): (reason: string, address: string | undefined) => void {
  let [reportedAt, unreported] = [-Infinity, 0];
  return (reason, address) => {
    if (performance.now() - reportedAt < QUIET) return void unreported++;
    const where = address === undefined ? "" : ` from ${address}`;
    const before = unreported === 0 ? "" : ` (and ${unreported} before it)`;
    report({ type: "notice", level: "info", message: `Refused at the admin interface${where}: ${reason}${before}` });
    [reportedAt, unreported] = [performance.now(), 0];
  };
}

function open(path: string): AdminUsers {
  try {
    return new AdminUsers(path);
  } catch (error) {
    throw error instanceof AdminUsersError ? new UsageError(`Flag "--admin-users": ${error.message}`) : error;
  }
}
