/**
 * The data connection that PASV, EPSV, PORT or EPRT chose, behind one type: who connects to whom is no matter of the transfer.
 *
 * @module
 */

import type { SocketAddress } from "../net/connection.ts";
import { type ActiveOptions, connectActive } from "./active.ts";
import type { DataConnector, PassivePorts } from "./connector.ts";
import { listenPassive } from "./passive.ts";

export { type ActiveOptions, connectActive } from "./active.ts";
export {
  DataConnectionError,
  type DataConnectionFailure,
  type DataConnector,
  type PassiveEnd,
  type PassiveOptions,
} from "./connector.ts";
export { listenPassive } from "./passive.ts";

/** Who makes data ports: this thread, or another that moves their bytes as well. */
export interface DataEngine extends PassivePorts {
  /** As {@link connectActive}. */
  active(target: SocketAddress, options: ActiveOptions): DataConnector;
  /** A large download moves in this thread and keeps others waiting: the next ones had better have another, if there is any to be had. */
  expectBulk?(): void;
}

/** Ports of this thread. */
export const localEngine: DataEngine = { passive: listenPassive, active: connectActive };
