import { assertEquals } from "@std/assert";
import { KnownDoor } from "../../../lib/drivers/disk/rights.ts";

Deno.test("KnownDoor asks again once anything about the directory may have changed", () => {
  const real = Deno.realPathSync(".");
  const info = { ...Deno.lstatSync(real), ctime: new Date(1_000_000) };
  let asked = 0;
  let closed = false;
  let now = 0;
  const door = new KnownDoor({
    lookUp: () => {
      asked++;
      if (closed) throw Object.assign(new Error("Closed"), { code: "EACCES" });
      return undefined;
    },
  }, () => now);
  const enter = (changed: Partial<Deno.FileInfo> = {}) => {
    const before = asked;
    const may = door.mayEnter({ real, info: { ...info, ...changed } });
    return [may, asked - before];
  };
  assertEquals([enter(), enter(), enter()], [[true, 1], [true, 0], [true, 0]]);
  for (const changed of [{ ctime: new Date(2_000_000) }, { mode: 0o40700 }, { uid: 99 }, { gid: 99 }, { ino: 99 }]) {
    closed = true;
    assertEquals(enter(changed), [false, 1]);
    assertEquals(enter(changed), [false, 1]);
    closed = false;
    assertEquals([enter(), enter()], [[true, 1], [true, 0]]);
  }
  now += 5_000;
  assertEquals([enter(), enter()], [[true, 1], [true, 0]]);
  // Of two changes within one tick of the clock the second would not show.
  const fresh = { ctime: new Date() };
  assertEquals([enter(fresh), enter(fresh)], [[true, 1], [true, 1]]);
  assertEquals([enter({ ctime: null }), enter({ ctime: null })], [[true, 1], [true, 1]]);
});
