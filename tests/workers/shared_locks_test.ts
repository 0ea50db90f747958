import { assert, assertEquals } from "@std/assert";
import { SharedLocks } from "../../lib/workers/shared_locks.ts";
import { makeTable, SharedTable } from "../../lib/workers/shared_table.ts";

Deno.test("SharedLocks let one worker write to a file at a time, and several append", () => {
  const memory = makeTable(2, 64);
  const [one, other] = [0, 1].map((worker) => new SharedLocks(new SharedTable(memory, worker), () => {}));
  assert(one && other);
  const alone = one.take("file", "alone");
  assert(alone);
  for (const mode of ["alone", "append"] as const) assertEquals(other.take("file", mode), undefined);
  assert(other.take("another", "alone"));
  alone[Symbol.dispose]();
  const appends = [one.take("file", "append"), other.take("file", "append")];
  for (const locks of [one, other]) assertEquals(locks.take("file", "alone"), undefined);
  appends.forEach((lock) => lock?.[Symbol.dispose]());
  assert(other.take("file", "alone"));
});
