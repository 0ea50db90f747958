/**
 * How a {@link Client} reaches a server and behaves there.
 *
 * @module
 */

import type { RateLimiter } from "../data/rate_limit.ts";
import type { DialogueLine } from "./control.ts";
import type { AheadKnowledge } from "./ahead.ts";
import type { DataMode } from "./data_connection.ts";
import type { Dial } from "./dial.ts";
import type { TlsVersion } from "../tls/route.ts";
import type { TrustOptions } from "./trust.ts";

/**
 * - `off`: all in clear.
 * - `optional`: AUTH TLS if the server takes it, else in clear. A certificate that is not trusted is an error: what was
 *   offered never becomes clear because somebody on the way spoils it.
 * - `required`: AUTH TLS, or no login.
 * - `implicit`: TLS from the first byte, as on port 990.
 */
export type ClientTlsMode = "off" | "optional" | "required" | "implicit";

/** The options of `Client.connect`. */
export interface ClientOptions {
  /** Name or address of the server. */
  readonly host: string;
  /** The port of the control connection. @default 21, or 990 with `tls: "implicit"` */
  readonly port?: number;
  /** The name to log in with. @default "anonymous" */
  readonly user?: string;
  /** Asked for only if the server wants one. @default "anonymous@" */
  readonly password?: string | (() => string | Promise<string>);
  /** Sent if the server asks for an account (332). */
  readonly account?: string;
  /** Whether the connections are under TLS. @default "optional" */
  readonly tls?: ClientTlsMode;
  /**
   * The latest version of TLS. Default: 1.2, and 1.3 with servers that have no other. ProFTPD, for one, accepts a data
   * connection only if it resumes the session of the control connection, which this runtime can do any number of times
   * with 1.2 and twice with 1.3. A handshake that resumes takes as many round trips in both.
   */
  readonly maxTlsVersion?: TlsVersion;
  /** Which certificates are trusted. Default: those that the system trusts. */
  readonly trust?: TrustOptions;
  /** Who opens data connections. @default "passive" */
  readonly mode?: DataMode;
  /** Milliseconds to connect, for a handshake, and for a reply; 0: no limit. @default 30_000 */
  readonly timeout?: number;
  /** Milliseconds without a byte until a transfer is given up; 0: no limit. @default 60_000 */
  readonly stallTimeout?: number;
  /** Bytes of a listing: of a longer one nothing is returned. @default 67_108_864 */
  readonly maxListing?: number;
  /** How the server encodes names, a label such as `iso-8859-1`. @default "utf-8" */
  readonly charset?: string;
  /** Opens the control connection and passive data connections, for example through a proxy. Default: directly. */
  readonly dial?: Dial;
  /**
   * Whether the server takes commands while a transfer runs, shared by the clients of one server: then the commands of
   * a transfer that waits for its turn are sent before it. Default: nothing is sent ahead.
   */
  readonly ahead?: AheadKnowledge;
  /** Called with every line of the control connection; passwords are masked. */
  readonly onLine?: (line: DialogueLine) => void;
  /** Aborts the connecting and the login. */
  readonly signal?: AbortSignal;
}

/** The options of a transfer. */
export interface TransferOptions {
  /** Byte of the remote file at which it begins (REST). @default 0 */
  readonly offset?: number;
  /** Converts line ends (TYPE A); not together with `offset`. @default false */
  readonly ascii?: boolean;
  /** Called after each piece with the number of bytes so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Slows it down, one transfer or several together. Default: no limit. */
  readonly limiter?: RateLimiter;
  /** Aborts the transfer. The session goes on. */
  readonly signal?: AbortSignal;
}

/** The options of a download. */
export interface DownloadOptions extends TransferOptions {
  /**
   * Bytes of the remote file, from a listing: fewer are an error. Without it, a download over TLS whose end was not
   * confirmed (close_notify) is one, because anybody on the way could have cut it.
   */
  readonly size?: number;
  /**
   * The byte before which it ends, after `offset` and before the end of the file. Servers with RANG send no more; with
   * others the transfer is aborted when so much has arrived. Default: the end of the file.
   */
  readonly end?: number;
}

/** The options of an upload. */
export interface UploadOptions extends TransferOptions {
  /** Appends to the remote file (APPE) instead of replacing it. @default false */
  readonly append?: boolean;
}
