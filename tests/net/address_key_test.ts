import { assertEquals } from "@std/assert";
import { addressKey, unmapped } from "../../lib/net/address_key.ts";

Deno.test("addressKey is one for all addresses of a client, and another for the next client", () => {
  const cases = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:201", "192.0.2.1"],
    ["64:ff9b::c000:201", "192.0.2.1"],
    ["2001:db8::1", "20010db800000000/64"],
    ["2001:db8::ffff:ffff:ffff:ffff", "20010db800000000/64"],
    ["2001:db8:0:1::1", "20010db800000001/64"],
    ["fe80::1%eth0", "fe80000000000000/64"],
    ["::1", "0000000000000000/64"],
    ["nowhere", "nowhere"],
  ];
  for (const [address = "", key] of cases) assertEquals(addressKey(address), key, address);
});

Deno.test("unmapped shows IPv4 inside IPv6 as what it is, and leaves everything else alone", () => {
  const cases = [
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["::FFFF:7f00:1", "127.0.0.1"],
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["2001:db8::1", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1%eth0"],
  ];
  for (const [given = "", shown] of cases) assertEquals(unmapped(given), shown, given);
});
