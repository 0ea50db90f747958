/**
 * A ClientHello in records of one byte, sent byte by byte and without a login: where TLS goes by the relay, the server
 * reads it itself.
 */

import { assert, assertRejects } from "@std/assert";
import type { Connection } from "../../lib/net/connection.ts";
import { TlsError } from "../../lib/tls/tls.ts";
import type { Wire } from "../helpers/wire.ts";
import { processorSeconds } from "../soak/proc.ts";
import { endpoint } from "../tls/helpers.ts";
import { measureNoops, report, rounds, Target } from "./stage.ts";

/** A ClientHello of `length` bytes that is never whole, each byte in a record of its own. */
function splitHello(length: number): Uint8Array {
  const message = new Uint8Array(length);
  // Its header, which says that there is more of it.
  message.set([1, 0, (length + 1) >> 8, (length + 1) & 255]);
  return new Uint8Array(Array.from(message, (byte) => [22, 3, 1, 0, 1, byte]).flat());
}

/** Gives `bytes` one by one, counts them, and then ends. */
function oneByOne(bytes: Uint8Array): Connection & { readonly taken: () => number } {
  const address = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
  let taken = 0;
  return {
    localAddr: address,
    remoteAddr: address,
    taken: () => taken,
    read: (buffer) => {
      const byte = bytes[taken];
      if (byte === undefined) return Promise.resolve(null);
      taken++;
      buffer[0] = byte;
      return Promise.resolve(1);
    },
    write: (data) => Promise.resolve(data.length),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
}

/**
 * Sends the last bytes, as many as `slowly` says, one by one in a turn of the event loop each, so that each is read by
 * itself.
 */
async function sendSlowly(wire: Wire, bytes: Uint8Array, { slowly }: { readonly slowly: number }): Promise<void> {
  await wire.sendRaw(bytes.subarray(0, -slowly));
  for (const byte of bytes.subarray(-slowly)) {
    await wire.sendRaw(new Uint8Array([byte]));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** How often `act` takes a part of an array of bytes: what reading a hello consists of. */
async function countParts(act: () => Promise<unknown>): Promise<number> {
  const { subarray } = Uint8Array.prototype;
  let count = 0;
  Uint8Array.prototype.subarray = function (...range) {
    count++;
    return subarray.apply(this, range);
  };
  try {
    await act();
  } finally {
    Uint8Array.prototype.subarray = subarray;
  }
  return count;
}

Deno.test("TlsEndpoint (relay) reads each byte of a hello once, and few records of it", async () => {
  using tls = await endpoint({ route: "relay" });
  const bytes = splitHello(rounds({ short: 500, long: 8000 }));
  const connection = oneByOne(bytes);
  const parts = await countParts(() => assertRejects(() => tls.secure(connection), TlsError));
  report("records of one byte", { sent: bytes.length, taken: connection.taken(), parts });
  assert(connection.taken() < 1000, `took ${connection.taken()} of ${bytes.length} bytes`);
  assert(parts < 20 * connection.taken(), `looked ${parts} times at ${connection.taken()} bytes`);
});

Deno.test("a ClientHello in records of one byte delays no other client", async () => {
  await using target = await Target.start({ tls: true });
  await using wire = await target.login();
  const before = processorSeconds(target.server.pid);
  const attack = async (): Promise<void> => {
    await using attacker = await target.connect();
    await attacker.expect("AUTH TLS", 234);
    // Refused at some point: there is nobody who reads on.
    await sendSlowly(attacker, splitHello(9000), { slowly: rounds({ short: 100, long: 4800 }) }).catch(() => {});
  };
  const attacking = attack();
  const waits = await measureNoops(wire, attacking);
  await attacking;
  report("hello byte by byte", { ...waits, processor: processorSeconds(target.server.pid) - before });
  assert(await target.isAlive());
});
