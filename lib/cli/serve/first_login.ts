/**
 * What the first login needs and a start does not.
 *
 * @module
 */

import { nodeCrypto } from "../../net/node_modules.ts";

/** Milliseconds: a client that has waited for the server is greeted first. */
const SOON = 5;

/** Loads it soon, so that the first login does not wait for it. Disposing of the result before prevents that. */
export function prepareFirstLogin(): Disposable {
  // The first digest of all loads streams.
  const timer = setTimeout(() => nodeCrypto().createHash("sha256").digest(), SOON);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
