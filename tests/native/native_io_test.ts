import { assert } from "@std/assert";
import { LIBC_PATHS } from "../../lib/native/libc.ts";
import { nativeIo, nativeTest } from "../helpers/native.ts";

const MIB = 1024 * 1024;
/** Below what the C library asks the system for by itself, and gives back at once. */
const PIECE = 16 * 1024;

nativeTest("NativeIo.returnMemory gives back what is free below a piece that is in use", () => {
  using native = nativeIo();
  const path = LIBC_PATHS.find((path) => Deno.statSync(path).isFile);
  assert(path);
  const library = Deno.dlopen(path, {
    malloc: { parameters: ["usize"], result: "pointer" },
    memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
    free: { parameters: ["pointer"], result: "void" },
  });
  const { malloc, memset, free } = library.symbols;
  const pieces = Array.from({ length: 64 * MIB / PIECE }, () => memset(malloc(BigInt(PIECE)), 1, BigInt(PIECE)));
  const last = pieces.pop() ?? null;
  const full = Deno.memoryUsage().rss;
  pieces.forEach(free);
  native.returnMemory();
  assert(full - Deno.memoryUsage().rss > 48 * MIB, `${full} before, ${Deno.memoryUsage().rss} after`);
  free(last);
  library.close();
});
