/**
 * `--native-io`: the permission for the C library, and the library.
 *
 * @module
 */

import { LIBC_PATHS } from "../../native/libc.ts";
import type { LibcOptions } from "../../native/libc.ts";
import type { NativeIo } from "../../native/native_io.ts";
import { isGranted, type Need, needFfi, needRead } from "../permissions/query.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

const PURPOSE = "calling the C library";

/** The needs of `--native-io on`; `auto` does without. */
export function nativeNeeds({ nativeIo }: Pick<Settings, "nativeIo">): Need[] {
  if (nativeIo !== "on" || Deno.build.os !== "linux") return [];
  const path = LIBC_PATHS.find((path) => isGranted(needFfi(path, PURPOSE))) ?? LIBC_PATHS.find(isThere);
  return [needFfi(path ?? LIBC_PATHS[0], PURPOSE)];
}

/**
 * The library; `undefined` with `--native-io off`, and with `auto` where it is not permitted or not there.
 *
 * @throws {UsageError} if it is not available for `on`.
 */
export async function openNative(
  { nativeIo }: Pick<Settings, "nativeIo">,
  options: LibcOptions = {},
): Promise<NativeIo | undefined> {
  if (nativeIo === "off") return undefined;
  const isPermitted = LIBC_PATHS.some((path) => isGranted(needFfi(path, PURPOSE)));
  const native = isPermitted ? (await import("../../native/native_io.ts")).openNativeIo(options) : undefined;
  if (native || nativeIo === "auto") return native;
  if (Deno.build.os !== "linux") throw new UsageError('Flag "--native-io" needs Linux');
  throw new UsageError(`Flag "--native-io" needs glibc 2.30 or newer at ${LIBC_PATHS.join(" or ")}`);
}

/** Milliseconds between two returns of memory. */
const INTERVAL = 1000;

/**
 * Gives memory back regularly: what the optimising compilers of V8 have needed for the first thousands of commands is
 * some 10 MB, which nothing else would return. Disposing of the result ends that.
 */
export function returningMemory(native: Pick<NativeIo, "returnMemory">): Disposable {
  const timer = setInterval(() => native.returnMemory(), INTERVAL);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** `false` also if it may not be checked. */
function isThere(path: string): boolean {
  if (!isGranted(needRead(path, PURPOSE))) return false;
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
