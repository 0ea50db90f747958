/**
 * What the operating system says of a process (Linux: proc(5)): the truth about leaks, whatever the process itself
 * counts.
 *
 * @module
 */

/** What a process holds at one moment. */
export interface Holdings {
  /** Listening TCP sockets. */
  readonly listeners: number;
  /** TCP sockets that do not listen, connected or on their way to an end. */
  readonly connections: number;
  /** Open files below the directory that was asked for. */
  readonly files: number;
  /** Everything that is open, whatever it is. */
  readonly descriptors: number;
  /** Resident memory in MiB. */
  readonly residentMiB: number;
}

/** State of a socket that listens, as proc(5) writes it. */
const LISTEN = "0A";

/** What process `pid` holds; files are counted below `directory`. */
export function holdings(pid: number, directory: string): Holdings {
  const targets = descriptors(pid);
  const inodes = targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
  const states = tcpStates(pid);
  const listeners = inodes.filter((inode) => states.get(inode) === LISTEN).length;
  return {
    listeners,
    connections: inodes.filter((inode) => states.has(inode)).length - listeners,
    files: targets.filter((target) => target.startsWith(`${directory}/`)).length,
    descriptors: targets.length,
    residentMiB: residentMiB(pid),
  };
}

/** Resident memory of process `pid` in MiB. */
export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) / 1024;
}

/** How many descriptors process `pid` has open. */
export function countDescriptors(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

function descriptors(pid: number): string[] {
  const targets: string[] = [];
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      targets.push(Deno.readLinkSync(`/proc/${pid}/fd/${name}`));
    } catch (error) {
      // Closed since the directory was read, so it is not held.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return targets;
}

/** State of each TCP socket of the process's network, by inode. */
function tcpStates(pid: number): Map<string, string> {
  const states = new Map<string, string>();
  for (const table of ["tcp", "tcp6"]) {
    for (const line of Deno.readTextFileSync(`/proc/${pid}/net/${table}`).split("\n").slice(1)) {
      const [, , , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state !== undefined && inode !== undefined) states.set(inode, state);
    }
  }
  return states;
}

/** Seconds that process `pid` has kept a processor busy so far, in its own code and in the system's. */
export function processorSeconds(pid: number): number {
  const TICKS_A_SECOND = 100;
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name of the program comes before, in parentheses, and may hold spaces.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** How many threads process `pid` has. */
export function countThreads(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].length;
}

/** How many processes `pid` has started that are still there, or their own, and have not been waited for. */
export function countDescendants(pid: number): number {
  const parents = new Map<number, number>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (/^\d+$/.test(name)) parents.set(Number(name), parentOf(name));
  }
  const isBelow = (each: number): boolean => {
    const parent = parents.get(each);
    return parent !== undefined && (parent === pid || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).length;
}

/** 0 if it has just ended. */
function parentOf(pid: string): number {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}
