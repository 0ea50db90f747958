/**
 * The settings of what is around a server: where else accounts are kept, and who watches it.
 *
 * @module
 */

import { ldapSettings, secretUrl } from "./backend_kinds.ts";
import { duration } from "./kinds.ts";
import { endpoint } from "./place_kinds.ts";
import { setting } from "./row.ts";

const time = duration(2_000_000);

/** In the order of `--help`. */
export const OPERATION_ROWS = [
  setting(
    "authUrl",
    "URL",
    "ask this service (https, or http on loopback) about accounts that the file lacks",
    secretUrl,
  ),
  setting(
    "ldap",
    "JSON",
    "ask this directory about them: url, base, filter, bindDn, bindPasswordFile, account",
    ldapSettings,
  ),
  setting("authCache", "TIME", "time for which such a service is not asked again about a right password", time, 60_000),
  setting("authStale", "TIME", "time for which that still counts while the service is down", time, 600_000),
  setting("metrics", "HOST:PORT", "listen there for Prometheus (/metrics) and for probes (/livez, /readyz)", endpoint),
  setting("drainDelay", "TIME", "at shutdown, time between /readyz saying no and the port being closed", time, 0),
] as const;
