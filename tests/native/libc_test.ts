import { assert, assertEquals } from "@std/assert";
import { openLibc } from "../../lib/native/libc.ts";
import { nativeTest } from "../helpers/native.ts";

nativeTest("openLibc makes functions when they are called, or all that are left", () => {
  const [whole, lazy] = [openLibc(), openLibc({ lazily: true })];
  assert(whole && lazy);
  assertEquals(Object.keys(lazy.symbols), []);
  assertEquals(lazy.symbols.close(-1), -1);
  assertEquals(Object.getOwnPropertyNames(lazy.symbols), ["close"]);
  const { close } = lazy.symbols;
  lazy.complete();
  assertEquals(lazy.symbols.close, close);
  assertEquals(Object.getOwnPropertyNames(lazy.symbols).sort(), Object.getOwnPropertyNames(whole.symbols).sort());
  for (const library of [whole, lazy]) library.close();
});
