import { assertEquals } from "@std/assert";
import type { Digests } from "../../lib/data/digest/digest.ts";
import { makeEpochs, SharedDigests } from "../../lib/workers/shared_digests.ts";

const identity = { size: 3, modified: 1_000, unique: "7" };
const digests: Digests = new Map([["SHA-256", "ab"]]);

Deno.test("SharedDigests finds what it remembers until any of them forgets the file", () => {
  const epochs = makeEpochs();
  const [one, other] = [new SharedDigests(epochs), new SharedDigests(epochs)];
  one.remember("/file", identity, digests);
  assertEquals(one.find("/file", identity, "SHA-256"), "ab");
  other.forget("/file");
  assertEquals(one.find("/file", identity, "SHA-256"), undefined);
  one.remember("/file", identity, digests);
  assertEquals(one.find("/file", identity, "SHA-256"), "ab");
});

Deno.test("SharedDigests forgets one file and keeps another", () => {
  const cache = new SharedDigests(makeEpochs());
  cache.remember("/file", identity, digests);
  cache.remember("/other", identity, digests);
  cache.forget("/file");
  assertEquals(cache.find("/other", identity, "SHA-256"), "ab");
});
