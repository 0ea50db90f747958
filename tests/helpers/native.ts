/**
 * The C library for tests: what they say of it is so on Linux alone.
 *
 * @module
 */

import { assert } from "@std/assert";
import { type LibcHandle, openLibc } from "../../lib/native/libc.ts";
import { type NativeIo, openNativeIo } from "../../lib/native/native_io.ts";

/** Whether there is one to test. */
export const HAS_NATIVE = Deno.build.os === "linux";

/** Whether `TEST_NATIVE_IO` asks the tests that choose nothing themselves to use it. */
export const WANTS_NATIVE = HAS_NATIVE && Deno.env.get("TEST_NATIVE_IO") === "on";

/** To be disposed. */
export function nativeIo(): NativeIo {
  const native = openNativeIo();
  assert(native, "The C library cannot be opened");
  return native;
}

/** Runs `test` with the functions themselves. */
export async function withLibc(test: (libc: LibcHandle["symbols"]) => void | Promise<void>): Promise<void> {
  const libc = openLibc();
  assert(libc, "The C library cannot be opened");
  try {
    await test(libc.symbols);
  } finally {
    libc.close();
  }
}

/** Registers a test that Linux alone runs. */
export function nativeTest(name: string, test: () => void | Promise<void>): void {
  Deno.test({ name, ignore: !HAS_NATIVE, fn: async () => await test() });
}
