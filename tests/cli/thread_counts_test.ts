import { assertEquals, assertThrows } from "@std/assert";
import { parseFrom } from "../../lib/cli/settings/kinds.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { SETTINGS, withDefaults } from "../../lib/cli/settings/table.ts";
import { dataThreadCount, workerCount } from "../../lib/cli/serve/threads.ts";

Deno.test("workerCount is one by default", () => {
  assertEquals(workerCount(withDefaults({})), 1);
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
    assertThrows(() => parseFrom("It", given, SETTINGS.workers), UsageError, "It must be");
  });
}

Deno.test("dataThreadCount takes a number as it is", () => {
  for (const dataThreads of [0, 1, 64]) {
    for (const sends of [false, true]) assertEquals(dataThreadCount({ dataThreads, workers: 1 }, sends), dataThreads);
  }
});

Deno.test({
  name:
    "dataThreadCount is one for each processor, four at most, and one where there are several workers or the system sends",
  ignore: Deno.build.os !== "linux",
  fn: () => {
    assertEquals(dataThreadCount(withDefaults({}), false), Math.min(4, navigator.hardwareConcurrency));
    assertEquals(dataThreadCount({ dataThreads: "auto", workers: 2 }, false), 1);
    assertEquals(dataThreadCount(withDefaults({}), true), 1);
  },
});

for (const given of ["65", "some", "-1", ""]) {
  Deno.test(`SETTINGS.dataThreads refuses "${given}"`, () => {
    assertThrows(() => parseFrom("It", given, SETTINGS.dataThreads), UsageError, "It must be");
  });
}
