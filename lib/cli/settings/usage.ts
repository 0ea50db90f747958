/**
 * `denoftpd serve --help`, made from the settings table.
 *
 * @module
 */

import { flagOf, SETTING_NAMES, SETTINGS } from "./table.ts";

const rows = SETTING_NAMES.map((name) => {
  const { value, help, fallback } = SETTINGS[name];
  const flag = `--${flagOf(name)}${value === undefined ? "" : ` ${value}`}`;
  return `  ${flag.padEnd(29)} ${help}${value === undefined || fallback === undefined ? "" : ` (${fallback})`}`;
});

/** The output of `denoftpd serve --help`. */
export const SERVE_USAGE = `Usage: denoftpd serve [flags]

  --config FILE                 JSON file with these settings, named as passivePorts for --passive-ports
${rows.join("\n")}

Each is also an environment variable: DENOFTPD_PASSIVE_PORTS for --passive-ports. A flag counts before the variable, the
variable before the file. Without --users and --anonymous the accounts come from users.json in the working directory.
SIGTERM and SIGINT end it once running transfers have ended; SIGHUP reads the accounts again.
`;
