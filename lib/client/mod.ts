/**
 * The client process of FTP as a library: sessions, transfers and listings, with typed errors, `AbortSignal` and
 * `await using`.
 *
 * @example
 * ```ts
 * import { Client, fetchFile } from "denoftpd/client";
 *
 * await using client = await Client.connect({
 *   host: "ftp.example.org",
 *   tls: "required",
 *   user: "alice",
 *   password: "secret",
 * });
 * await fetchFile(client, "/pub/readme.txt", "readme.txt", { resume: true });
 * ```
 *
 * @module
 */

export { Client } from "./client.ts";
export type { DialogueLine } from "./control.ts";
export type { DataMode } from "./data_connection.ts";
export { ClientError, type ClientErrorDetails, type ClientErrorKind } from "./errors.ts";
export { fetchFile, type FetchOptions, type FileOptions, type FileResult, storeFile } from "./files.ts";
export type { ByteSink, UploadSource } from "./moves.ts";
export { localName, type LocalNameOptions, printable } from "./names.ts";
export type { ClientOptions, ClientTlsMode, DownloadOptions, TransferOptions, UploadOptions } from "./options.ts";
export type { RemoteEntry, RemoteListing } from "./remote_entry.ts";
export { retrying, type RetryOptions } from "./retry.ts";
export type { ServerCertificate, TrustOptions } from "./trust.ts";
export { RateLimiter } from "../data/rate_limit.ts";
export type { ParsedReply } from "../protocol/reply_parser.ts";
