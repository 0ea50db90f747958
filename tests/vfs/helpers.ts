/** What the tests of file-system views share. */

import { ForwardingVfs } from "../../lib/vfs/forwarding.ts";
import type { Entry, VfsCapabilities, VirtualPath } from "../../lib/vfs/vfs.ts";
import { ROOT } from "../../lib/vfs/virtual_path.ts";

export { assertFails, at, bytes, drain, listAll, namesOf, put, readText } from "../../lib/vfs/testing/helpers.ts";

/** A driver whose bytes are counted by a walk. */
export class UncountedVfs extends ForwardingVfs {
  override get capabilities(): VfsCapabilities {
    const { usage: _, ...others } = this.inner.capabilities;
    return others;
  }
}

/** A directory of its own for one test, removed at the end. */
export async function withTempDir(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-" }));
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Counts the walks through the tree, and holds the next one at its end where that is wanted. */
export class PausableVfs extends UncountedVfs {
  walks = 0;
  #pause: { readonly reached: () => void; readonly over: Promise<void> } | undefined;

  /** `listed` resolves when a walk has seen everything; it goes on when `resume` is called. */
  pause(): { readonly listed: Promise<void>; readonly resume: () => void } {
    const [listed, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    this.#pause = { reached: listed.resolve, over: over.promise };
    return { listed: listed.promise, resume: over.resolve };
  }

  override async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    if (path === ROOT) this.walks++;
    yield* this.inner.list(path);
    const pause = this.#pause;
    if (path !== ROOT || pause === undefined) return;
    this.#pause = undefined;
    pause.reached();
    await pause.over;
  }
}
