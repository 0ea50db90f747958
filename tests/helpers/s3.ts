/**
 * Roots in a store of tests.
 *
 * @module
 */

import { S3Roots, type S3RootsOptions } from "../../lib/drivers/s3/open.ts";
import type { S3Vfs } from "../../lib/drivers/s3/s3.ts";
import { KEYS, S3Server, type S3ServerOptions } from "./s3_server.ts";

/** A file with the keys of the store, in `dir` or where temporary files are. */
export async function keysFile(keys = KEYS, dir?: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempFile(dir === undefined ? {} : { dir });
  await Deno.writeTextFile(
    path,
    `[default]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\n`,
  );
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

/** A root in a store of its own. */
export interface S3Subject extends AsyncDisposable {
  readonly server: S3Server;
  readonly vfs: S3Vfs;
  /** Another server on the same files, which knows nothing of what this one has in memory. */
  reopen(options?: S3RootsOptions): Promise<S3Vfs>;
}

/** Opens `s3://files/ftp` in a new store. */
export async function openS3(server: S3ServerOptions = {}, options: S3RootsOptions = {}): Promise<S3Subject> {
  await using undo = new AsyncDisposableStack();
  const store = undo.use(new S3Server(server));
  const keys = undo.use(await keysFile());
  const reopen = (more: S3RootsOptions = {}) =>
    new S3Roots({ endpoint: store.url, credentials: { file: keys.path }, ...options, ...more })
      .open(`s3://${store.bucket}/ftp`);
  const vfs = await reopen();
  const all = undo.move();
  return { server: store, vfs, reopen, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
