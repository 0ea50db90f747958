/**
 * Turns errors of the system into {@link VfsError}: the only file that knows the runtime's errors.
 *
 * @module
 */

import { VfsError, type VfsErrorKind, type VirtualPath } from "../../vfs/vfs.ts";

const KIND_OF_CODE: ReadonlyMap<string, VfsErrorKind> = new Map<string, VfsErrorKind>([
  ["ENOENT", "notFound"],
  // A link that leads to itself counts as a broken one.
  ["ELOOP", "notFound"],
  ["EACCES", "denied"],
  ["EPERM", "denied"],
  ["EROFS", "denied"],
  ["EEXIST", "exists"],
  ["ENOTEMPTY", "notEmpty"],
  ["ENOTDIR", "notDirectory"],
  ["EISDIR", "isDirectory"],
  ["ENOSPC", "noSpace"],
  ["EDQUOT", "overQuota"],
  ["ENAMETOOLONG", "badName"],
  ["EILSEQ", "badName"],
  ["EBUSY", "busy"],
  ["ETXTBSY", "busy"],
  // No file handle is free: the file itself is fine, and a retry may succeed.
  ["EMFILE", "busy"],
  ["ENFILE", "busy"],
  ["EXDEV", "unsupported"],
  ["ENOSYS", "unsupported"],
  ["ENOTSUP", "unsupported"],
  ["EOPNOTSUPP", "unsupported"],
]);

/**
 * For errors that have no code in the runtime: the number at the end of the message, by system. Deno 2.9.6 has none for
 * a disk quota.
 */
const KIND_OF_NUMBER: ReadonlyMap<string, VfsErrorKind> = new Map<string, VfsErrorKind>([
  ["linux 122", "overQuota"],
  ["darwin 69", "overQuota"],
]);

/** For errors without a code; Windows has some. `NotCapable`: the runtime lacks the permission. */
const KIND_OF_CLASS: ReadonlyMap<string, VfsErrorKind> = new Map<string, VfsErrorKind>([
  ["NotFound", "notFound"],
  ["FilesystemLoop", "notFound"],
  ["PermissionDenied", "denied"],
  ["NotCapable", "denied"],
  ["AlreadyExists", "exists"],
  ["NotADirectory", "notDirectory"],
  ["IsADirectory", "isDirectory"],
  ["Busy", "busy"],
  ["NotSupported", "unsupported"],
]);

/** `error` as it may leave the driver; a {@link VfsError} is returned unchanged. */
export function toVfsError(error: unknown, path: VirtualPath): VfsError {
  if (error instanceof VfsError) return error;
  return new VfsError(kindOf(error), `File system refused: "${path}"`, { cause: error });
}

/**
 * Runs `action` within this turn of the event loop and returns its outcome as a promise; a failure is reported for
 * `path`.
 */
export function attempt<T>(path: VirtualPath, action: () => T | Promise<T>): Promise<T> {
  try {
    const outcome = converting(path, action);
    return outcome instanceof Promise ? outcome : Promise.resolve(outcome);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** What `batches` yields; a failure is reported for `path`. */
export async function* attemptEach<T>(path: VirtualPath, batches: AsyncIterable<T>): AsyncGenerator<T, void> {
  try {
    yield* batches;
  } catch (error) {
    throw toVfsError(error, path);
  }
}

/** The outcome of `action`, at once if it has one at once; a failure is reported for `path`. */
export function converting<T>(path: VirtualPath, action: () => T | Promise<T>): T | Promise<T> {
  const convert = (error: unknown): never => {
    throw toVfsError(error, path);
  };
  try {
    const outcome = action();
    return outcome instanceof Promise ? outcome.catch(convert) : outcome;
  } catch (error) {
    return convert(error);
  }
}

/** Whether `error` means that the name does not exist. */
export function isNotFound(error: unknown): boolean {
  return error instanceof VfsError ? error.kind === "notFound" : kindOf(error) === "notFound";
}

/** The outcome of `action`; `undefined` if it throws that a name does not exist. */
export function ifThere<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Whether `error` has one of these codes of the system, such as `EINVAL`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.some((code) => code === error.code);
}

/** The kind of an error of the runtime. */
export function kindOf(error: unknown): VfsErrorKind {
  if (!(error instanceof Error)) return "failed";
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const [, number] = /\(os error (\d+)\)/.exec(error.message) ?? [];
  const kind = KIND_OF_CODE.get(code) ?? KIND_OF_NUMBER.get(`${Deno.build.os} ${number}`);
  return kind ?? KIND_OF_CLASS.get(error.name) ?? "failed";
}
