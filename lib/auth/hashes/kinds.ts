/**
 * Password hashes that other systems have made, as they are in their files: bcrypt, Argon2id and the SHA-crypt of the C
 * library. This is about their text only; `compute.ts` has the work.
 *
 * @module
 */

/** The parts of a hash, as far as computing it again takes them. */
export type ForeignHash =
  | { readonly kind: "bcrypt"; readonly cost: number; readonly salt: string; readonly digest: string }
  | {
    readonly kind: "argon2id";
    /** KiB. */
    readonly memory: number;
    readonly passes: number;
    readonly lanes: number;
    /** Base64 without padding. */
    readonly salt: string;
    /** Base64 without padding. */
    readonly digest: string;
  }
  | { readonly kind: "sha-crypt"; readonly prefix: string; readonly digest: string };

/** The beginnings of hashes that {@link parseForeignHash} reads, without their dollar signs. */
export const FOREIGN_SCHEMES = ["2a", "2b", "2y", "argon2id", "5", "6"] as const;

/** About a second each on a processor of 2020: a file must not be able to keep the server busy. */
const MOST_BCRYPT_COST = 14;
const MOST_ARGON2_MEMORY = 256 * 1024;
/** KiB times passes. */
const MOST_ARGON2_WORK = 1024 * 1024;
const MOST_ARGON2_LANES = 16;
const MOST_ROUNDS = 200_000;
const LEAST_ROUNDS = 1000;
const DEFAULT_ROUNDS = 5000;

const BCRYPT = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/;
const ARGON2ID =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d{0,5}),p=([1-9]\d{0,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;
const SHA_CRYPT =
  /^(\$([56])\$(?:rounds=([1-9]\d{0,8})\$)?[./0-9A-Za-z]{0,16})\$([./0-9A-Za-z]{43}|[./0-9A-Za-z]{86})$/;

/** Kinds that people have, and why they are not taken. */
const REFUSED: readonly (readonly [form: RegExp, name: string])[] = [
  [/^\$1\$/, "MD5-crypt, which is broken"],
  [/^\$apr1\$/, "Apache's MD5, which is broken"],
  [/^\$y\$|^\$gy\$/, "yescrypt"],
  [/^\$7\$/, "the scrypt of crypt(3)"],
  [/^\$argon2[id]\$/, "Argon2 other than Argon2id"],
  [/^\$2[^aby]?\$/, "an old form of bcrypt"],
  [/^\$md5|^\{(MD5|SMD5|SHA|SSHA)[0-9]*\}|^[0-9a-f]{32}$|^[0-9a-f]{40}$/i, "a plain digest, which is guessed quickly"],
  [/^[./0-9A-Za-z]{13}$/, "DES crypt, which is broken"],
];

/** The hash in `text`; `undefined` if it is none of these kinds, or costs more than is computed. */
export function parseForeignHash(text: string): ForeignHash | undefined {
  return parseBcrypt(text) ?? parseArgon2id(text) ?? parseShaCrypt(text);
}

/** Why `text`, of some known kind, cannot be used; `undefined` if nothing is known about it. Never quotes it. */
export function foreignHashProblem(text: string): string | undefined {
  if (BCRYPT.test(text)) return `Is bcrypt with a cost that is not from 4 to ${MOST_BCRYPT_COST}`;
  if (ARGON2ID.test(text)) return "Is Argon2id with more than 256 MiB, 1 GiB for all passes together, or 16 lanes";
  if (SHA_CRYPT.test(text)) return `Is SHA-crypt with rounds that are not from ${LEAST_ROUNDS} to ${MOST_ROUNDS}`;
  const name = REFUSED.find(([form]) => form.test(text))?.[1];
  return name === undefined ? undefined : `Is ${name}`;
}

function parseBcrypt(text: string): ForeignHash | undefined {
  const [, cost = "", salt = "", digest = ""] = BCRYPT.exec(text) ?? [];
  if (Number(cost) < 4 || Number(cost) > MOST_BCRYPT_COST) return undefined;
  return { kind: "bcrypt", cost: Number(cost), salt, digest };
}

function parseArgon2id(text: string): ForeignHash | undefined {
  const [, m, t, p, salt = "", digest = ""] = ARGON2ID.exec(text) ?? [];
  const [memory, passes, lanes] = [Number(m), Number(t), Number(p)];
  const isBounded = memory >= 8 * lanes && memory <= MOST_ARGON2_MEMORY && memory * passes <= MOST_ARGON2_WORK &&
    lanes <= MOST_ARGON2_LANES;
  // A length that base64 cannot have.
  if (!isBounded || salt.length % 4 === 1 || digest.length % 4 === 1) return undefined;
  return { kind: "argon2id", memory, passes, lanes, salt, digest };
}

function parseShaCrypt(text: string): ForeignHash | undefined {
  const [, prefix, id, given, digest = ""] = SHA_CRYPT.exec(text) ?? [];
  const rounds = given === undefined ? DEFAULT_ROUNDS : Number(given);
  if (prefix === undefined || digest.length !== (id === "5" ? 43 : 86)) return undefined;
  return rounds < LEAST_ROUNDS || rounds > MOST_ROUNDS ? undefined : { kind: "sha-crypt", prefix, digest };
}
