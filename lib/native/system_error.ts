/**
 * Why a call of the system failed.
 *
 * @module
 */

import { getSystemErrorName } from "node:util";
import type { Libc } from "./libc.ts";

/** A failure with the name that the system has for its reason, such as `ENOENT`: the shape of the runtime's own errors. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: string;

  constructor(code: string, action: string) {
    super(`Cannot ${action}: ${code}`);
    this.code = code;
  }
}

const number = new Int32Array(1);

/**
 * The error of the call of `libc` that has just failed, in this turn of the event loop: what the runtime itself asks of the system between
 * two turns has reasons of its own. It was of use for nothing but the words of a reply if it ever were another call's.
 */
export function lastError(libc: Libc, action: string): SystemError {
  // Reading it through its pointer wants a permission that is given up after the start.
  libc.memcpy(number, libc.__errno_location(), BigInt(number.byteLength));
  return new SystemError(getSystemErrorName(-(number[0] ?? 0)) ?? "EIO", action);
}
