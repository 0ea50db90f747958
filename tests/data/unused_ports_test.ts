import { assertEquals } from "@std/assert";
import type { PassiveConnector } from "../../lib/data/connector.ts";
import { UnusedPorts } from "../../lib/data/unused_ports.ts";

function portOf(port: number): PassiveConnector {
  const notForThis = () => Promise.reject(new Error("Not for this"));
  return { kind: "passive", port, over: false, open: notForThis, replace: notForThis, close() {} };
}

/** Ports that are taken in this order, by address, one each second. */
function unusedPorts(...addresses: string[]): { unused: UnusedPorts; wait: (seconds: number) => void } {
  let now = 0;
  const unused = new UnusedPorts(() => now);
  const wait = (seconds: number) => void (now += seconds * 1000);
  addresses.forEach((address, index) => {
    unused.add(portOf(index + 1), address);
    wait(1);
  });
  return { unused, wait };
}

const asker = { address: "192.0.2.9", trustsAll: false };

Deno.test("UnusedPorts takes the oldest port of the address that has most", () => {
  const { unused } = unusedPorts("192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.3");
  assertEquals(unused.dispensableFor(asker)?.port, 2);
});

Deno.test("UnusedPorts takes the oldest port of all where each address has one", () => {
  const { unused } = unusedPorts("192.0.2.1", "192.0.2.2", "192.0.2.3");
  assertEquals(unused.dispensableFor(asker)?.port, 1);
});

Deno.test("UnusedPorts counts an IPv6 client by its /64", () => {
  const { unused } = unusedPorts("2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:2::2");
  assertEquals(unused.dispensableFor(asker)?.port, 2);
});

Deno.test("UnusedPorts leaves a port to its client for a while where the asker's could be taken for it", () => {
  for (const mistakable of [{ ...asker, address: "192.0.2.1" }, { ...asker, trustsAll: true }]) {
    const { unused, wait } = unusedPorts("192.0.2.1", "192.0.2.1");
    assertEquals(unused.dispensableFor(mistakable), undefined);
    wait(3);
    assertEquals(unused.dispensableFor(mistakable)?.port, 1);
  }
});

Deno.test("UnusedPorts takes nothing from those who have less than the asker, and nothing where nothing is", () => {
  const { unused } = unusedPorts("192.0.2.1", "192.0.2.9", "192.0.2.9");
  assertEquals(unused.dispensableFor(asker), undefined);
  assertEquals(unusedPorts().unused.dispensableFor(asker), undefined);
});

Deno.test("UnusedPorts forgets a port that is connected or given back", () => {
  const { unused } = unusedPorts();
  const port = portOf(1);
  unused.add(port, "192.0.2.1");
  unused.delete(port);
  assertEquals([unused.size, unused.dispensableFor(asker)], [0, undefined]);
});
