/**
 * Text as the source of an upload, and a download as text.
 *
 * @module
 */

import type { Client } from "../../client/client.ts";
import type { UploadSource } from "../../client/moves.ts";
import type { DownloadOptions } from "../../client/options.ts";

/** Yields the bytes of `content` once. */
export function bytesOf(content: string | Uint8Array): UploadSource {
  let rest = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return {
    read: (buffer) => {
      if (rest.length === 0) return Promise.resolve(null);
      const part = rest.subarray(0, buffer.length);
      buffer.set(part);
      rest = rest.subarray(part.length);
      return Promise.resolve(part.length);
    },
  };
}

/** Downloads a small file. @throws {ClientError} as `Client.download` does. */
export async function fetchText(client: Client, path: string, options: DownloadOptions): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  await client.download(path, {
    write: (data) => Promise.resolve(void (text += decoder.decode(data, { stream: true }))),
  }, options);
  return text;
}
