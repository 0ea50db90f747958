/**
 * A fixture with hooks, in a thread and in a process.
 *
 * @module
 */

import { type Fixture, type FixtureHooks, startFixture } from "../../lib/fixture/fixture.ts";
import { logIn, USER } from "../fixture/helpers.ts";
import type { Wire } from "../helpers/wire.ts";

/** What a test works with. */
export interface HookedStage {
  readonly server: Fixture;
  readonly ftp: Wire;
  /** The first problem, past or to come, with this in its message. */
  problem(part: string): Promise<string>;
  /** What hooks print in the future, or have printed after that entry of the journal. */
  printed(part: string, after?: number): Promise<string>;
}

/** Writes `source` to a file for as long as `act` needs it. */
export async function withFile(source: string, act: (file: string) => Promise<void>): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, source);
    await act(file);
  } finally {
    await Deno.remove(file);
  }
}

/** Runs `act` on a fixture with these hooks, in both kinds of sandbox. */
export function hooked(
  name: string,
  { source, ...limits }: { readonly source: string } & Omit<FixtureHooks, "file" | "process">,
  act: (stage: HookedStage) => Promise<void>,
): void {
  for (const process of [false, true]) {
    Deno.test(`${name}: ${process ? "process" : "thread"}`, () =>
      withFile(source, async (file) => {
        const hooks = { file, process, ...limits };
        await using server: Fixture = await startFixture({ users: { [USER.name]: USER.password }, hooks });
        await using ftp = await logIn(server);
        const message = async (part: string, after: number) => {
          const found = await server.waitFor(
            (entry) => "message" in entry && entry.message.includes(part),
            { after, timeout: 20_000 },
          );
          return "message" in found ? found.message : "";
        };
        await act({
          server,
          ftp,
          problem: (part) => message(part, 0),
          printed: (part, after = 0) => message(`Hooks print: ${part}`, after),
        });
      }));
  }
}
