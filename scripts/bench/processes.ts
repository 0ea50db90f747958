/**
 * What the system says about a server: its processes, their processor time and their memory (Linux, `/proc`).
 *
 * @module
 */

/** Processor ticks a second: `USER_HZ`, which Linux has fixed at 100 for everything in `/proc`. */
const TICKS = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Processor seconds of the process and of its children that have ended. */
  readonly cpu: number;
}

function readStat(pid: number): Stat | undefined {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The name, in parentheses, may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number);
    const [, parent = 0] = fields;
    const ticks = fields.slice(11, 15).reduce((sum, each) => sum + each, 0);
    return { pid, parent, cpu: ticks / TICKS };
  } catch {
    return undefined; // It has ended meanwhile.
  }
}

/** `root` and everything below it. */
function tree(root: number): Stat[] {
  const children = Map.groupBy(allStats(), ({ parent }) => parent);
  const own = readStat(root);
  const found = own ? [own] : [];
  for (const { pid } of found) found.push(...children.get(pid) ?? []);
  return found;
}

function allStats(): Stat[] {
  const stats: Stat[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
    if (stat) stats.push(stat);
  }
  return stats;
}

/** Processes in the tree below `root`, itself included. */
export function countProcesses(root: number): number {
  return tree(root).length;
}

/** Processor seconds of the tree so far; those of children that have ended count once their parent has noticed. */
export function cpuSeconds(root: number): number {
  return tree(root).reduce((sum, { cpu }) => sum + cpu, 0);
}

/**
 * Processor seconds of a process by its threads, to the nanosecond; {@link cpuSeconds} has steps of 10 ms. It has
 * neither threads that have ended nor other processes.
 */
export function threadSeconds(pid: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    try {
      const [nanoseconds = ""] = Deno.readTextFileSync(`/proc/${pid}/task/${name}/schedstat`).split(" ");
      found.set(name, Number(nanoseconds) / 1e9);
    } catch {
      // The thread has ended meanwhile.
    }
  }
  return found;
}

/** Processor seconds of all processes that this one has started and that have ended. */
export function cpuSecondsOfEnded(): number {
  const text = Deno.readTextFileSync("/proc/self/stat");
  const [user = 0, system = 0] = text.slice(text.lastIndexOf(")") + 2).split(" ").slice(13, 15).map(Number);
  return (user + system) / TICKS;
}

/** Memory of the tree in bytes: each process's own pages, and its share of those that it shares (PSS). */
export function memoryOf(root: number): number {
  return tree(root).reduce((sum, { pid }) => sum + proportionalSize(pid, ["Pss"]), 0);
}

/**
 * As {@link memoryOf}, without pages of files: those of a program come with the first call of what is in them, other
 * processes may share them, and the system takes them back when it likes.
 */
export function heldMemoryOf(root: number): number {
  return tree(root).reduce((sum, { pid }) => sum + proportionalSize(pid, ["Pss_Anon", "Pss_Shmem"]), 0);
}

function proportionalSize(pid: number, parts: readonly string[]): number {
  try {
    const sizes = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`).matchAll(/^(\w+):\s+(\d+) kB/gm);
    return sizes.reduce((sum, [, part = "", size]) => parts.includes(part) ? sum + Number(size) * 1024 : sum, 0);
  } catch {
    return 0;
  }
}

/** Watches the memory of a tree until disposed of. */
export class PeakMemory implements Disposable {
  readonly #root: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #peak = 0;

  /** @param milliseconds between two looks, each of which costs about one itself. */
  constructor(root: number, milliseconds = 25) {
    this.#root = root;
    this.#look();
    this.#timer = setInterval(() => this.#look(), milliseconds);
  }

  /** The most there was, in bytes. */
  get bytes(): number {
    this.#look();
    return this.#peak;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, memoryOf(this.#root));
  }
}

/** The machine in general words. */
export function describeMachine(): string {
  const { total } = Deno.systemMemoryInfo();
  const cores = navigator.hardwareConcurrency;
  const gigabytes = Math.round(total / 2 ** 30);
  return `${cores} cores, ${gigabytes} GiB of memory, ${Deno.build.os} ${Deno.build.arch}, Deno ${Deno.version.deno}`;
}
