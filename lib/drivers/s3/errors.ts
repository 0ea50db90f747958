/**
 * What a store answers instead of success, and what of it a user of the files sees.
 *
 * @module
 */

import { VfsError, type VfsErrorKind } from "../../vfs/vfs.ts";

/** An answer of the store that is not the one asked for. No message has a secret in it. */
export class StoreError extends Error {
  /** Always `StoreError`. */
  override readonly name = "StoreError";
  /** HTTP status; 200 for an error that came in the body of a success, 0 where there was no answer. */
  readonly status: number;
  /** The store's word for it, such as `NoSuchKey`. */
  readonly code: string;

  constructor(message: string, { status, code, cause }: StoreFailure) {
    super(message, { cause });
    this.status = status;
    this.code = code;
  }
}

/** The fields of a {@link StoreError}. */
export interface StoreFailure {
  readonly status: number;
  readonly code: string;
  readonly cause?: unknown;
}

const UNANSWERED = "The object store does not answer, try again later";
const REFUSES = "The object store does not permit this";

/** `error`, in the words of the contract of drivers. */
export function vfsErrorOf(error: unknown, path: string): VfsError {
  if (error instanceof VfsError) return error;
  const fail = (kind: VfsErrorKind, hint?: string) =>
    new VfsError(kind, `${error instanceof Error ? error.message : error}: "${path}"`, { cause: error, hint });
  if (!(error instanceof StoreError)) return fail("failed");
  const { status, code } = error;
  if (code === "NoSuchBucket") return fail("failed", "The bucket of these files is gone");
  if (/^(QuotaExceeded|XMinioStorageFull|InsufficientStorage)$/.test(code) || status === 507) return fail("noSpace");
  if (code === "EntityTooLarge") return fail("tooLarge");
  if (code === "KeyTooLongError") return fail("badName", "The path is too long for the object store");
  if (status === 403) return fail("denied", REFUSES);
  if (status === 404) return fail("notFound");
  if (status === 412) return fail("vanished", "The file was changed by another program in the meantime");
  if (status === 0 || status >= 500 || status === 429) return fail("failed", UNANSWERED);
  return fail("failed");
}

/** What `action` resolves to; what it rejects with becomes a {@link VfsError} about `path`. */
export async function asVfs<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw vfsErrorOf(error, path);
  }
}

/** Whether the store answers that there is no such object, or upload. */
export function isMissing(error: unknown): boolean {
  return error instanceof StoreError && error.status === 404 && error.code !== "NoSuchBucket";
}

/** What `action` resolves to; `undefined` if the store answers that there is no such object. */
export async function unlessMissing<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
