/**
 * A connection's outward side with a gate before it.
 *
 * @module
 */

import type { Connection } from "../../net/connection.ts";

/** Lets writes through while it is open, as it is at first; while it is shut they wait. */
export class Gate implements Pick<Connection, "write" | "closeWrite"> {
  readonly #connection: Connection;
  #shut: PromiseWithResolvers<void> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  shut(): void {
    this.#shut ??= Promise.withResolvers();
  }

  /** Lets pass what waits. */
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
