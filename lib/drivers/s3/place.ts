/**
 * Where the files of an S3 root are: the options of the store, and the bucket and prefix that a root names.
 *
 * @module
 */

import { withoutPassword } from "../../net/without_password.ts";
import { VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import { hasRawBytes } from "../../vfs/raw_names.ts";
import { ROOT } from "../../vfs/virtual_path.ts";

/** Where credentials come from: the environment, the role of a workload, or a file in the form of Amazon's tools. */
export type CredentialSource = "env" | "web-identity" | { readonly file: string };

/** How to reach an S3 store. */
export interface S3Options {
  /** URL of the store without the bucket, `https:` or `http:`. Absent: Amazon's, of {@link region}. */
  readonly endpoint?: string | undefined;
  /**
   * The region that requests are signed for.
   *
   * @default "us-east-1"
   */
  readonly region?: string | undefined;
  /** The bucket is the first name of the path, not a part of the host. Default: with an {@link endpoint}. */
  readonly pathStyle?: boolean | undefined;
  /**
   * Where the keys come from.
   *
   * @default "env"
   */
  readonly credentials?: CredentialSource | undefined;
  /**
   * Bytes that all uploads together may keep in memory, 32 MiB at least.
   *
   * @default 268435456
   */
  readonly memory?: number | undefined;
  /**
   * Most objects below a directory that can be renamed.
   *
   * @default 1000
   */
  readonly renameLimit?: number | undefined;
  /**
   * The times in listings: `store`, when the object was written; `metadata`, the time that was set for it, at one
   * request for each file.
   *
   * @default "store"
   */
  readonly listTimes?: "store" | "metadata" | undefined;
}

/** The region of Amazon's oldest endpoint, which most other stores take for any. */
export const DEFAULT_REGION = "us-east-1";

/** Bytes of all uploads in memory without another setting: 256 MiB. */
export const DEFAULT_MEMORY = 268_435_456;
/** The least: three quarters are for whole parts, of 5 MiB at least. */
export const LEAST_MEMORY = 33_554_432;
/** Most objects below a directory that is renamed, without another setting. */
export const DEFAULT_RENAME_LIMIT = 1000;

/** The variables that `env` reads: those of Amazon's tools. */
export const CREDENTIAL_VARIABLES = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] as const;
/** The variables that `web-identity` reads. */
export const IDENTITY_VARIABLES = ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ENDPOINT_URL_STS"] as const;

/** Where the token is exchanged. */
export function stsEndpoint(region: string): string {
  return `https://sts.${region}.amazonaws.com/`;
}

/** Bytes of a key (Amazon S3, "Naming Amazon S3 objects"). */
const MAX_KEY_BYTES = 1024;
/** Amazon S3, "Bucket naming rules"; old buckets and other stores also have upper case and `_`. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

/** A part of a bucket. */
export interface S3Place {
  readonly bucket: string;
  /** Begins all keys: empty, or names with a slash at the end. */
  readonly prefix: string;
}

/**
 * The place that `root` names: `s3://bucket`, or `s3://bucket/prefix`, percent-encoded where a URL needs it.
 *
 * @throws {RangeError} quoting `root`.
 */
export function parseRoot(root: string): S3Place {
  const [, bucket = "", path = ""] = /^s3:\/\/([^/?#]*)(?:\/([^?#]*))?$/i.exec(root) ?? [];
  if (!BUCKET.test(bucket)) {
    throw new RangeError(`The root "${root}" names no bucket: write it as s3://BUCKET or s3://BUCKET/PREFIX`);
  }
  const names = path.split("/").filter((name) => name !== "").map((name) => decoded(name, root));
  if (names.some((name) => name === "." || name === ".." || name.includes("/"))) {
    throw new RangeError(`The root "${root}" has "." or ".." in its prefix, which an object store does not resolve`);
  }
  return { bucket, prefix: names.map((name) => `${name}/`).join("") };
}

function decoded(name: string, root: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw new RangeError(`The root "${root}" has a "%" that begins no percent-encoded byte: write it as "%25"`);
  }
}

/**
 * The URL of a bucket, with a slash at its end.
 *
 * @throws {RangeError} for an endpoint that is none.
 */
export function bucketUrl(bucket: string, { endpoint, region = DEFAULT_REGION, pathStyle }: S3Options): URL {
  const base = endpointUrl(endpoint ?? `https://s3.${region}.amazonaws.com`);
  // A certificate for *.example.org does not cover a name with a dot in place of the star (RFC 6125 section 6.4.3).
  if (pathStyle ?? (endpoint !== undefined || bucket.includes("."))) return new URL(`${bucket}/`, base);
  base.hostname = `${bucket}.${base.hostname}`;
  return base;
}

/** @throws {RangeError} quoting `text`. */
export function endpointUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "" || url.hash !== "") {
    throw new RangeError(`The endpoint "${withoutPassword(text)}" must be a URL such as https://s3.example.org`);
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/**
 * The key of the object at `path`.
 *
 * @throws {VfsError} `badName` for a name that no key can have.
 */
export function keyOf({ prefix }: S3Place, path: VirtualPath): string {
  const key = prefix + path.slice(1);
  if (hasRawBytes(path)) throw new VfsError("badName", `Not UTF-8: "${path}"`, { hint: "Names must be UTF-8 here" });
  if (key.length * 3 <= MAX_KEY_BYTES || new TextEncoder().encode(key).length < MAX_KEY_BYTES) return key;
  const hint = `The path is too long: an object store takes ${MAX_KEY_BYTES} bytes`;
  throw new VfsError("badName", `Key too long: "${path}"`, { hint });
}

/** What the keys of everything below `path` begin with; also the key of the object that marks the directory. */
export function directoryKey(place: S3Place, path: VirtualPath): string {
  return path === ROOT ? place.prefix : `${keyOf(place, path)}/`;
}
