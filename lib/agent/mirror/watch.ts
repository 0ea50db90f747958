/**
 * Does something again whenever a local directory changes.
 *
 * @module
 */

/** Milliseconds without a change after which what a program has written is likely to be complete. */
const QUIET = 500;

/**
 * Runs `work` once, and again after every change below `directory`, until `signal` is aborted or `work` rejects. No
 * change is missed: those during a run lead to another one.
 *
 * @throws as `work` does, or if the directory cannot be watched.
 */
export async function whenChanged(directory: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  // Before the first run, so that nothing can change in between.
  using watcher = Deno.watchFs(directory, { recursive: true });
  const changes = watchChanges(watcher, signal);
  while (!signal.aborted) {
    await work();
    await changes.next();
  }
}

/** Yields when there was a change, and nothing more for a while. Ends with the signal. */
async function* watchChanges(watcher: Deno.FsWatcher, signal: AbortSignal): AsyncGenerator<void> {
  let { promise: changed, resolve: change } = Promise.withResolvers<void>();
  let last = 0;
  const close = (): void => change();
  signal.addEventListener("abort", close, { once: true });
  void (async () => {
    for await (const { kind } of watcher) {
      if (kind === "access") continue;
      last = Date.now();
      change();
    }
  })();
  try {
    for (;;) {
      await changed;
      for (let rest = QUIET; rest > 0 && !signal.aborted; rest = last + QUIET - Date.now()) await pause(rest, signal);
      if (signal.aborted) return;
      ({ promise: changed, resolve: change } = Promise.withResolvers<void>());
      yield;
    }
  } finally {
    signal.removeEventListener("abort", close);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    resolve();
  };
  const timer = setTimeout(end, milliseconds);
  signal.addEventListener("abort", end, { once: true });
  return promise;
}
