import { assertEquals, assertInstanceOf } from "@std/assert";
import { VfsError } from "../../lib/vfs/vfs.ts";
import { fromPortableError, toPortableError } from "../../lib/threads/portable_error.ts";

/** There and back as between threads. */
function sent(error: unknown): unknown {
  return fromPortableError(structuredClone(toPortableError(error)));
}

Deno.test("raiseError throws an error with the name, the message and the cause of the one that was sent", () => {
  const error = sent(new Error("Outer", { cause: new VfsError("overQuota", "Inner") }));
  assertInstanceOf(error, Error);
  assertInstanceOf(error.cause, Error);
  assertEquals([error.name, error.message, error.cause.name, error.cause.message], [
    "Error",
    "Outer",
    "VfsError",
    "Inner",
  ]);
});

Deno.test("raiseError throws an error of the system in its class", () => {
  assertInstanceOf(sent(new Deno.errors.AddrInUse("Taken")), Deno.errors.AddrInUse);
});

Deno.test("flattenError sends a value that is not an error as text", () => {
  assertEquals([sent(Symbol("odd")), sent(undefined)], ["Symbol(odd)", undefined]);
});
