/**
 * What an operator's tools can see and do, whether one event loop serves or several workers.
 *
 * @module
 */

import type { Ban, BanOrder } from "../auth/bans.ts";
import type { SharedBans } from "../options/shared_state.ts";
import type { SessionInfo, TransferInfo } from "../session_info.ts";
import type { Usage } from "../vfs/usage.ts";

/** The live sessions of a server. With several workers every answer is a promise. */
export interface ServerControl {
  /** The live sessions, as they are now. */
  sessions(): readonly SessionInfo[] | Promise<readonly SessionInfo[]>;
  /** The running transfers with their bytes so far. Collected only when this is called. */
  transfers(): readonly TransferInfo[] | Promise<readonly TransferInfo[]>;
  /**
   * Ends a session: its transfer is aborted and answered 426, then it gets a 421 and is closed.
   *
   * @param text of the 421. Default: "Disconnected by an administrator".
   * @returns whether there was such a session.
   */
  disconnect(id: string, text?: string): boolean | Promise<boolean>;
  /** The bans in force. */
  bans(): readonly Ban[] | Promise<readonly Ban[]>;
  /**
   * Shuts out an address, for IPv6 its /64; its sessions go on. Returns the ban, or `undefined` for an address that is
   * never banned (`banExempt`).
   */
  ban(address: string, order: BanOrder): Ban | undefined | Promise<Ban | undefined>;
  /** Ends the ban of an address; returns whether there was one. */
  unban(address: string): boolean | Promise<boolean>;
  /** The bytes in use below the root of an account: those that its quota counts. */
  usageOf(rootPath: string): Usage;
  /** Numbers of the workers that did not answer the last question: their sessions are missing from the answers. */
  readonly silentWorkers: readonly number[];
}

/** The text of the 421 for a session that is ended without another text. */
export const DISCONNECTED = "Disconnected by an administrator";

/** The bans of a shared state that has none to show: whose server it is must be asked about them. */
export const NO_BANS: SharedBans = { list: () => [], ban: () => undefined, lift: () => false };
