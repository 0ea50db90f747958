/**
 * The one command table.
 *
 * @module
 */

import { type CommandTable, makeTable } from "./command.ts";
import { dataConnectionCommands } from "./data_connection.ts";
import { digestCommands } from "./hash.ts";
import { fileCommands } from "./files.ts";
import { infoCommands } from "./info.ts";
import { listingCommands } from "./listing/listing.ts";
import { loginCommands } from "./login.ts";
import { navigateCommands } from "./navigate.ts";
import { parameterCommands } from "./parameters.ts";
import { securityCommands } from "./security.ts";
import { siteCommands } from "./site.ts";
import { transferCommands } from "./transfer/rows.ts";

/** Every command there is. An unimplemented verb has no row. */
export const commandTable: CommandTable = makeTable((table) => [
  ...loginCommands,
  ...securityCommands,
  ...navigateCommands,
  ...parameterCommands(table),
  ...dataConnectionCommands,
  ...transferCommands,
  ...listingCommands,
  ...fileCommands,
  ...digestCommands,
  ...infoCommands(table),
  ...siteCommands,
]);
