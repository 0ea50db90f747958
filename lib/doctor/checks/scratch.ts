/**
 * The directory in which the checks write: created at the start, and removed at the end with all that is in it.
 *
 * @module
 */

import type { Client } from "../../client/client.ts";
import { ClientError } from "../../client/errors.ts";
import { messageOf } from "../../net/message_of.ts";
import type { Examination } from "../examination.ts";

/** Runs `work` with a directory to write to; not at all if there can be none. */
export async function withScratch(examination: Examination, work: () => Promise<void>): Promise<void> {
  const path = await createScratch(examination);
  if (path === undefined) return;
  examination.scratch = path;
  try {
    await work();
  } finally {
    examination.scratch = undefined;
    await removeScratch(examination, path);
  }
}

async function createScratch(examination: Examination): Promise<string | undefined> {
  await using client = await examination.connect();
  const { directory } = examination.server;
  try {
    if (directory !== undefined) await client.changeDirectory(directory);
    const parent = await client.workingDirectory();
    const path = `${parent.replace(/\/$/, "")}/denoftpd-doctor-${crypto.randomUUID().slice(0, 8)}`;
    await client.makeDirectory(path);
    return path;
  } catch (error) {
    examination.found("readOnly", messageOf(error));
    return undefined;
  }
}

/** Removes what the checks have created, under the names that they gave and under those that the server shows. */
async function removeScratch(examination: Examination, path: string): Promise<void> {
  try {
    await using client = await examination.connect();
    for (const name of examination.created.toReversed()) await removed(client, `${path}/${name}`);
    if (examination.dataMode) {
      await client.changeDirectory(path);
      for (const { name } of (await client.list()).entries) await removed(client, `${path}/${name}`);
      await client.request("CDUP");
    }
    await client.removeDirectory(path);
  } catch (error) {
    examination.found("leftBehind", `${path}: ${messageOf(error)}`);
  }
}

async function removed(client: Client, path: string): Promise<void> {
  try {
    await client.remove(path);
  } catch (error) {
    if (!(error instanceof ClientError) || error.kind !== "reply") throw error;
    await client.removeDirectory(path).catch(() => {});
  }
}
