/**
 * Commands that run one after the other in the background. What has not run yet survives the end of the program.
 *
 * @module
 */

/** A command that waits. */
export interface QueuedLine {
  /** The server and the account, as `ftp://user@host`. */
  readonly server: string;
  /** The directory there. */
  readonly directory: string;
  /** The directory here. */
  readonly local: string;
  /** The command, as it was typed. */
  readonly line: string;
}

/** Keeps the lines. */
export interface QueueStore {
  read(): Promise<readonly QueuedLine[]>;
  /** Replaces them by what `change` makes of them. */
  update(change: (lines: readonly QueuedLine[]) => readonly QueuedLine[]): Promise<void>;
}

/** The lines of one server, in their order. */
export async function linesFor(store: QueueStore, server: string): Promise<readonly QueuedLine[]> {
  return (await store.read()).filter((line) => line.server === server);
}

/** Takes one line that is equal to `done` out. */
export async function takeOut(store: QueueStore, done: QueuedLine): Promise<void> {
  await store.update((lines) => {
    const at = lines.findIndex((line) => isSame(line, done));
    return at < 0 ? lines : lines.toSpliced(at, 1);
  });
}

function isSame(a: QueuedLine, b: QueuedLine): boolean {
  return a.server === b.server && a.directory === b.directory && a.local === b.local && a.line === b.line;
}
