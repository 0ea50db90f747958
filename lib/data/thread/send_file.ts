/**
 * A file from the data thread's own disk to one of its connections. Whether it may be sent was decided where it was opened first; here it
 * is only made sure that it is the same file.
 *
 * @module
 */

import type { Connection, FilePart, FileSent } from "../../net/connection.ts";
import { toPortableError } from "../../threads/portable_error.ts";
import type { ByteSource } from "../../vfs/vfs.ts";
import type { FileSender } from "../file_sender.ts";
import { sendBytes } from "../pump.ts";

/** Milliseconds between two reports of progress. */
const REPORT = 100;

/** Who wants to hear of the file, and when it is enough. */
export interface SendFileOptions {
  /** Ends it; the connection is closed. */
  readonly signal: AbortSignal;
  readonly fileSender?: FileSender | undefined;
  /** Told the bytes since it was called last. */
  readonly onProgress: (bytes: number) => void;
}

/** Sends the part and ends the stream. `undefined`, with nothing sent, where that file is not there. Rejects when the stream cannot be ended. */
export async function sendFile(
  part: FilePart,
  connection: Connection,
  { signal, fileSender, onProgress }: SendFileOptions,
): Promise<FileSent | undefined> {
  const file = await openSame(part);
  if (!file) return undefined;
  try {
    let told = 0;
    let toldAt = performance.now();
    const report = (bytes: number) => {
      const now = performance.now();
      if (now - toldAt < REPORT) return;
      onProgress(bytes - told);
      told = bytes;
      toldAt = now;
    };
    const options = { signal, fileSender, stallTimeout: 0, limit: part.limit, onProgress: report };
    const source: ByteSource = {
      location: part,
      read: (buffer) => file.read(buffer),
      skip: (bytes) => void file.seekSync(bytes, Deno.SeekMode.Current),
      close: () => {},
    };
    const { outcome, bytes, error } = await sendBytes(source, connection, options);
    if (outcome === "done") {
      await connection.closeWrite();
      return { bytes: bytes - told };
    }
    const of = outcome === "sourceFailed" ? "file" : "network";
    return { bytes: bytes - told, failure: { of, error: toPortableError(error) } };
  } finally {
    file.close();
  }
}

/** Opens the file at its offset, if it is still what is at its path. */
async function openSame({ path, offset, ...identity }: FilePart): Promise<Deno.FsFile | undefined> {
  const isSame = ({ dev, ino }: Deno.FileInfo) => dev === identity.device && ino === identity.inode;
  let file: Deno.FsFile | undefined;
  try {
    // Before the open: that of a FIFO waits for the other end.
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
