/**
 * Checks passwords against hashes of other systems: seconds of work without a pause, for a thread of its own.
 *
 * @module
 */

import { timingSafeEqual } from "node:crypto";
import { argon2id, bcrypt } from "hash-wasm";
import { encrypt as shaCrypt } from "unixcrypt";
import type { ForeignHash } from "./kinds.ts";

/** Bcrypt looks at no more; other servers cut the rest off, too. */
const BCRYPT_BYTES = 72;

/** Whether `password` has this hash, compared in constant time. */
export async function matchesForeignHash(password: string, hash: ForeignHash): Promise<boolean> {
  // No server lets an account in without a password, and the libraries refuse to compute one.
  if (password === "") return false;
  const found = new TextEncoder().encode(await digestOf(password, hash));
  const wanted = new TextEncoder().encode(hash.digest);
  return found.length === wanted.length && timingSafeEqual(found, wanted);
}

/** In the alphabet of the hash. */
async function digestOf(password: string, hash: ForeignHash): Promise<string> {
  const bytes = new TextEncoder().encode(password);
  switch (hash.kind) {
    case "bcrypt": {
      const salt = bcryptBytes(hash.salt);
      const options = { salt, costFactor: hash.cost, outputType: "encoded" } as const;
      const encoded = await bcrypt({ ...options, password: bytes.subarray(0, BCRYPT_BYTES) });
      return encoded.slice(-hash.digest.length);
    }
    case "argon2id": {
      const hashLength = Uint8Array.fromBase64(hash.digest).length;
      const { memory: memorySize, passes: iterations, lanes: parallelism } = hash;
      const salt = Uint8Array.fromBase64(hash.salt);
      const cost = { memorySize, iterations, parallelism, hashLength };
      const digest = await argon2id({ password: bytes, salt, ...cost, outputType: "binary" });
      return digest.toBase64({ omitPadding: true });
    }
    case "sha-crypt":
      return shaCrypt(password, hash.prefix).slice(-hash.digest.length);
  }
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BCRYPT_BASE64 = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

function bcryptBytes(text: string): Uint8Array {
  const usual = [...text].map((character) => BASE64[BCRYPT_BASE64.indexOf(character)]).join("");
  // The last character has more bits than the salt.
  return Uint8Array.fromBase64(`${usual}==`, { lastChunkHandling: "loose" });
}
