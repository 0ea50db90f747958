/**
 * A connection's outgoing direction behind a gate.
 *
 * @module
 */

import type { Connection } from "../../net/connection.ts";

/** Lets writes through while it is open, which it is at first; while it is closed they wait. */
export class Gate implements Pick<Connection, "write" | "closeWrite"> {
  readonly #connection: Connection;
  #shut: PromiseWithResolvers<void> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  shut(): void {
    this.#shut ??= Promise.withResolvers();
  }

  /** Releases the waiting writes. */
  open(): void {
    this.#shut?.resolve();
    this.#shut = undefined;
  }

  write(data: Uint8Array): Promise<number> {
    return this.#shut ? this.#shut.promise.then(() => this.write(data)) : this.#connection.write(data);
  }

  closeWrite(): Promise<void> {
    return this.#shut ? this.#shut.promise.then(() => this.closeWrite()) : this.#connection.closeWrite();
  }
}
