/**
 * Urgent data (MSG_OOB), which the runtime cannot send: by the C library. Linux alone.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { LIBC_PATHS, openLibc } from "../../lib/native/libc.ts";
import { duplicateSocket } from "../../lib/native/socket_descriptor.ts";
import type { Connection } from "../../lib/net/connection.ts";

const MSG_OOB = 1;
const SYMBOLS = { send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" } } as const;

/** Sends over the socket between two ends. To be disposed. */
export class UrgentSender implements Disposable {
  readonly #libc = openLibc();
  readonly #sending = openSending();
  readonly #socket: number;

  constructor(ends: Pick<Connection, "localAddr" | "remoteAddr">) {
    assert(this.#libc, "The C library cannot be opened");
    const socket = duplicateSocket(this.#libc.symbols, ends);
    assert(socket !== undefined, "The socket was not found");
    this.#socket = socket;
  }

  /**
   * Sends `bytes` in order with what goes over the connection itself. The last one is the urgent one where `urgent`
   * says so.
   */
  send(bytes: Uint8Array<ArrayBuffer>, { urgent }: { readonly urgent: boolean }): void {
    const sent = this.#sending.symbols.send(this.#socket, bytes, BigInt(bytes.length), urgent ? MSG_OOB : 0);
    assertEquals(Number(sent), bytes.length);
  }

  [Symbol.dispose](): void {
    this.#libc?.symbols.close(this.#socket);
    this.#libc?.close();
    this.#sending.close();
  }
}

function openSending(): Deno.DynamicLibrary<typeof SYMBOLS> {
  for (const path of LIBC_PATHS) {
    try {
      return Deno.dlopen(path, SYMBOLS);
    } catch {
      // Not at this place.
    }
  }
  throw new Error("The C library cannot be opened");
}
