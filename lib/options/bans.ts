/**
 * The settings of bans, from the options of a server.
 *
 * @module
 */

import type { BanSettings } from "../auth/bans.ts";
import { isLoopback } from "../net/ip.ts";
import type { Options } from "../options.ts";

/** The settings that `options` make, without what is called for each ban. */
export function banSettings(
  { banAfter, banTime, banExempt, banStore, clock }: Pick<
    Options,
    "banAfter" | "banTime" | "banExempt" | "banStore" | "clock"
  >,
): BanSettings {
  return {
    limit: banAfter.limit,
    duration: banTime,
    isExempt: (address) =>
      (!banAfter.loopback && isLoopback(address)) || banExempt.some((network) => network.contains(address)),
    store: banStore,
    now: clock,
  };
}
