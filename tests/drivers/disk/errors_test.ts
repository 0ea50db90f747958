import { assertEquals, assertStrictEquals } from "@std/assert";
import { toVfsError } from "../../../lib/drivers/disk/errors.ts";
import { VfsError, type VfsErrorKind } from "../../../lib/vfs/vfs.ts";
import { ROOT } from "../../../lib/vfs/virtual_path.ts";

const CODES: readonly (readonly [code: string, kind: VfsErrorKind])[] = [
  ["ENOENT", "notFound"],
  ["EACCES", "denied"],
  ["EROFS", "denied"],
  ["EEXIST", "exists"],
  ["ENOTEMPTY", "notEmpty"],
  ["ENOTDIR", "notDirectory"],
  ["EISDIR", "isDirectory"],
  ["ENOSPC", "noSpace"],
  ["EDQUOT", "overQuota"],
  ["ENAMETOOLONG", "badName"],
  ["EBUSY", "busy"],
  ["EMFILE", "busy"],
  ["EXDEV", "unsupported"],
  ["EIO", "failed"],
];

for (const [code, kind] of CODES) {
  Deno.test(`toVfsError takes ${code} for ${kind}`, () => {
    const error = Object.assign(new Error("/real/path"), { code });
    const mapped = toVfsError(error, ROOT);
    assertEquals([mapped.kind, mapped.cause, mapped.message.includes("/real")], [kind, error, false]);
  });
}

Deno.test("toVfsError recognises a disk quota by its number, for which the runtime has no code", () => {
  const number = Deno.build.os === "darwin" ? 69 : 122;
  const error = new Error(`Disk quota exceeded (os error ${number})`);
  assertEquals(toVfsError(error, ROOT).kind, Deno.build.os === "windows" ? "failed" : "overQuota");
  assertEquals(toVfsError(new Error("Something else (os error 121)"), ROOT).kind, "failed");
});

Deno.test("toVfsError uses the class of an error without a code", () => {
  assertEquals(toVfsError(new Deno.errors.NotFound("x"), ROOT).kind, "notFound");
  assertEquals(toVfsError(new Deno.errors.NotCapable("x"), ROOT).kind, "denied");
  assertEquals(toVfsError("a text", ROOT).kind, "failed");
});

Deno.test("toVfsError leaves a VfsError alone", () => {
  const error = new VfsError("busy", "x");
  assertStrictEquals(toVfsError(error, ROOT), error);
});

Deno.test("toVfsError knows what a full disk says", async () => {
  using file = await Deno.open("/dev/full", { write: true });
  const error = await file.write(new Uint8Array(1)).catch((error: unknown) => error);
  assertEquals(toVfsError(error, ROOT).kind, "noSpace");
});
