/**
 * The time of a remote file, set in one of the three ways that servers know.
 *
 * @module
 */

import type { Client } from "../../client/client.ts";
import { ClientError } from "../../client/errors.ts";
import { formatTimeVal } from "../../protocol/time.ts";

type Way = (client: Client, path: string, time: string) => Promise<unknown>;

/**
 * MFMT is a draft that most have (draft-somers-ftp-mfxx); `SITE UTIME` is in ProFTPD and Pure-FTPd; MDTM with a time is
 * in vsftpd and others, and elsewhere asks for a file that is named like that, which fails.
 */
const WAYS: readonly Way[] = [
  (client, path, time) => client.request("MFMT", `${time} ${path}`),
  (client, path, time) => client.request("SITE", `UTIME ${time} ${path}`),
  (client, path, time) => client.request("MDTM", `${time} ${path}`),
];

/** Of each session, the first way that may work. */
const known = new WeakMap<Client, number>();

/** Resolves to whether the server has taken it. @throws {ClientError} unless it is a refusal. */
export async function setRemoteTime(client: Client, path: string, milliseconds: number): Promise<boolean> {
  // Whole seconds: what servers show of a file has no more.
  const time = formatTimeVal(Math.floor(milliseconds / 1000) * 1000);
  for (let way = known.get(client) ?? 0; way < WAYS.length; way++) {
    try {
      await WAYS[way]?.(client, path, time);
      known.set(client, way);
      return true;
    } catch (error) {
      if (!(error instanceof ClientError && error.kind === "reply")) throw error;
    }
  }
  known.set(client, WAYS.length);
  return false;
}
