/**
 * A session with a server, from the client's side.
 *
 * @module
 */

import { present } from "../net/present.ts";
import { parseFactsLine } from "../protocol/mlsx.ts";
import { parseQuotedPath } from "../protocol/quoted_path.ts";
import type { ParsedReply } from "../protocol/reply_parser.ts";
import { formatTimeVal, parseTimeVal } from "../protocol/time.ts";
import { type LoggedIn, logIn } from "./connect.ts";
import { ClientError, nonsense } from "./errors.ts";
import { type RangeOptions, Requests } from "./requests.ts";
import { type ByteSink, CutSink, receiveAll, sendAll, type UploadSource } from "./moves.ts";
import type { ClientOptions, DownloadOptions, TransferOptions, UploadOptions } from "./options.ts";
import {
  entryOf,
  parseHumanListing,
  parseMachineListing,
  type RemoteEntry,
  type RemoteListing,
} from "./remote_entry.ts";

const DEFAULT_MAX_LISTING = 64 * 1024 * 1024;
const UNKNOWN_COMMAND = new Set([500, 501, 502, 504]);

/**
 * A session with a server. Requests run one after the other, in the order of the calls; an abort of one leaves the
 * others as they are.
 */
export class Client implements AsyncDisposable {
  /** What FEAT lists: names in upper case, and what follows them. */
  readonly features: ReadonlyMap<string, string>;
  /** Text of the greeting. */
  readonly greeting: string;
  readonly #session: LoggedIn;
  readonly #options: ClientOptions;
  readonly #requests: Requests;
  /** Whether MLSD works, as far as is known. */
  #hasMachineListing: boolean;

  private constructor(session: LoggedIn, options: ClientOptions) {
    this.#session = session;
    this.#options = options;
    this.#requests = new Requests(session, options);
    this.features = session.features;
    this.greeting = session.greeting;
    this.#hasMachineListing = session.features.has("MLST") || session.features.has("MLSD");
  }

  /**
   * Connects and logs in.
   *
   * @throws {ClientError}, or the reason of the signal.
   */
  static async connect(options: ClientOptions): Promise<Client> {
    return new Client(await logIn(options), options);
  }

  /** Whether the session can still be used. */
  get isOpen(): boolean {
    return this.#session.control.isOpen;
  }

  /** Address of the server, or of the proxy that is between. */
  get address(): string {
    return this.#session.control.connection.remoteAddr.hostname;
  }

  /** Whether the control connection, and with it each data connection, is under TLS. */
  get isSecure(): boolean {
    return this.#session.tls !== undefined;
  }

  /**
   * Sends any command that needs no data connection.
   *
   * @param expected first digits of the codes that are a success.
   * @param timeout milliseconds to wait for the reply; 0: no limit. Default: that of the options.
   * @throws {ClientError} `reply` for another code, 421 and lost connections included.
   */
  request(verb: string, argument?: string, expected = "2", timeout?: number): Promise<ParsedReply> {
    return this.#requests.command(verb, argument, expected, timeout);
  }

  /** The working directory. */
  async workingDirectory(): Promise<string> {
    const { text } = await this.request("PWD");
    const path = parseQuotedPath(text);
    if (path === undefined) throw nonsense("PWD", "path", text);
    return path;
  }

  /** Makes `path` the working directory. */
  async changeDirectory(path: string): Promise<void> {
    await this.request("CWD", path);
  }

  /** The entries of a directory, by MLSD where the server has it, else by LIST. Default: the working directory. */
  async list(path?: string, options: { readonly signal?: AbortSignal } = {}): Promise<RemoteListing> {
    if (this.#hasMachineListing) {
      try {
        return parseMachineListing(await this.#listing("MLSD", path, options.signal));
      } catch (error) {
        if (!isUnknownCommand(error)) throw error;
        this.#hasMachineListing = false;
      }
    }
    return parseHumanListing(await this.#listing("LIST", path, options.signal), Date.now());
  }

  /** One entry, by MLST. @throws {ClientError} `reply` with 550 if there is none. */
  async entry(path: string): Promise<RemoteEntry> {
    const { lines } = await this.request("MLST", path);
    const parsed = parseFactsLine((lines[1] ?? "").trimStart());
    if (!parsed) throw new ClientError("protocol", "The reply to MLST has no facts", { verb: "MLST" });
    return entryOf(parsed.name, parsed.facts);
  }

  /** Bytes of a file (SIZE, in TYPE I). */
  async size(path: string): Promise<number> {
    return await this.#requests.exclusive(async () => {
      await this.#requests.setType(false);
      const { text } = await this.#session.control.request("SIZE", path);
      if (!/^\d+$/.test(text.trim())) throw nonsense("SIZE", "number", text);
      return Number(text);
    });
  }

  /** Milliseconds since 1970 at which a file was changed (MDTM). */
  async modified(path: string): Promise<number> {
    const { text } = await this.request("MDTM", path);
    const time = parseTimeVal(text.trim());
    if (time === undefined) throw nonsense("MDTM", "time", text);
    return time;
  }

  /** Sets when a file was changed (MFMT). */
  async setModified(path: string, milliseconds: number): Promise<void> {
    await this.request("MFMT", `${formatTimeVal(milliseconds)} ${path}`);
  }

  /** Creates a directory. */
  async makeDirectory(path: string): Promise<void> {
    await this.request("MKD", path);
  }

  /** Removes an empty directory. */
  async removeDirectory(path: string): Promise<void> {
    await this.request("RMD", path);
  }

  /** Removes a file. */
  async remove(path: string): Promise<void> {
    await this.request("DELE", path);
  }

  /** Renames a file or directory. No other request comes in between. */
  rename(from: string, to: string): Promise<void> {
    return this.#requests.exclusive(async () => {
      const { control } = this.#session;
      await control.request("RNFR", from, "3");
      await control.request("RNTO", to);
    });
  }

  /** Sets the permission bits of a file (SITE CHMOD). */
  async setMode(path: string, mode: number): Promise<void> {
    await this.request("SITE", `CHMOD ${mode.toString(8).padStart(3, "0")} ${path}`);
  }

  /**
   * Fetches a file. Resolves to the number of bytes, once the data and the server's word that it is all are in.
   *
   * @throws {ClientError} `reply` if the server refuses; `truncated` if fewer bytes than `size` came, or the end under
   * TLS was not confirmed; `local` if the sink failed; `timeout`, `closed`, `dataConnection`.
   */
  async download(path: string, sink: ByteSink, options: DownloadOptions = {}): Promise<number> {
    const { offset = 0, size, end, ...rest } = options;
    const wanted = end === undefined ? undefined : end - offset;
    const hasRange = this.features.has("RANG");
    const cut = wanted === undefined ? undefined : new CutSink(sink, wanted, hasRange);
    const expected = wanted ?? (size === undefined || options.ascii ? undefined : size - offset);
    const range = present<RangeOptions>({ ...rest, offset, end: hasRange ? end : undefined });
    let bytes = 0;
    try {
      await this.#requests.transfer("RETR", path, range, async (connection, pump) => {
        bytes = await receiveAll(connection, cut ?? sink, pump, expected);
      });
      return bytes;
    } catch (error) {
      if (wanted === undefined || !cut?.hasCut || options.signal?.aborted) throw error;
      return wanted;
    }
  }

  /**
   * Stores a file. Resolves to the number of bytes, once the server has said that it has them.
   *
   * @throws {ClientError} as {@link download}.
   */
  async upload(source: UploadSource, path: string, options: UploadOptions = {}): Promise<number> {
    let bytes = 0;
    await this.#requests.transfer(options.append ? "APPE" : "STOR", path, options, async (connection, pump) => {
      bytes = await sendAll(source, connection, pump);
    });
    return bytes;
  }

  /** Closes the connection at once. What runs on it rejects with `closed`. */
  abandon(): void {
    this.#session.control.close();
  }

  /** Says QUIT and closes the connection. Never rejects. */
  async close(): Promise<void> {
    if (this.isOpen) await this.request("QUIT").catch(() => {});
    this.#session.control.close();
    this.#options.ahead?.release(this);
  }

  /** As {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #listing(verb: "MLSD" | "LIST", path: string | undefined, signal?: AbortSignal): Promise<string> {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    const { maxListing = DEFAULT_MAX_LISTING } = this.#options;
    let size = 0;
    const sink: ByteSink = {
      write: (data) => {
        size += data.length;
        if (size > maxListing) {
          return Promise.reject(new ClientError("protocol", `The listing has more than ${maxListing} bytes`, { verb }));
        }
        pieces.push(data.slice());
        return Promise.resolve();
      },
    };
    await this.#requests.transfer(verb, path, present<TransferOptions>({ signal }), async (connection, pump) => {
      await receiveAll(connection, sink, pump);
    });
    return this.#session.charset.decode(await new Blob(pieces).bytes());
  }
}

function isUnknownCommand(error: unknown): boolean {
  return error instanceof ClientError && error.kind === "reply" && UNKNOWN_COMMAND.has(error.code ?? 0);
}
