import { assert, assertEquals } from "@std/assert";
import { Counter } from "../../lib/session/admissions.ts";
import { RecentUploads } from "../../lib/vfs/recent_uploads.ts";
import { makeTable, SharedTable } from "../../lib/workers/shared_table.ts";

Deno.test("RecentUploads forgets after a minute or two, without being called", () => {
  let now = 59_999;
  const uploads = new RecentUploads({ marks: new Counter(), now: () => now });
  uploads.remember("a");
  assert(uploads.has("a"));
  assert(!uploads.has("b"));
  now = 119_999;
  assert(uploads.has("a"));
  now = 120_000;
  assert(!uploads.has("a"));
});

Deno.test("RecentUploads keeps a limited number, the newest", () => {
  const marks = new Counter();
  const uploads = new RecentUploads({ marks, now: () => 0 });
  for (let number = 0; number < 1500; number++) uploads.remember(`${number}`);
  const known = Array.from({ length: 1500 }, (_, number) => uploads.has(`${number}`));
  assertEquals(known.indexOf(true), 1500 - 1024);
  assert(known.slice(1500 - 1024).every((each) => each));
});

Deno.test("RecentUploads reuses its marks when they are old", () => {
  let now = 0;
  const marks = new Counter();
  const keys = new Set<string>();
  const watched = {
    of: (key: string) => marks.of(key),
    add: (key: string) => (keys.add(key), marks.add(key)),
    remove: (key: string) => marks.remove(key),
  };
  const uploads = new RecentUploads({ marks: watched, now: () => now });
  for (let number = 0; number < 10; number++) uploads.remember(`${number}`);
  now = 120_000;
  uploads.remember("new");
  assertEquals([...keys].filter((key) => marks.of(key) > 0).length, 1);
});

Deno.test("RecentUploads of other event loops are known at once", () => {
  const memory = makeTable(2, 16);
  const [one, other] = [0, 1].map((worker) => {
    return new RecentUploads({ marks: new SharedTable(memory, worker), now: () => 0 });
  });
  one?.remember("a");
  assert(other?.has("a"));
  // The table has no room for all of them.
  for (let number = 0; number < 100; number++) other?.remember(`${number}`);
  assert(one?.has("a"));
});
