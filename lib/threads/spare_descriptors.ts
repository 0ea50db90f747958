/**
 * Checks for free descriptors before a thread is started. The runtime ends the whole process if a new thread gets none
 * (six or seven are enough), and nothing can catch that.
 *
 * @module
 */

/** Many more than a thread needs, as clients keep connecting while it starts. */
const ROOM = 256;

/**
 * Whether there are as many, for a thread that runs `module`. Takes two or three milliseconds.
 *
 * @param module what the thread is started with: it is readable wherever threads may be started, but not in the
 * executable, whose own file is.
 */
export function hasSpareDescriptors(module: string | URL): boolean {
  const file = Deno.build.standalone ? Deno.execPath() : new URL(module);
  const opened: Deno.FsFile[] = [];
  try {
    while (opened.length < ROOM) opened.push(Deno.openSync(file));
    return true;
  } catch {
    return false;
  } finally {
    for (const each of opened) each.close();
  }
}
