/**
 * Sends a file from disk to a connection in the data thread. Whether it may be sent was decided when it was first
 * opened; here it is only verified to be the same file.
 *
 * @module
 */

import type { Connection, FilePart, FileSent, SendFileOptions } from "../../net/connection.ts";
import { toPortableError } from "../../threads/portable_error.ts";
import type { ByteSource } from "../../vfs/vfs.ts";
import type { EventLoop } from "../event_loop.ts";
import { sendBytes } from "../pump.ts";

/** Milliseconds between two reports of progress. */
const REPORT = 100;

/** The options of {@link sendFile}. */
export interface ThreadSendOptions extends SendFileOptions {
  /** The event loop of the data thread. */
  readonly loop: EventLoop;
  /** Aborts it; the connection is closed. */
  readonly signal: AbortSignal;
}

/**
 * Sends the part, and ends the stream if it is all there and the last. `undefined`, with nothing sent, if the file is
 * not there. Rejects if the stream cannot be ended.
 */
export async function sendFile(
  part: FilePart,
  connection: Connection,
  { loop, signal, last, onProgress }: ThreadSendOptions,
): Promise<FileSent | undefined> {
  const file = await openSame(part);
  if (!file) return undefined;
  try {
    let reportedAt = performance.now();
    const report = (bytes: number) => {
      const now = performance.now();
      if (now - reportedAt < REPORT) return;
      onProgress(bytes);
      reportedAt = now;
    };
    const options = { loop, signal, stallTimeout: 0, limit: part.limit, onProgress: report };
    const source: ByteSource = {
      location: part,
      read: (buffer) => file.read(buffer),
      skip: (bytes) => void file.seekSync(bytes, Deno.SeekMode.Current),
      close: () => {},
    };
    const { outcome, bytes, error } = await sendBytes(source, connection, options);
    if (outcome === "done") {
      if (last && bytes === part.limit) await connection.closeWrite();
      return { bytes };
    }
    const of = outcome === "sourceFailed" ? "file" : "network";
    return { bytes, failure: { of, error: toPortableError(error) } };
  } finally {
    file.close();
  }
}

/** Opens the file at its offset, if it is still the one at its path. */
async function openSame({ path, offset, ...identity }: FilePart): Promise<Deno.FsFile | undefined> {
  const isSame = ({ dev, ino }: Deno.FileInfo) => dev === identity.device && ino === identity.inode;
  let file: Deno.FsFile | undefined;
  try {
    // Before the open: opening a FIFO waits for the other end.
    if (!isSame(await Deno.stat(path))) return undefined;
    file = await Deno.open(path);
    if (isSame(await file.stat())) {
      await file.seek(offset, Deno.SeekMode.Start);
      return file;
    }
  } catch {
    // It was moved or removed, or may not be opened again: the other thread has it open.
  }
  file?.close();
  return undefined;
}
