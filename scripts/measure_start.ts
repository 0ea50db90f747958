// deno-lint-ignore-file no-console -- a script talks to the person who runs it
/**
 * `deno task measure:start [EXECUTABLE…]`: how long `serve` takes from its start to its ready line, for executables and
 * for
 * `deno run`, in turns, so that a busy moment hits all of them. The first start of each fills caches and is told apart.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";

const ROUNDS = 21;

interface Contender {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Milliseconds from exec to ready, one a round. */
  readonly times: number[];
}

/** One start; resolves to milliseconds once the process has ended again. */
async function start([program, ...first]: readonly [string, ...string[]], directory: string): Promise<number> {
  const began = performance.now();
  const child = new Deno.Command(program, {
    args: [...first, "serve", "--port", "0", "--anonymous", directory, "--allow-root"],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let ready = NaN;
  for await (const chunk of child.stdout) {
    if (!Number.isNaN(ready) || !new TextDecoder().decode(chunk).includes("ready")) continue;
    ready = performance.now() - began;
    child.kill("SIGTERM");
  }
  await child.status;
  if (Number.isNaN(ready)) throw new Error(`"${program}" did not get ready`);
  return ready;
}

function report({ name, command, times }: Contender): void {
  const [first = NaN, ...later] = times;
  const median = later.toSorted((a, b) => a - b)[Math.floor(later.length / 2)] ?? NaN;
  const size = name === "deno run" ? "" : `${(Deno.statSync(command[0]).size / 1e6).toFixed(1)} MB`;
  console.log(
    `${name}  ${size}  first ${first.toFixed(0)} ms, median of ${later.length} more ${median.toFixed(0)} ms, least ${
      Math.min(...later).toFixed(0)
    } ms`,
  );
}

const directory = await Deno.makeTempDir();
const main = fromFileUrl(new URL("../main.ts", import.meta.url));
const permissions = ["--no-prompt", "--allow-net=127.0.0.1", `--allow-read=${directory}`];
const executables = Deno.args.length > 0 ? Deno.args : [`dist/${Deno.build.target}/denoftpd`];
const contenders: Contender[] = [
  { name: "deno run", command: [Deno.execPath(), "run", ...permissions, main], times: [] },
  ...executables.map((path): Contender => ({ name: path, command: [path], times: [] })),
];
for (let round = 0; round < ROUNDS; round++) {
  for (const { command, times } of contenders) times.push(await start(command, directory));
}
await Deno.remove(directory);
contenders.forEach(report);
