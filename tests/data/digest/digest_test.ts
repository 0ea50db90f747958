import { assertEquals } from "@std/assert";
import {
  type DigestAlgorithm,
  DigestCache,
  type Digests,
  findDigestAlgorithm,
  RunningDigest,
} from "../../../lib/data/digest/digest.ts";

const CHECK = new TextEncoder().encode("123456789");
const ABC = new TextEncoder().encode("abc");

/** The check value of the CRC catalogue, and the examples of RFC 1321 and FIPS 180. */
const KNOWN: readonly [DigestAlgorithm, Uint8Array, string][] = [
  ["CRC32", CHECK, "cbf43926"],
  ["CRC32", new Uint8Array(0), "00000000"],
  ["MD5", ABC, "900150983cd24fb0d6963f7d28e17f72"],
  ["SHA-1", ABC, "a9993e364706816aba3e25717850c26c9cd0d89d"],
  ["SHA-256", ABC, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "SHA-512",
    ABC,
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  ],
];

for (const [algorithm, bytes, expected] of KNOWN) {
  Deno.test(`RunningDigest computes the published ${algorithm} of ${bytes.length} bytes fed one by one`, () => {
    const digest = new RunningDigest({ algorithms: [algorithm] });
    for (const byte of bytes) digest.update(Uint8Array.of(byte));
    assertEquals(digest.finish(), new Map([[algorithm, expected]]));
  });
}

Deno.test("RunningDigest computes SHA-256 and CRC32 by default", () => {
  const digest = new RunningDigest();
  digest.update(CHECK);
  assertEquals([...digest.finish()?.keys() ?? []], ["SHA-256", "CRC32"]);
});

Deno.test("RunningDigest gives up past its limit and not at it", () => {
  const digest = new RunningDigest({ limit: 10 });
  digest.update(new Uint8Array(10));
  digest.update(new Uint8Array(1));
  assertEquals(digest.finish(), undefined);
  const within = new RunningDigest({ limit: 10 });
  within.update(new Uint8Array(10));
  assertEquals(within.finish()?.size, 2);
});

for (const [name, expected] of [["sha-256", "SHA-256"], ["crc32", "CRC32"], ["SHA256", undefined]] as const) {
  Deno.test(`findDigestAlgorithm finds ${expected} for ${name}`, () => {
    assertEquals(findDigestAlgorithm(name), expected);
  });
}

const FILE = { size: 9, modified: 1_000, unique: "8g1" };
const SHA: Digests = new Map([["SHA-256", "ab"]]);

Deno.test("DigestCache finds what it remembers of an unchanged file", () => {
  const cache = new DigestCache();
  cache.remember("/a", FILE, SHA);
  assertEquals(cache.find("/a", { ...FILE }, "SHA-256"), "ab");
  assertEquals(cache.find("/a", FILE, "MD5"), undefined);
  assertEquals(cache.find("/b", FILE, "SHA-256"), undefined);
});

for (const change of [{ size: 10 }, { modified: 1_001 }, { unique: "8g2" }]) {
  Deno.test(`DigestCache forgets a file with another ${Object.keys(change)}`, () => {
    const cache = new DigestCache();
    cache.remember("/a", FILE, SHA);
    assertEquals(cache.find("/a", { ...FILE, ...change }, "SHA-256"), undefined);
    assertEquals(cache.size, 0);
  });
}

Deno.test("DigestCache adds to what is known of the same content, and replaces digests of other content", () => {
  const cache = new DigestCache();
  cache.remember("/a", FILE, SHA);
  cache.remember("/a", FILE, new Map([["MD5", "cd"]]));
  assertEquals(cache.find("/a", FILE, "SHA-256"), "ab");
  const changed = { ...FILE, modified: 2_000 };
  cache.remember("/a", changed, new Map([["MD5", "ef"]]));
  assertEquals(cache.find("/a", changed, "MD5"), "ef");
  assertEquals(cache.find("/a", changed, "SHA-256"), undefined);
});

Deno.test("DigestCache drops the file not asked for longest", () => {
  const cache = new DigestCache(2);
  cache.remember("/a", FILE, SHA);
  cache.remember("/b", FILE, SHA);
  cache.find("/a", FILE, "SHA-256");
  cache.remember("/c", FILE, SHA);
  assertEquals(["/a", "/b", "/c"].map((key) => cache.find(key, FILE, "SHA-256")), ["ab", undefined, "ab"]);
});

Deno.test("DigestCache forgets on request", () => {
  const cache = new DigestCache();
  cache.remember("/a", FILE, SHA);
  cache.forget("/a");
  assertEquals(cache.find("/a", FILE, "SHA-256"), undefined);
});
