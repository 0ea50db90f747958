import { assert, assertEquals } from "@std/assert";
import {
  bracketed,
  canonicalIp,
  familyOf,
  isLoopback,
  isPrivate,
  isUnspecified,
  Network,
  parseIp,
  parseNetwork,
  sameAddress,
} from "../../lib/net/ip.ts";

/** The bytes as one hexadecimal number, which is easier to read than a list. */
function hex(text: string): string | undefined {
  return parseIp(text)?.toHex();
}

Deno.test("parseIp reads every form of an address", () => {
  const cases: [string, string][] = [
    ["0.0.0.0", "00000000"],
    ["192.0.2.1", "c0000201"],
    ["255.255.255.255", "ffffffff"],
    ["::", "00000000000000000000000000000000"],
    ["::1", "00000000000000000000000000000001"],
    ["1::", "00010000000000000000000000000000"],
    ["2001:db8::8:800:200c:417a", "20010db80000000000080800200c417a"],
    ["2001:DB8:0:0:8:800:200C:417A", "20010db80000000000080800200c417a"],
    ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
    ["::2:3:4:5:6:7:8", "00000002000300040005000600070008"],
    ["64:ff9b::192.0.2.33", "0064ff9b0000000000000000c0000221"],
    ["1:2:3:4:5:6:192.0.2.33", "000100020003000400050006c0000221"],
    ["fe80::1%eth0", "fe800000000000000000000000000001"],
  ];
  for (const [text, bytes] of cases) assertEquals(hex(text), bytes, text);
});

Deno.test("parseIp makes a mapped address the IPv4 one", () => {
  assertEquals(hex("::ffff:192.0.2.1"), "c0000201");
  assertEquals(hex("::FFFF:c000:0201"), "c0000201");
  assertEquals(hex("0:0:0:0:0:ffff:192.0.2.1"), "c0000201");
  assertEquals(hex("::fffe:192.0.2.1")?.length, 32);
  assertEquals(hex("::192.0.2.1")?.length, 32);
});

Deno.test("parseIp refuses anything but an address", () => {
  const cases = [
    "",
    " ",
    "localhost",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    "1.2.3.256",
    "1.2.3.1000",
    "01.2.3.4",
    "1.2.3.4 ",
    "1.2.3.-4",
    "0x7f.0.0.1",
    "1,2,3,4",
    "１.2.3.4",
    ":",
    ":::",
    ":1",
    "1:",
    "::1:",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "1::2::3",
    "1:::2",
    "12345::",
    "g::",
    "[::1]",
    "::1%",
    "::1.2.3",
    "::1.2.3.4:5",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::1/64",
    "::ffff:01.2.3.4",
    "::ffff:0x7f.0.0.1",
    "::ffff:1.2.3.256",
  ];
  for (const text of cases) assertEquals(parseIp(text), undefined, text);
});

Deno.test("familyOf distinguishes 4 from 6", () => {
  assertEquals(familyOf("127.0.0.1"), 4);
  assertEquals(familyOf("::ffff:127.0.0.1"), 4);
  assertEquals(familyOf("::1"), 6);
  assertEquals(familyOf("example.org"), undefined);
});

Deno.test("sameAddress compares addresses, not their text", () => {
  assert(sameAddress("192.0.2.1", "::ffff:192.0.2.1"));
  assert(sameAddress("::1", "0:0:0:0:0:0:0:1"));
  assert(sameAddress("fe80::1%eth0", "fe80::1"));
  assert(!sameAddress("192.0.2.1", "192.0.2.2"));
  assert(!sameAddress("192.0.2.1", "::192.0.2.1"));
  assert(!sameAddress("a", "b"));
});

Deno.test("isLoopback, isUnspecified and isPrivate class addresses at the edges of their blocks", () => {
  const cases: [string, string][] = [
    ["127.0.0.1", "loopback"],
    ["127.255.255.255", "loopback"],
    ["::1", "loopback"],
    ["::ffff:127.0.0.1", "loopback"],
    ["::2", "public"],
    ["1::1", "public"],
    ["0.0.0.0", "unspecified"],
    ["::", "unspecified"],
    ["10.0.0.0", "private"],
    ["11.0.0.0", "public"],
    ["100.63.255.255", "public"],
    ["100.64.0.0", "private"],
    ["100.127.255.255", "private"],
    ["100.128.0.0", "public"],
    ["169.254.1.1", "private"],
    ["172.15.255.255", "public"],
    ["172.16.0.0", "private"],
    ["172.31.255.255", "private"],
    ["172.32.0.0", "public"],
    ["192.168.0.1", "private"],
    ["192.169.0.1", "public"],
    ["8.8.8.8", "public"],
    ["fc00::1", "private"],
    ["fdff::1", "private"],
    ["fe00::1", "public"],
    ["fe80::1", "private"],
    ["febf::1", "private"],
    ["fec0::1", "public"],
    ["2001:db8::1", "public"],
    ["nonsense", "public"],
  ];
  const classOf = (text: string) =>
    isLoopback(text) ? "loopback" : isUnspecified(text) ? "unspecified" : isPrivate(text) ? "private" : "public";
  for (const [text, expected] of cases) assertEquals(classOf(text), expected, text);
});

Deno.test("parseNetwork contains what is inside and nothing else", () => {
  const cases: [string, string, boolean][] = [
    ["192.0.2.0/24", "192.0.2.255", true],
    ["192.0.2.0/24", "192.0.3.0", false],
    ["192.0.2.0/24", "::ffff:192.0.2.7", true],
    ["192.0.2.128/25", "192.0.2.128", true],
    ["192.0.2.128/25", "192.0.2.127", false],
    ["192.0.2.1", "192.0.2.1", true],
    ["192.0.2.1", "192.0.2.2", false],
    ["0.0.0.0/0", "203.0.113.9", true],
    ["0.0.0.0/0", "::1", false],
    ["::/0", "::1", true],
    ["::/0", "127.0.0.1", false],
    ["2001:db8::/33", "2001:db8:7fff::1", true],
    ["2001:db8::/33", "2001:db8:8000::1", false],
    ["::ffff:192.0.2.0/120", "192.0.2.9", true],
    ["::1", "::1", true],
    ["10.0.0.0/8", "example.org", false],
  ];
  for (const [block, address, inside] of cases) {
    const network = parseNetwork(block);
    assert(network instanceof Network, block);
    assertEquals(network.text, block);
    assertEquals(network.contains(address), inside, `${address} in ${block}`);
  }
});

Deno.test("parseNetwork refuses a bad prefix and stray host bits", () => {
  const cases = ["", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.1/8", "::/129", "fe80::1/10"];
  for (const text of [...cases, "10.0.0.0/8/8", "host/8", "::ffff:10.0.0.0/8"]) {
    assertEquals(parseNetwork(text), undefined, text);
  }
});

Deno.test("bracketed puts brackets around an IPv6 address only", () => {
  assertEquals(["::1", "127.0.0.1", "localhost"].map(bracketed), ["[::1]", "127.0.0.1", "localhost"]);
});

Deno.test("canonicalIp writes equal addresses alike", () => {
  const cases: [string, string | undefined][] = [
    ["::FFFF:127.0.0.1", "127.0.0.1"],
    ["::ffff:7f00:1", "127.0.0.1"],
    ["2001:0DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["fe80::1%eth0", "fe80::1"],
    ["::127.0.0.1", "::7f00:1"],
    ["localhost", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of cases) assertEquals(canonicalIp(text), expected, text);
});
