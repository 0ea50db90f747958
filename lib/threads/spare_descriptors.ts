/**
 * Room for the open files of a thread. The runtime ends the whole process when a thread that it starts gets none (six or seven are enough),
 * and nothing can catch that: so it is found out before.
 *
 * @module
 */

/** Many more than a thread needs, as clients go on connecting while it starts. */
const ROOM = 256;

/** Whether `file`, which may be read, can be opened so many times more. Takes two or three milliseconds. */
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
