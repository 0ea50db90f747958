/**
 * What sessions see of their server and of each other.
 *
 * @module
 */

import type { ControlInfo, ServerView } from "../commands/context.ts";
import { PublicAddress } from "../data/public_address.ts";
import type { EventStream } from "../events.ts";
import type { LingeringConnections } from "../net/lingering.ts";
import type { Options } from "../options.ts";
import type { SharedState } from "../options/shared_state.ts";
import type { SessionInfo } from "../session_info.ts";

/** What a view shows. */
export interface ViewParts {
  readonly options: Options;
  readonly sharedState: SharedState;
  readonly events: EventStream;
  readonly lingering: LingeringConnections;
  /** The sessions of this server. */
  readonly sessions: () => readonly SessionInfo[];
}

/** The view of a server. */
export function makeView({ options, sharedState, events, lingering, sessions }: ViewParts): ServerView {
  const { passiveAddress, passiveLocalNetworks } = options;
  const publicAddress = new PublicAddress({
    ...(passiveAddress !== undefined && { address: passiveAddress }),
    localNetworks: passiveLocalNetworks,
    onProblem: (message) => events.emit({ type: "problem", level: "warning", message }),
  });
  return {
    since: options.clock(),
    recentUploads: sharedState.recentUploads,
    lingering,
    get sessionCount() {
      return sharedState.sessions.count;
    },
    // Its own first; without those of others if they cannot be asked.
    sessions: () => {
      const others = sharedState.others();
      const withOwn = (others: readonly SessionInfo[]) => [...sessions(), ...others];
      return others instanceof Promise ? others.catch(() => []).then(withOwn) : withOwn(others);
    },
    passiveAddress: (control: ControlInfo) => publicAddress.forClient(control),
  };
}
