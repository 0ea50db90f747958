/**
 * Checks for free descriptors before a thread is started. The runtime ends the whole process if a new thread gets none
 * (six or seven are enough), and nothing can catch that.
 *
 * @module
 */

/** Many more than a thread needs, as clients keep connecting while it starts. */
const ROOM = 256;

/** Whether `file`, which must be readable, can be opened this many times more. Takes two or three milliseconds. */
export function hasSpareDescriptors(file: string | URL): boolean {
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
