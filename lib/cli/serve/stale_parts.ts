/**
 * Looks through the roots for what is left of uploads that were killed: soon after the start, and regularly.
 *
 * @module
 */

import { accountOfMount, type AccountsStore } from "../../auth/accounts.ts";
import type { EventStream } from "../../events.ts";
import type { OpenFileSystem } from "../../options.ts";
import { sweepStaleParts } from "../../vfs/stale_parts.ts";

/** Milliseconds until the first look: whoever has waited for the server has been served by then. */
const LATER = 1000;
/** Milliseconds between two looks: six hours. */
const INTERVAL = 21_600_000;

/** What is needed to look through the roots. */
export interface SweepOptions {
  readonly accounts: AccountsStore;
  readonly open: OpenFileSystem;
  readonly events: EventStream;
}

/** Will look through the roots of all accounts, for the first time in a second. Disposing of the result ends that. */
export function sweepRoots(options: SweepOptions): AsyncDisposable {
  const over = new AbortController();
  let running = Promise.resolve();
  const look = (): void => void (running = running.then(() => sweep(options, over.signal)));
  const first = setTimeout(look, LATER);
  const others = setInterval(look, INTERVAL);
  return {
    async [Symbol.asyncDispose]() {
      clearTimeout(first);
      clearInterval(others);
      over.abort();
      await running;
    },
  };
}

async function sweep({ accounts, open, events }: SweepOptions, signal: AbortSignal): Promise<void> {
  const all = accounts.list().filter(({ enabled }) => enabled);
  const roots = new Map(
    all.flatMap((account) => [account, ...account.mounts.map((mount) => accountOfMount(account, mount))])
      .map((account) => [account.rootPath, account]),
  );
  for (const [root, account] of roots) {
    if (signal.aborted) return;
    try {
      const { files, bytes } = await sweepStaleParts(await open(account), signal);
      if (files === 0) continue;
      const parts = files === 1 ? "1 part of an upload that was killed" : `${files} parts of uploads that were killed`;
      events.emit({ type: "notice", level: "info", message: `Removed ${parts}, ${bytes} bytes, below "${root}"` });
    } catch (error) {
      const message = `Cannot look for parts of uploads that were killed below "${root}"`;
      events.emit({ type: "problem", level: "warning", message, error });
    }
  }
}
