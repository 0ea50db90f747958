/**
 * Threads of a server that give way to others (Linux).
 *
 * @module
 */

/** Downloads after which a server has long started its threads: each takes longer than a thread needs to load. */
const ENOUGH = 500;

/**
 * Calls `download` until process `pid` has threads that give way, `most` times at most. Resolves to their nice values,
 * beyond those of the others; to none where there are none.
 */
export async function untilGivenWay(pid: number, download: () => Promise<unknown>, most = ENOUGH): Promise<number[]> {
  for (let downloads = 0; downloads < most; downloads++) {
    await download();
    const found = await niceValues(pid);
    if (found.length > 0) return found;
  }
  return [];
}

async function niceValues(pid: number): Promise<number[]> {
  const own = await niceValue(`/proc/${pid}/stat`);
  const found: number[] = [];
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    // A thread may have ended meanwhile.
    const nice = await niceValue(`/proc/${pid}/task/${name}/stat`).catch(() => own);
    if (nice > own) found.push(nice - own);
  }
  return found;
}

async function niceValue(path: string): Promise<number> {
  const stat = await Deno.readTextFile(path);
  // The 17th field behind the name, which may have anything in it (proc(5)).
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
}
