/**
 * `denoftpd serve --help`, made from the settings table.
 *
 * @module
 */

import { flagLines } from "../flags.ts";
import { SERVE_FLAGS } from "./read.ts";
import { DEFAULT_USERS } from "./table.ts";

/** The output of `denoftpd serve --help`. */
export const SERVE_USAGE = `Usage: denoftpd serve [flags]

${flagLines(SERVE_FLAGS)}
TIME is in seconds, or with units: 90s, 5m, 1h30m, 2d. Each setting is also an environment variable: DENOFTPD_PASSIVE_PORTS for --passive-ports. A flag overrides the variable,
and the variable overrides the file. Without --users and --anonymous, accounts come from ${DEFAULT_USERS} in the working
directory. SIGTERM and SIGINT let running transfers finish, then stop the server; SIGHUP reloads the accounts.
`;
