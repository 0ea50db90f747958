import { assert } from "@std/assert";
import { measureNoops, report, Target } from "./stage.ts";

Deno.test("a server that is not attacked answers every NOOP", async () => {
  await using target = await Target.start();
  await using wire = await target.login();
  const waits = await measureNoops(wire, Promise.resolve());
  report("nobody", { ...waits });
  assert(waits.count > 0);
  assert(await target.isAlive());
});
