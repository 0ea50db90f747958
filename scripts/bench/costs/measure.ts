/**
 * What it costs our server to be watched, or to be one of several: processor time for each login, file, command and
 * GiB, and what a client sees, against the same server by itself.
 *
 * @module
 */

import type { Target } from "../client.ts";
import { threadSeconds } from "../processes.ts";
import { formatNumber, median, spread } from "../results.ts";
import { startingWith } from "../run.ts";
import { RunningServer } from "../running.ts";
import type { Server } from "../server.ts";
import { inColumns } from "../table.ts";
import type { Scene } from "../trials.ts";
import type { Work } from "./works.ts";

/** Our server in one of the ways that are compared. */
export interface Way {
  readonly server: Server;
  /** Once the server runs: what belongs to it, until it is disposed. */
  readonly attend?: (server: RunningServer) => Promise<Attendance>;
  /** How often the other end was asked. It goes on after the work that it is asked about. */
  readonly asked?: () => number;
}

/** What belongs to a server. */
export interface Attendance extends AsyncDisposable {
  /** Where clients connect instead of to the server. */
  readonly entrance?: Omit<Target, "user">;
}

/** One run of a {@link Work}. */
interface Sample {
  /** Processor time for a unit. */
  readonly cost: number;
  readonly seen: number;
}

/** Everything that was measured: by work, by server, in the order of the rounds. */
export type Costs = ReadonlyMap<Work, ReadonlyMap<string, readonly Sample[]>>;

/** What one of the ways leaves of a number that no server of ours is part of. */
export interface Limit {
  readonly title: string;
  readonly unit: string;
  /** By name of a server, in the order of the rounds. */
  readonly samples: ReadonlyMap<string, readonly number[]>;
}

/** Milliseconds without a question after which a service has been asked all. */
const QUIET = 100;
/**
 * Short turns of each server in a round, of which the best counts: what other programs do to the processor and its
 * caches in the meantime only adds.
 */
const TURNS = 3;

/** A server under measurement. */
interface Subject {
  readonly way: Way;
  readonly server: RunningServer;
  readonly target: Target;
}

/** Measures `works`; every server once in each round, begun by another one each time. */
export async function measureCosts(
  scene: Scene,
  { works, ways }: { readonly works: readonly Work[]; readonly ways: readonly Way[] },
  progress: (text: string) => void,
): Promise<Costs> {
  const { grounds, trees: { memory }, scale } = scene;
  await using parts = new AsyncDisposableStack();
  const subjects: Subject[] = [];
  for (const way of ways) {
    const server = parts.use(await RunningServer.start(way.server, { root: memory.root, secure: false }, grounds));
    const attendance = way.attend && parts.use(await way.attend(server));
    const target = { user: way.server.user, port: server.port, ...attendance?.entrance };
    subjects.push({ way, server, target });
  }
  const costs = new Map(works.map((work) => [work, new Map(ways.map(({ server }) => [server.name, [] as Sample[]]))]));
  // In the round before the first, code is compiled and caches are filled.
  for (let round = -1; round < scale.rounds; round++) {
    for (const work of works) {
      progress(`${work.title}: round ${round + 1} of ${scale.rounds}`);
      const best = new Map<string, Sample>();
      for (let turn = 0; turn < TURNS; turn++) {
        for (const subject of startingWith(subjects, Math.max(0, round + turn))) {
          const { name } = subject.way.server;
          best.set(name, betterOf(work, await measure(work, scene, subject), best.get(name)));
        }
      }
      if (round < 0) continue;
      for (const [name, sample] of best) costs.get(work)?.get(name)?.push(sample);
    }
  }
  return costs;
}

async function measure(work: Work, scene: Scene, { way, server, target }: Subject): Promise<Sample> {
  const { memory } = scene.trees;
  memory.empty("up");
  if (work.mode === "stor") memory.warm(scene.scale.large);
  const before = threadSeconds(server.pid);
  const report = await scene.client.measure(target, work.mode, ...work.arguments(scene));
  await answered(way);
  let seconds = 0;
  for (const [thread, now] of threadSeconds(server.pid)) seconds += now - (before.get(thread) ?? 0);
  return { cost: seconds * work.factor / work.count(report, scene), seen: work.seen.value(report) };
}

function betterOf({ seen }: Work, one: Sample, other: Sample = one): Sample {
  const best = seen.better === "higher" ? Math.max : Math.min;
  return { cost: Math.min(one.cost, other.cost), seen: best(one.seen, other.seen) };
}

/** What follows the work, such as events on their way, is part of its price. */
async function answered({ asked }: Way): Promise<void> {
  for (let before = -1; asked && before !== asked();) {
    before = asked();
    await new Promise((resolve) => setTimeout(resolve, QUIET));
  }
}

/** A Markdown table: medians, the spread of the rounds, and the ratio to the first server; then the limits. */
export function formatCosts(costs: Costs, limits: readonly Limit[] = []): string {
  const [anyWork = new Map<string, readonly Sample[]>()] = costs.values();
  const lines = Array.from(costs).flatMap(([work, measured]) => {
    const row = (title: string, unit: string, pick: (sample: Sample) => number) => [
      ...[title, unit],
      ...[...measured.values()].map((samples, _, [plain = []]) => cellOf(samples.map(pick), plain.map(pick))),
    ];
    return [
      row(work.title, work.unit, ({ cost }) => cost),
      row("… as the client sees it", work.seen.title, ({ seen }) => seen),
    ];
  });
  const limitLines = limits.map(({ title, unit, samples }) => {
    const [plain = []] = samples.values();
    const cells = Array.from(anyWork.keys(), (name) => samples.get(name)).map((each) =>
      each ? cellOf(each, plain) : "–"
    );
    return [title, unit, ...cells];
  });
  return inColumns([["row", "unit", ...anyWork.keys()], ...lines, ...limitLines]);
}

/** The ratio is the median of those within each round: what else the machine does meanwhile falls on both alike. */
function cellOf(values: readonly number[], plain: readonly number[]): string {
  const ratio = median(values.map((value, round) => value / (plain[round] ?? NaN)));
  const compared = values.every((value, round) => value === plain[round]) ? "" : ` (${ratio.toFixed(2)})`;
  return `${formatNumber(median(values))} ±${(spread(values) * 100).toFixed(0)}%${compared}`;
}
