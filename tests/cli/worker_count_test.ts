import { assertEquals, assertThrows } from "@std/assert";
import { SETTINGS } from "../../lib/cli/settings.ts";
import { workerCount } from "../../lib/cli/worker_count.ts";

Deno.test("workerCount is one unless told otherwise", () => {
  assertEquals(workerCount({}), 1);
  assertEquals(workerCount({ workers: 1 }), 1);
});

Deno.test({
  name: "workerCount takes a number, or one for each processor",
  ignore: Deno.build.os !== "linux",
  fn: () => {
    assertEquals(workerCount({ workers: 3 }), 3);
    assertEquals(workerCount({ workers: "auto" }), navigator.hardwareConcurrency);
  },
});

for (const given of ["0", "257", "many", "1.5", "-1", ""]) {
  Deno.test(`SETTINGS.workers refuses "${given}"`, () => {
    assertThrows(() => SETTINGS.workers.parse(given), Error, "must be");
  });
}
