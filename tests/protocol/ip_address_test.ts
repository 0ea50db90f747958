import { assertEquals } from "@std/assert";
import { canonicalAddress, isIpv4, isIpv6, sameAddress } from "../../lib/protocol/ip_address.ts";

Deno.test("isIpv4 takes four numbers of a byte", () => {
  for (const text of ["0.0.0.0", "127.0.0.1", "255.255.255.255"]) assertEquals(isIpv4(text), true, text);
  for (const text of ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.-4", "1.2.3.4 ", "1.2.3.x", "::1", "0x7f.0.0.1"]) {
    assertEquals(isIpv4(text), false, text);
  }
});

Deno.test("isIpv6 takes the forms of RFC 4291", () => {
  for (
    const text of [
      "::",
      "::1",
      "1::",
      "1:2:3:4:5:6:7:8",
      "1:2:3:4:5:6:7::",
      "::2:3:4:5:6:7:8",
      "2001:DB8::A",
      "::ffff:1.2.3.4",
      "1:2:3:4:5:6:1.2.3.4",
      "64:ff9b::192.0.2.33",
    ]
  ) assertEquals(isIpv6(text), true, text);
  for (
    const text of [
      "",
      ":",
      ":::",
      "1",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7:8::",
      "::1:2:3:4:5:6:7:8",
      "1::2::3",
      "12345::",
      "g::",
      ":1:2:3:4:5:6:7",
      "1.2.3.4",
      "1.2.3.4::",
      "::1.2.3.4:5",
      "::1.2.3",
      "::1.2.3.256",
      "[::1]",
      "fe80::1%eth0",
      " ::1",
    ]
  ) assertEquals(isIpv6(text), false, text);
});

for (
  const [text, expected] of [
    ["010.0.0.1", "10.0.0.1"],
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
  ] as const
) {
  Deno.test(`canonicalAddress makes ${expected} of ${JSON.stringify(text)}`, () => {
    assertEquals(canonicalAddress(text), expected);
  });
}

Deno.test("sameAddress compares addresses, not texts", () => {
  assertEquals(sameAddress("127.0.0.1", "::ffff:127.0.0.1"), true);
  assertEquals(sameAddress("2001:DB8::1", "2001:db8:0:0::1"), true);
  assertEquals(sameAddress("127.0.0.1", "127.0.0.2"), false);
  assertEquals(sameAddress("::1", "127.0.0.1"), false);
  assertEquals(sameAddress("one", "other"), false);
});
