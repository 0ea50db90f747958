/**
 * `denoftpd fixture`, run in the process of the tests.
 *
 * @module
 */

import type { FixtureHooks } from "../../lib/cli/fixture/ending.ts";
import { type ReadyLine, runFixture } from "../../lib/cli/fixture/fixture.ts";

/** How the command has ended, and what it wrote to standard error. */
export interface EndedFixture {
  readonly status: number;
  readonly stderr: string;
}

/** Runs the command until `act` is through. */
export async function runFixtureCommand(
  args: readonly string[],
  act: (ready: ReadyLine) => Promise<void> = () => Promise.resolve(),
  hooks: FixtureHooks = {},
): Promise<EndedFixture> {
  const stop = new AbortController();
  const ready = Promise.withResolvers<string>();
  let stderr = "";
  const io = { stdout: ready.resolve, stderr: (text: string) => void (stderr += text) };
  const running = runFixture(args, io, { signal: stop.signal, ...hooks });
  running.finally(() => ready.resolve(""));
  const line = await ready.promise;
  try {
    if (line !== "") await act(JSON.parse(line));
  } finally {
    stop.abort();
  }
  return { status: await running, stderr };
}
