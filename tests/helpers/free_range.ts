/**
 * Ranges of ports for tests.
 *
 * @module
 */

import { PortRange } from "../../lib/data/port_range.ts";

/**
 * A range of `size` ports that were free a moment ago: below those that Linux gives to outgoing connections (ip(7)), of
 * which a run of all tests has some everywhere.
 */
export function freeRange(size: number, random?: () => number): PortRange {
  for (let first = 20_000; first < 32_000; first += size) {
    const listeners: Deno.TcpListener[] = [];
    try {
      for (let port = first; port < first + size; port++) {
        listeners.push(Deno.listen({ hostname: "127.0.0.1", port }));
      }
      return new PortRange(first, first + size - 1, random ? { random } : {});
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    } finally {
      for (const listener of listeners) listener.close();
    }
  }
  throw new Error("No free ports for the test");
}
