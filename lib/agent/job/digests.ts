/**
 * Whether a remote and a local file are the same, by the best digest that the server can make.
 *
 * @module
 */

import type { Client } from "../../client/client.ts";
import { ClientError } from "../../client/errors.ts";
import { AgentError } from "../errors.ts";

/** A digest that a server makes. */
interface RemoteDigest {
  /** As `node:crypto` has it, or {@link CRC32}. */
  readonly algorithm: string;
  /** Lower-case hexadecimal digits. */
  readonly value: string;
}

/** Of the algorithms of HASH (draft-ietf-ftpext2-hash), the best first. */
const HASHES: readonly (readonly [name: string, algorithm: string])[] = [
  ["SHA-256", "sha256"],
  ["SHA-512", "sha512"],
  ["SHA-1", "sha1"],
  ["MD5", "md5"],
];
/** Tells changes by accident from each other, and none by intent: the last resort. */
const CRC32 = "crc32";
/** The commands before there was HASH, the best first. */
const OLDER: readonly (readonly [verb: string, algorithm: string])[] = [
  ["XSHA256", "sha256"],
  ["XSHA512", "sha512"],
  ["XSHA1", "sha1"],
  ["XSHA", "sha1"],
  ["XMD5", "md5"],
  ["XCRC", CRC32],
];

/**
 * Compares the two. Resolves to what they were compared by: the name of a digest, or `size` where the server makes
 * none.
 *
 * @throws {AgentError} `unverified` if they differ.
 */
export async function verifyTransfer(client: Client, path: string, local: string): Promise<string> {
  const remote = await remoteDigest(client, path);
  if (remote) {
    const own = await localDigest(local, remote.algorithm);
    if (own !== remote.value) {
      throw new AgentError(
        "unverified",
        `The ${remote.algorithm} of "${path}" is ${remote.value}, and here it is ${own}`,
      );
    }
    return remote.algorithm;
  }
  const [size, { size: own }] = [await client.size(path), await Deno.stat(local)];
  if (size !== own) throw new AgentError("unverified", `"${path}" has ${size} bytes, and here it has ${own}`);
  return "size";
}

/** Whether the two have the same digest; `undefined` if the server makes none. */
export async function haveSameDigest(client: Client, path: string, local: string): Promise<boolean | undefined> {
  const remote = await remoteDigest(client, path);
  return remote && await localDigest(local, remote.algorithm) === remote.value;
}

async function remoteDigest(client: Client, path: string): Promise<RemoteDigest | undefined> {
  const offered = client.features.get("HASH");
  try {
    if (offered !== undefined) return await byHash(client, path, offered);
    const [verb, algorithm] = OLDER.find(([name]) => client.features.has(name)) ?? [];
    if (verb === undefined || algorithm === undefined) return undefined;
    const { text } = await client.request(verb, path);
    return { algorithm, value: digestIn(verb, text) };
  } catch (error) {
    // The directory may be one whose files this account must not read.
    if (error instanceof ClientError && error.kind === "reply" && [500, 502, 504].includes(error.code ?? 0)) return;
    throw error;
  }
}

async function byHash(client: Client, path: string, offered: string): Promise<RemoteDigest | undefined> {
  const names = offered.split(";").map((name) => name.trim());
  const selected = names.find((name) => name.endsWith("*"))?.slice(0, -1);
  const [name, algorithm] = HASHES.find(([name]) => names.some((each) => each.replace("*", "") === name)) ?? [];
  if (name === undefined || algorithm === undefined) return undefined;
  if (name !== selected) await client.request("OPTS", `HASH ${name}`);
  const { text } = await client.request("HASH", path);
  return { algorithm, value: digestIn("HASH", text) };
}

/** The reply to HASH has a range and the name beside it, that to the others only the digest. */
function digestIn(verb: string, text: string): string {
  // Some servers leave out zeros at the start.
  const crc = verb === "XCRC" ? /\b(?:0x)?([0-9a-f]{1,8})\s*$/i.exec(text)?.[1] : undefined;
  if (crc !== undefined) return crc.toLowerCase().padStart(8, "0");
  const [digest] = /\b(?:[0-9a-f]{128}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\b/i.exec(text) ?? [];
  if (digest === undefined) throw new ClientError("protocol", `The reply to ${verb} has no digest`, { verb });
  return digest.toLowerCase();
}

async function localDigest(path: string, algorithm: string): Promise<string> {
  const hash = await makeHash(algorithm);
  using file = await Deno.open(path);
  const buffer = new Uint8Array(256 * 1024);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest("hex");
}

/** What {@link localDigest} computes with. */
interface RunningHash {
  update(bytes: Uint8Array): void;
  digest(encoding: "hex"): string;
}

/** As `node:crypto` has them, which has no CRC. */
async function makeHash(algorithm: string): Promise<RunningHash> {
  if (algorithm !== CRC32) return (await import("node:crypto")).createHash(algorithm);
  const { crc32 } = await import("node:zlib");
  let value = 0;
  return {
    update: (bytes) => void (value = crc32(bytes, value)),
    digest: () => value.toString(16).padStart(8, "0"),
  };
}
