/**
 * Threads of a server that give way to others (Linux).
 *
 * @module
 */

/** Downloads after which a server has long started its threads: each takes longer than a thread needs to load. */
const ENOUGH = 500;

/**
 * Calls `download` until process `pid` has threads that give way. Resolves to their nice values; to none when there are still none after
 * many downloads.
 */
export async function untilGivenWay(pid: number, download: () => Promise<unknown>): Promise<number[]> {
  for (let downloads = 0; downloads < ENOUGH; downloads++) {
    await download();
    const found = await niceValues(pid);
    if (found.length > 0) return found;
  }
  return [];
}

async function niceValues(pid: number): Promise<number[]> {
  const found: number[] = [];
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    // A thread may have ended meanwhile.
    const stat = await Deno.readTextFile(`/proc/${pid}/task/${name}/stat`).catch(() => "");
    // The 17th field behind the name, which may have anything in it (proc(5)).
    const nice = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
    if (nice > 0) found.push(nice);
  }
  return found;
}
