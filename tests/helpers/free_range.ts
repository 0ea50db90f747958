/**
 * Ranges of ports for tests.
 *
 * @module
 */

import { PortRange } from "../../lib/data/port_range.ts";

/** Below the ports that Linux gives to outgoing connections (ip(7)): a run of all tests has some everywhere there. */
const [FIRST, LAST] = [20_000, 32_000];
/** Ports between the beginnings of two processes: suites that run side by side would meet in one range. */
const STRIDE = 80;

/** A range of `size` ports that were free a moment ago. */
export function freeRange(size: number, random?: () => number): PortRange {
  const places = LAST - FIRST - size;
  for (let tried = 0; tried < places; tried += size) {
    const first = FIRST + (Deno.pid * STRIDE + tried) % places;
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
