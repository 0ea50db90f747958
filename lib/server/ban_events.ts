/**
 * Bans as events.
 *
 * @module
 */

import type { Ban, BanSettings } from "../auth/bans.ts";
import type { EventStream } from "../events.ts";
import { networkOf } from "../net/address_key.ts";

/** The callbacks of bans that report each beginning and end to `events`. */
export function banEvents(events: EventStream): Required<Pick<BanSettings, "onBanned" | "onAllowed">> {
  return {
    onBanned: ({ address, reason, until, round }: Ban) =>
      events.emit({ type: "addressBanned", address, network: networkOf(address), reason, until, round }),
    onAllowed: ({ address, since }: Ban) =>
      events.emit({ type: "addressAllowed", address, network: networkOf(address), since }),
  };
}
