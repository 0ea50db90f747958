/**
 * URLs whose last name is a pattern.
 *
 * @module
 */

import type { RemoteEntry } from "../../client/remote_entry.ts";
import type { FtpUrl } from "../site/url.ts";
import type { Crew } from "./crew.ts";
import { joinRemote, listArgument, remoteName, remoteParent } from "./paths.ts";

/** A path on a server, and what a listing has said of it. */
export interface Found {
  readonly path: string;
  /** `undefined`: nobody has looked. */
  readonly entry: RemoteEntry | undefined;
}

/** Whether the last name of `path` is a pattern. */
export function isPattern(path: string): boolean {
  return /[*?[{]/.test(remoteName(path));
}

/**
 * What a URL means: itself, or what matches its last name, sorted. A file that has exactly the name of the pattern is
 * what is meant. Hidden names match only a pattern that begins with a dot.
 */
export async function expand(crew: Crew, { path }: Pick<FtpUrl, "path">): Promise<Found[]> {
  if (!isPattern(path)) return [{ path, entry: undefined }];
  const [parent, name] = [remoteParent(path), remoteName(path)];
  const { entries } = await crew.run((client) => client.list(listArgument(parent), { signal: crew.signal }));
  const found = (entry: RemoteEntry): Found => ({ path: joinRemote(parent, entry.name), entry });
  const same = entries.find((entry) => entry.name === name);
  if (same) return [found(same)];
  // @ts-types="@types/picomatch"
  const { default: picomatch } = await import("picomatch");
  const matches = picomatch(name);
  // A name with a slash is in another directory, whatever the server says.
  const chosen = entries.filter((entry) => !entry.name.includes("/") && matches(entry.name));
  return chosen.toSorted((a, b) => a.name < b.name ? -1 : 1).map(found);
}
