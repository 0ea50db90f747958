/**
 * What probes and Prometheus see of a cluster.
 *
 * @module
 */

import type { Cluster } from "../../cluster/cluster.ts";
import type { Family } from "../../metrics/exposition.ts";
import { counter, gauge } from "../../metrics/server_families.ts";

const LOST = "shared state lost";

/** Whether a member is connected, now and before. */
export class ClusterHealth {
  readonly #cluster: Cluster;
  #losses = 0;

  /** To be made before the cluster begins. */
  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    cluster.on({ lost: () => void this.#losses++ });
  }

  /** Why no new sessions are taken; `undefined`: they are. */
  get unready(): string | undefined {
    return this.#cluster.onLoss === "refuse" ? this.#trouble : undefined;
  }

  /** What does not work although they are taken; `undefined`: all does. */
  get degraded(): string | undefined {
    return this.#cluster.onLoss === "continue" ? this.#trouble : undefined;
  }

  /** Its metrics. */
  families(): Family[] {
    const { state, members } = this.#cluster;
    return [
      gauge("denoftpd_cluster_connected", "Whether the shared state answers.", [{ value: state === "lost" ? 0 : 1 }]),
      gauge("denoftpd_cluster_members", "Members of the cluster, as last known.", [{ value: members.size }]),
      counter("denoftpd_cluster_losses", "How often the shared state was lost.", [{ value: this.#losses }]),
    ];
  }

  get #trouble(): string | undefined {
    return this.#cluster.state === "lost" ? LOST : undefined;
  }
}
