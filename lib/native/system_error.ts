/**
 * Why a system call failed.
 *
 * @module
 */

import { nodeUtil } from "../net/node_modules.ts";
import type { Libc } from "./libc.ts";

/** A failure with the system's name for its reason, such as `ENOENT`: the shape of the runtime's own errors. */
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
 * The system's name for why the call of `libc` that was made last has failed, in this turn of the event loop: calls
 * that the runtime makes between two turns set errors of their own.
 */
export function lastCode(libc: Libc): string {
  // Reading it through its pointer needs a permission that is dropped after the start.
  libc.memcpy(number, libc.__errno_location(), BigInt(number.byteLength));
  return nodeUtil().getSystemErrorName(-(number[0] ?? 0)) ?? "EIO";
}

/** {@link lastCode} as an error. */
export function lastError(libc: Libc, action: string): SystemError {
  return new SystemError(lastCode(libc), action);
}
