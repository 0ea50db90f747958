// deno-lint-ignore-file no-console -- a script talks to the person who runs it
/**
 * `deno task schema`: writes `docs/config.schema.json` from the settings table. With `--check` it writes nothing and
 * fails when the file is out of date.
 *
 * @module
 */

import { configSchema } from "../lib/cli/settings/schema.ts";

const PATH = "docs/config.schema.json";

const before = await Deno.readTextFile(PATH).catch(() => "");
const after = configSchema();
if (before !== after) {
  const check = Deno.args.includes("--check");
  if (!check) await Deno.writeTextFile(PATH, after);
  console.error(check ? `${PATH} is out of date: run deno task schema` : `Wrote ${PATH}`);
  Deno.exit(check ? 1 : 0);
}
