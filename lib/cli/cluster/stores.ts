/**
 * Object stores that the servers of a cluster use together.
 *
 * @module
 */

import type { Cluster } from "../../cluster/cluster.ts";
import { Janitor } from "../../cluster/janitor.ts";
import { ClusterLocks } from "../../cluster/upload_locks.ts";
import { ClusterUploads } from "../../cluster/uploads.ts";
import type { EventStream } from "../../events.ts";
import type { ObjectStores } from "../storage/object_stores.ts";

/** A member's part in the object stores of its cluster. Disposing it leaves to the others what it has not ended. */
export interface SharedStores extends AsyncDisposable {
  /** Ends from now on what dead members leave, if no other member does. */
  begin(): void;
}

/** Makes uploads to `stores` known to all members, and locks them against theirs. To be called before it joins. */
export function shareStores(
  cluster: Cluster,
  stores: ObjectStores,
  events: Pick<EventStream, "emit">,
): SharedStores {
  const locks = new ClusterLocks(cluster, (key) => stores.wanted(key));
  stores.share({ registry: new ClusterUploads(cluster), locks });
  const janitor = new Janitor(
    cluster,
    () => stores.driver.sweep(),
    (message) => events.emit({ type: "problem", level: "warning", message }),
  );
  return {
    begin: () => janitor.begin(),
    [Symbol.asyncDispose]: async () => {
      await janitor[Symbol.asyncDispose]();
      locks[Symbol.dispose]();
    },
  };
}
