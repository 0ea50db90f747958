/**
 * The least server of the runtime, in the two ways that ours is run: the floor of what any server in TypeScript costs,
 * and no peer. It serves nobody outside of a benchmark.
 *
 * @module
 */

import { fromFileUrl, join, resolve } from "@std/path";
import { bundle } from "../compile/bundle.ts";
import { describeCommit } from "../compile/commit.ts";
import { findCompiler } from "../compile/compiler.ts";
import { makeExecutable } from "../compile/executable.ts";
import { type Launch, type Place, RUNTIME_FLAGS, type Server } from "./server.ts";

/** From source. */
export const LEAST = "least server";

/** Compiled as ours is: onto the same base, with the same flags, and without code that was compiled before. */
export const LEAST_EXECUTABLE = "least server executable";

const SCRIPT = "scripts/bench/peers/least_server.ts";
const ABOUT = { user: "bench", forks: false, tls: true, benchOnly: true } as const;

/** Both of them; `cache` as in {@link compileLeast}. */
export function leastServers(cache: string): readonly Server[] {
  return [
    { ...ABOUT, name: LEAST, launch: fromSource },
    {
      ...ABOUT,
      name: LEAST_EXECUTABLE,
      launch: (place) => ({ command: executableIn(cache), args: programArguments(place) }),
    },
  ];
}

/** Compiles the least server into `cache`. The working directory is this checkout. @throws {Error} where that fails. */
export async function compileLeast(cache: string): Promise<void> {
  const target = Deno.build.target;
  const compiler = await findCompiler(target, { cache: ".cache/compile", release: false, tell: () => {} });
  const folder = await bundle({
    folder: ".cache/compile/least",
    entry: SCRIPT,
    build: { commit: await describeCommit() },
  });
  await makeExecutable(compiler, { folder, target, output: resolve(executableIn(cache)), codeCache: false });
}

function executableIn(cache: string): string {
  return join(cache, "least-server");
}

function fromSource(place: Place): Launch {
  const { root, tls } = place;
  const readable = [root, ...tls ? [tls.cert, tls.key] : []].join(",");
  const permissions = ["--allow-net=127.0.0.1", `--allow-read=${readable}`, `--allow-write=${root}`];
  const script = fromFileUrl(new URL("./peers/least_server.ts", import.meta.url));
  return {
    command: Deno.execPath(),
    args: ["run", "--no-prompt", RUNTIME_FLAGS, ...permissions, script, ...programArguments(place)],
  };
}

function programArguments({ port, root, tls }: Place): string[] {
  return [String(port), root, ...tls ? [tls.cert, tls.key] : []];
}
