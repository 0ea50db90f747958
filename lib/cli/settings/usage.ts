/**
 * `denoftpd serve --help`, made from the settings table.
 *
 * @module
 */

import { fallbackOf, flagOf, SETTING_NAMES, SETTINGS } from "./table.ts";

/** A longer default is described by the help. */
const LONGEST_FALLBACK = 20;

const rows = SETTING_NAMES.map((name) => {
  const { value, help } = SETTINGS[name];
  const fallback = fallbackOf(name) ?? "";
  const isShown = value !== undefined && fallback !== "" && fallback.length <= LONGEST_FALLBACK;
  const flag = `--${flagOf(name)}${value === undefined ? "" : ` ${value}`}`;
  return `  ${flag.padEnd(29)} ${help}${isShown ? ` (${fallback})` : ""}`;
});

/** The output of `denoftpd serve --help`. */
export const SERVE_USAGE = `Usage: denoftpd serve [flags]

  --config FILE                 JSON file with these settings; --passive-ports is called passivePorts there
${rows.join("\n")}

Each setting is also an environment variable: DENOFTPD_PASSIVE_PORTS for --passive-ports. A flag overrides the variable,
and the variable overrides the file. Without --users and --anonymous, accounts come from users.json in the working
directory. SIGTERM and SIGINT let running transfers finish, then stop the server; SIGHUP reloads the accounts.
`;
