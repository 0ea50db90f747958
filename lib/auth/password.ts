/**
 * Password hashes as text in the PHC form, `$scheme$parameters$salt$hash`, made and checked off the event loop.
 *
 * New hashes use scrypt (RFC 7914). PBKDF2 (RFC 8018) is read too, with `i=600000` or passlib's bare `600000`, and so
 * are the kinds of `hashes/kinds.ts`, so that accounts can move in from other servers. None is replaced by a new hash
 * at a login: the file belongs to its administrator.
 *
 * @module
 */

import { nodeCrypto } from "../net/node_modules.ts";
import { checkInThread } from "./hashes/check.ts";
import { FOREIGN_SCHEMES, parseForeignHash } from "./hashes/kinds.ts";

/** log2 of scrypt's N for new hashes: about 50 ms and 16 MiB per check. */
export const DEFAULT_SCRYPT_LN = 14;

const BLOCK_SIZE = 8;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/**
 * The highest N·r·p that is computed. One limit for both costs: a check takes at most 128 times that many bytes (256
 * MiB) and about a second. N=2^17 with r=8, the highest cost OWASP recommends, is half of it.
 */
const MAX_SCRYPT_WORK = 2 ** 21;
const MAX_PBKDF2_ROUNDS = 10_000_000;

type Derive = (password: string, salt: Uint8Array, length: number) => Promise<Uint8Array>;

interface Scheme {
  /** The computation for `parameters`; `undefined` if they are malformed or exceed the limit. */
  readonly read: (parameters: string) => Derive | undefined;
}

const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ["scrypt", { read: readScrypt }],
  ["pbkdf2-sha256", { read: (parameters) => readPbkdf2(parameters, "sha256") }],
  ["pbkdf2-sha512", { read: (parameters) => readPbkdf2(parameters, "sha512") }],
]);

/** The names of the schemes that {@link verifyPassword} supports. */
export const PASSWORD_SCHEMES: readonly string[] = [...SCHEMES.keys(), ...FOREIGN_SCHEMES];

/** Cost parameters for new hashes. */
export interface HashOptions {
  /**
   * log2 of scrypt's N, 1 to 18. Each step doubles time and memory.
   *
   * @default 14
   */
  readonly ln?: number;
}

/**
 * Hashes `password` with a fresh salt.
 *
 * @throws {RangeError} if the cost is out of range.
 */
export async function hashPassword(password: string, options: HashOptions = {}): Promise<string> {
  const parameters = `ln=${options.ln ?? DEFAULT_SCRYPT_LN},r=${BLOCK_SIZE},p=1`;
  const derive = readScrypt(parameters);
  if (derive === undefined) throw new RangeError(`Cannot hash a password with the cost "${parameters}"`);
  const salt = randomBytes(SALT_BYTES);
  return encode(parameters, salt, await derive(normalize(password), salt, HASH_BYTES));
}

/**
 * Whether `password` matches `encoded`, compared in constant time. `false`, without any computation, for text that is
 * not a hash.
 */
export async function verifyPassword(password: string, encoded: string): Promise<boolean> {
  const parsed = parse(encoded);
  if (parsed === undefined) return needsThread(encoded) ? await checkInThread({ password, encoded }) : false;
  const actual = await parsed.derive(normalize(password), parsed.salt, parsed.hash.length);
  return nodeCrypto().timingSafeEqual(actual, parsed.hash);
}

/** Whether {@link verifyPassword} can use `text`: a known scheme, valid parameters, a cost within limits. */
export function isPasswordHash(text: string): boolean {
  return parse(text) !== undefined || needsThread(text);
}

/** Whether {@link verifyPassword} starts a thread for `text`, which takes a permission: to read the program. */
export function needsThread(text: string): boolean {
  return parseForeignHash(text) !== undefined;
}

/**
 * A hash that no password matches and that costs as much to check as a new one: an unknown user's password is checked
 * against it.
 */
export function decoyHash(options: HashOptions = {}): string {
  const parameters = `ln=${options.ln ?? DEFAULT_SCRYPT_LN},r=${BLOCK_SIZE},p=1`;
  return encode(parameters, randomBytes(SALT_BYTES), randomBytes(HASH_BYTES));
}

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

interface ParsedHash {
  readonly derive: Derive;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

// Salt: at most 64 bytes; hash: 16 to 64 bytes. Passlib writes "." for the "+" of base64.
const ENCODED = /^\$([a-z0-9-]{1,20})\$([a-z0-9=,]{1,40})\$([A-Za-z0-9+/.]{2,86})\$([A-Za-z0-9+/.]{22,86})$/;

function parse(encoded: string): ParsedHash | undefined {
  const [, scheme = "", parameters = "", salt = "", hash = ""] = ENCODED.exec(encoded) ?? [];
  const derive = SCHEMES.get(scheme)?.read(parameters);
  const saltBytes = decodeBase64(salt);
  const hashBytes = decodeBase64(hash);
  if (derive === undefined || saltBytes === undefined || hashBytes === undefined) return undefined;
  return { derive, salt: saltBytes, hash: hashBytes };
}

function encode(parameters: string, salt: Uint8Array, hash: Uint8Array): string {
  const text = (bytes: Uint8Array) => bytes.toBase64({ omitPadding: true });
  return `$scrypt$${parameters}$${text(salt)}$${text(hash)}`;
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text.replaceAll(".", "+"));
  } catch {
    return undefined; // A length that base64 cannot have: the text is not a hash.
  }
}

/** The same password typed on two systems may arrive composed or decomposed: RFC 8265 section 4.2 makes them equal. */
function normalize(password: string): string {
  return password.normalize("NFC");
}

function readScrypt(parameters: string): Derive | undefined {
  const [, ln, r, p] = /^ln=([1-9]\d?),r=([1-9]\d{0,3}),p=([1-9]\d{0,3})$/.exec(parameters) ?? [];
  if (ln === undefined) return undefined;
  const cost = { N: 2 ** Number(ln), r: Number(r), p: Number(p) };
  if (cost.N * cost.r * cost.p > MAX_SCRYPT_WORK) return undefined;
  // The default limit of node:crypto is 32 MiB; these parameters need this much.
  const options = { ...cost, maxmem: 128 * cost.r * (cost.N + cost.p + 2) };
  return (password, salt, length) =>
    new Promise((resolve, reject) =>
      nodeCrypto().scrypt(
        password,
        salt,
        length,
        options,
        (error, key) => error === null ? resolve(key) : reject(error),
      )
    );
}

function readPbkdf2(parameters: string, digest: string): Derive | undefined {
  const [, rounds] = /^(?:i=)?([1-9]\d{0,8})$/.exec(parameters) ?? [];
  if (rounds === undefined || Number(rounds) > MAX_PBKDF2_ROUNDS) return undefined;
  return (password, salt, length) =>
    new Promise((resolve, reject) =>
      nodeCrypto().pbkdf2(
        password,
        salt,
        Number(rounds),
        length,
        digest,
        (error, key) => error === null ? resolve(key) : reject(error),
      )
    );
}
