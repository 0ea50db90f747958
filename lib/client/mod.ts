/**
 * The client process of FTP as a library: sessions, transfers and listings, with typed errors, `AbortSignal` and
 * `await using`.
 *
 * @example
 * ```ts
 * import { Client } from "@denoftpd/denoftpd/client";
 * import { startFixture } from "@denoftpd/denoftpd/fixture";
 *
 * await using server = await startFixture({ users: { alice: "secret" }, files: { "/readme.txt": "Hello" } });
 * await using client = await Client.connect({
 *   host: "127.0.0.1",
 *   port: server.port,
 *   user: "alice",
 *   password: "secret",
 *   tls: "off",
 * });
 * let text = "";
 * await client.download("/readme.txt", {
 *   write: (data) => Promise.resolve(void (text += new TextDecoder().decode(data))),
 * });
 * console.log(text);
 * ```
 *
 * @module
 */

export { AheadKnowledge, type AheadState } from "./ahead.ts";
export { Client } from "./client.ts";
export type { DialogueLine } from "./control.ts";
export type { DataMode } from "./data_connection.ts";
export type { Dial } from "./dial.ts";
export { ClientError, type ClientErrorDetails, type ClientErrorKind } from "./errors.ts";
export {
  fetchFile,
  type FetchOptions,
  type FileOptions,
  type FileResult,
  storeFile,
  type StoreOptions,
} from "./files.ts";
export type { ByteSink, UploadSource } from "./moves.ts";
export { localName, type LocalNameOptions, printable } from "./names.ts";
export type { ClientOptions, ClientTlsMode, DownloadOptions, TransferOptions, UploadOptions } from "./options.ts";
export type { RemoteEntry, RemoteListing } from "./remote_entry.ts";
export type { ParsedListEntry } from "../protocol/parsed_list.ts";
export { retrying, type RetryOptions } from "./retry.ts";
export type { ServerCertificate, TrustOptions } from "./trust.ts";
export { type RateLimit, RateLimiter } from "../data/rate_limit.ts";
export type { Connection, SocketAddress } from "../net/connection.ts";
export type { ParsedReply } from "../protocol/reply_parser.ts";
