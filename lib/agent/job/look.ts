/**
 * What is at a path of a server.
 *
 * @module
 */

import type { Client } from "../../client/client.ts";
import { ClientError } from "../../client/errors.ts";
import type { RemoteEntry, RemoteListing } from "../../client/remote_entry.ts";
import { listArgument, remoteName, remoteParent } from "./paths.ts";

/** A directory with what it has, or a single entry. */
export type Look =
  | { readonly kind: "directory"; readonly listing: RemoteListing }
  | { readonly kind: "entry"; readonly entry: RemoteEntry };

/** Codes with which servers refuse to list what is no directory. */
const NO_DIRECTORY = new Set([450, 501, 504, 550]);

/**
 * Looks at `path`, with one listing where it is a directory.
 *
 * @throws {ClientError} `reply` if there is nothing.
 */
export async function lookAt(client: Client, path: string, signal?: AbortSignal): Promise<Look> {
  const options = signal ? { signal } : {};
  let refusal: ClientError;
  try {
    const listing = await client.list(listArgument(path), options);
    // LIST of a file shows the file, and of a directory with one such file the same.
    const [only, more] = listing.entries;
    const hasMachineListing = client.features.has("MLST");
    const isItself = !hasMachineListing && only?.kind === "file" && more === undefined &&
      remoteName(only.name) === remoteName(path) && path !== "";
    if (!isItself && listing.entries.length > 0) return { kind: "directory", listing };
    // Empty is also what LIST has of a path that does not exist, with servers that run `ls`.
    if (path === "" || path === "/") return { kind: "directory", listing };
    if (hasMachineListing) return { kind: "directory", listing };
    refusal = new ClientError("reply", "LIST failed: 550 No such file or directory", {
      ...{ verb: "LIST", code: 550, reply: "No such file or directory" },
    });
    const entry = await inParent(client, path, options);
    if (entry?.kind === "directory") return { kind: "directory", listing };
    if (entry) return { kind: "entry", entry };
  } catch (error) {
    if (!(error instanceof ClientError && error.kind === "reply" && NO_DIRECTORY.has(error.code ?? 0))) throw error;
    refusal = error;
    const entry = path === "" ? undefined : await inParent(client, path, options).catch(() => undefined);
    if (entry) return { kind: "entry", entry };
  }
  throw refusal;
}

/** By MLST of the path itself where the server has it, else by looking through the directory. */
async function inParent(
  client: Client,
  path: string,
  options: { readonly signal?: AbortSignal },
): Promise<RemoteEntry | undefined> {
  if (client.features.has("MLST")) {
    const entry = await client.entry(path);
    return { ...entry, name: remoteName(path) };
  }
  const { entries } = await client.list(listArgument(remoteParent(path)), options);
  return entries.find(({ name }) => name === remoteName(path));
}

/** Whether `path` is a directory, asked in whichever way the server has. */
export async function isDirectory(client: Client, path: string): Promise<boolean> {
  if (client.features.has("MLST")) {
    return await client.entry(path).then(({ kind }) => kind === "directory", () => false);
  }
  return await visit(client, path).then(() => true, () => false);
}

/** Goes there and back. @throws {ClientError} `reply` if `path` is no directory. */
export async function visit(client: Client, path: string): Promise<void> {
  const here = await client.workingDirectory();
  await client.changeDirectory(path);
  await client.changeDirectory(here);
}
