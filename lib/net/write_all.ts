/**
 * Writing without waiting.
 *
 * @module
 */

/** What bytes are written to. `Deno.FsFile` and the standard streams fit. */
export interface SyncWriter {
  /** Returns how many of the bytes were taken. */
  writeSync(data: Uint8Array): number;
}

/**
 * Writes all of `data`: a file on a full disk, or a pipe, may take less than it is offered.
 *
 * @throws what the system reports.
 */
export function writeAllSync(writer: SyncWriter, data: Uint8Array): void {
  for (let written = 0; written < data.length;) written += writer.writeSync(data.subarray(written));
}
