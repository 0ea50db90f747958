/**
 * What the first sessions need and a start does not.
 *
 * @module
 */

import { commandTable } from "../../commands/table.ts";
import { nodeCrypto, nodeFs } from "../../net/node_modules.ts";

/** Milliseconds: a client that has waited for the server is greeted first. */
const FOR_LOGINS = 5;
/** Milliseconds: it is logged in by then, too. */
const FOR_FILES = 50;

/** Loads it soon, so that no session waits for it. Disposing of the result before prevents that. */
export function prepareFirstSessions(): Disposable {
  const timers = [
    setTimeout(() => {
      commandTable.find("USER");
      // The first digest of all loads streams.
      nodeCrypto().createHash("sha256").digest();
    }, FOR_LOGINS),
    setTimeout(nodeFs, FOR_FILES),
  ];
  return { [Symbol.dispose]: () => timers.forEach(clearTimeout) };
}
