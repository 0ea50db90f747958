/**
 * `deno task bench --only operations`: what it costs our server to be watched, in processor time for each login, file,
 * command and GiB, against the same server that nothing watches.
 *
 * @module
 */

import type { Report } from "../client.ts";
import { threadSeconds } from "../processes.ts";
import { formatNumber, median, spread } from "../results.ts";
import { startingWith } from "../run.ts";
import { RunningServer } from "../running.ts";
import { inColumns } from "../table.ts";
import type { Scene } from "../trials.ts";
import { type Watching, watchings } from "./watched.ts";

/** The work of one trial, and how it is counted. */
interface Work {
  readonly title: string;
  /** What processor time is told for. */
  readonly unit: string;
  /** Microseconds, or milliseconds where a unit takes long. */
  readonly factor: number;
  readonly mode: string;
  readonly arguments: (scene: Scene) => readonly (string | number)[];
  /** Units that were done. */
  readonly count: (report: Report, scene: Scene) => number;
  /** The other number of the row, as the client saw it. */
  readonly seen: { readonly title: string; readonly value: (report: Report) => number };
}

/** One run of a {@link Work}. */
interface Sample {
  /** Processor time for a unit. */
  readonly cost: number;
  readonly seen: number;
}

/** Everything that was measured: by work, by server, in the order of the rounds. */
export type Costs = ReadonlyMap<string, ReadonlyMap<string, readonly Sample[]>>;

const GIB = 2 ** 30;
const MICRO = 1e6;
const MILLI = 1e3;
/** Milliseconds without a question after which a service has been asked all. */
const QUIET = 100;
/**
 * Short turns of each server in a round, of which the best counts: what other programs do to the processor and its
 * caches in the meantime only adds.
 */
const TURNS = 3;

const counted = ({ count = NaN }: Report): number => count;
const perSecond = { title: "a second", value: ({ count = NaN, seconds = NaN }: Report) => count / seconds };
const gibPerSecond = { title: "GB/s", value: ({ bytes = NaN, seconds = NaN }: Report) => bytes / seconds / 1e9 };
const small =
  (verb: "RETR" | "STOR", folder: string) => ({ scale }: Scene) => [verb, folder, scale.small, scale.patience];

const WORKS: readonly Work[] = [
  {
    title: "Logins, one after the other",
    unit: "µs a login",
    factor: MICRO,
    mode: "login",
    arguments: ({ scale }) => [scale.logins, 1, scale.patience],
    count: counted,
    seen: perSecond,
  },
  {
    title: "RETR of 4 KiB files",
    unit: "µs a file",
    factor: MICRO,
    mode: "small",
    arguments: small("RETR", "/small"),
    count: counted,
    seen: perSecond,
  },
  {
    title: "STOR of 4 KiB files",
    unit: "µs a file",
    factor: MICRO,
    mode: "small",
    arguments: small("STOR", "/up"),
    count: counted,
    seen: perSecond,
  },
  {
    title: "RETR of a large file",
    unit: "ms a GiB",
    factor: MILLI,
    mode: "retr",
    arguments: () => ["/large", 1],
    count: ({ bytes = NaN }) => bytes / GIB,
    seen: gibPerSecond,
  },
  {
    title: "STOR of a large file",
    unit: "ms a GiB",
    factor: MILLI,
    mode: "stor",
    arguments: ({ scale }) => ["/up/large", scale.large],
    count: ({ bytes = NaN }) => bytes / GIB,
    seen: gibPerSecond,
  },
  {
    title: "NOOP, one by one",
    unit: "µs a command",
    factor: MICRO,
    mode: "noop",
    arguments: ({ scale }) => [scale.noops, 1],
    count: (_, { scale }) => scale.noops + 1,
    seen: { title: "µs at p99", value: ({ p99 = NaN }) => p99 * MICRO },
  },
];

/** Measures those whose names are `wanted`, or all; every server once in each round, begun by another one each time. */
export async function measureCosts(
  scene: Scene,
  wanted: readonly string[] | undefined,
  progress: (text: string) => void,
): Promise<Costs> {
  const { grounds, trees: { memory }, scale } = scene;
  await using parts = new AsyncDisposableStack();
  const watched = parts.use(watchings(Deno.makeTempDirSync({ dir: grounds.scratch })));
  const all = watched.all.filter(({ server: { name } }, index) => index === 0 || (wanted?.includes(name) ?? true));
  const running = new Map<Watching, RunningServer>();
  for (const watching of all) {
    const setup = { root: memory.root, secure: false };
    running.set(watching, parts.use(await RunningServer.start(watching.server, setup, grounds)));
    if (watching.attend) parts.use(await watching.attend());
  }
  const costs = new Map(
    WORKS.map(({ title }) => [title, new Map(all.map(({ server }) => [server.name, [] as Sample[]]))]),
  );
  // In the round before the first, code is compiled and caches are filled.
  for (let round = -1; round < scale.rounds; round++) {
    for (const work of WORKS) {
      progress(`${work.title}: round ${round + 1} of ${scale.rounds}`);
      const best = new Map<string, Sample>();
      for (let turn = 0; turn < TURNS; turn++) {
        for (const [watching, server] of startingWith([...running], Math.max(0, round + turn))) {
          const sample = await measure(work, scene, { watching, server });
          const { name } = watching.server;
          if (sample.cost < (best.get(name)?.cost ?? Infinity)) best.set(name, sample);
        }
      }
      if (round < 0) continue;
      for (const [name, sample] of best) costs.get(work.title)?.get(name)?.push(sample);
    }
  }
  return costs;
}

async function measure(
  work: Work,
  scene: Scene,
  { watching, server }: { readonly watching: Watching; readonly server: RunningServer },
): Promise<Sample> {
  const { memory } = scene.trees;
  memory.empty("up");
  if (work.mode === "stor") memory.warm(scene.scale.large);
  const before = threadSeconds(server.pid);
  const target = { port: server.port, user: server.server.user };
  const report = await scene.client.measure(target, work.mode, ...work.arguments(scene));
  await answered(watching);
  let seconds = 0;
  for (const [thread, now] of threadSeconds(server.pid)) seconds += now - (before.get(thread) ?? 0);
  return { cost: seconds * work.factor / work.count(report, scene), seen: work.seen.value(report) };
}

/** What follows the work, such as events on their way, is part of its price. */
async function answered({ asked }: Watching): Promise<void> {
  for (let before = -1; asked && before !== asked();) {
    before = asked();
    await new Promise((resolve) => setTimeout(resolve, QUIET));
  }
}

/** A Markdown table: medians, the spread of the rounds, and the ratio to the server that nothing watches. */
export function formatCosts(costs: Costs): string {
  const [anyWork = new Map<string, readonly Sample[]>()] = costs.values();
  const lines = WORKS.flatMap((work) => {
    const measured = costs.get(work.title) ?? new Map<string, readonly Sample[]>();
    const row = (title: string, unit: string, pick: (sample: Sample) => number) => [
      ...[title, unit],
      ...[...measured.values()].map((samples, _, [plain = []]) => cellOf(samples.map(pick), plain.map(pick))),
    ];
    return [
      row(work.title, work.unit, ({ cost }) => cost),
      row("… as the client sees it", work.seen.title, ({ seen }) => seen),
    ];
  });
  return inColumns([["row", "unit", ...anyWork.keys()], ...lines]);
}

/** The ratio is the median of those within each round: what else the machine does meanwhile falls on both alike. */
function cellOf(values: readonly number[], plain: readonly number[]): string {
  const ratio = median(values.map((value, round) => value / (plain[round] ?? NaN)));
  const compared = values.every((value, round) => value === plain[round]) ? "" : ` (${ratio.toFixed(2)})`;
  return `${formatNumber(median(values))} ±${(spread(values) * 100).toFixed(0)}%${compared}`;
}
