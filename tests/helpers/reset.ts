/**
 * A client that gives up.
 *
 * @module
 */

import { assert } from "@std/assert";

/** Connects and resets the connection, all before this event loop can accept it. */
export function resetAtOnce(port: number): void {
  const code = `
    const socket = require("node:net").connect(${port}, "127.0.0.1", () => socket.resetAndDestroy());
    socket.on("error", () => {});
  `;
  const { success } = new Deno.Command(Deno.execPath(), { args: ["eval", "--ext=cjs", code] }).outputSync();
  assert(success);
}
