/**
 * Which settings of `--admin` fit together, and what they need of the runtime.
 *
 * @module
 */

import { dirname, resolve } from "@std/path";
import { isDatabaseUrl } from "../../../auth/postgres/url.ts";
import { bracketed, isLoopback } from "../../../net/ip.ts";
import { type Need, needNet, needRead, needWrite } from "../../permissions/query.ts";
import type { Settings } from "../../settings/table.ts";
import { UsageError } from "../../usage_error.ts";

/** @throws {UsageError} for settings that do not fit together. */
export function checkAdmin({ admin, adminTokenFile, adminUsers, adminAudit }: Settings): void {
  if (admin === undefined) {
    const flag = adminTokenFile !== undefined
      ? "--admin-token-file"
      : adminUsers !== undefined
      ? "--admin-users"
      : adminAudit !== undefined
      ? "--admin-audit"
      : undefined;
    if (flag !== undefined) throw new UsageError(`Flag "${flag}" needs "--admin"`);
    return;
  }
  if ("path" in admin) return;
  if (adminTokenFile === undefined && adminUsers === undefined) {
    throw new UsageError(
      'Flag "--admin": an address needs --admin-token-file FILE, or --admin-users FILE; unix:PATH needs neither',
    );
  }
  if (adminUsers === undefined && !isLoopback(admin.hostname)) {
    throw new UsageError(
      'Flag "--admin": other machines can reach that address, which needs --admin-users FILE and TLS',
    );
  }
}

/** The needs of `--admin`. */
export function adminNeeds({ admin, adminTokenFile: token, adminUsers, adminAudit }: Settings): Need[] {
  if (admin === undefined) return [];
  return [
    ...placeNeeds(admin),
    ...(token === undefined ? [] : [needWrite(token, `writing the token to "${token}"`)]),
    ...(adminUsers === undefined ? [] : [needRead(adminUsers, `reading "${adminUsers}"`)]),
    ...(adminAudit === undefined ? [] : [
      needRead(adminAudit, `reading the audit "${adminAudit}"`),
      needWrite(adminAudit, `writing the audit "${adminAudit}"`),
    ]),
  ];
}

function placeNeeds(admin: NonNullable<Settings["admin"]>): Need[] {
  if ("path" in admin) {
    const path = resolve(admin.path);
    const purpose = `being administered at "${path}"`;
    return [needNet(`unix:${path}`, purpose), needRead(path, purpose), needWrite(path, purpose)];
  }
  const place = `${bracketed(admin.hostname)}:${admin.port}`;
  return [needNet(place, `being administered at ${place}`)];
}

/**
 * What changing accounts needs besides. Not required: without it accounts are shown and not changed.
 *
 * @param users as for `--users`.
 */
export function accountEditNeeds({ admin }: Settings, users: string | undefined): Need[] {
  // The permissions to read a database are those to change it.
  if (admin === undefined || users === undefined || isDatabaseUrl(users)) return [];
  const directory = dirname(resolve(users));
  // The new file is written beside the old one.
  return [
    needRead(directory, `changing accounts in "${users}"`),
    needWrite(directory, `changing accounts in "${users}"`),
  ];
}
