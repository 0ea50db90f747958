/**
 * A request as a handler sees it: its path taken apart, its body never longer than the handler allows.
 *
 * @module
 */

import { messageOf } from "../net/message_of.ts";
import { HttpError } from "./http_error.ts";

/** Bytes of a body that a handler takes unless it says otherwise. */
const MOST_BYTES = 1024 * 1024;

/** The options of reading a body. */
export interface BodyOptions {
  /**
   * The most bytes; a longer body is refused with 413.
   *
   * @default 1_048_576
   */
  readonly limit?: number;
}

/** A request that has found its route. */
export class RoutedRequest {
  readonly url: URL;
  /** What the parts of the pattern stand for, decoded: `:name` as `name`, the rest of the path as `*`. */
  readonly params: Readonly<Record<string, string>>;
  /** IP address of the client, where the listener says it. */
  readonly address: string | undefined;
  readonly #request: Request;
  #bytes: Promise<Uint8Array<ArrayBuffer>> | undefined;

  constructor(
    request: Request,
    { url, params, address }: Pick<RoutedRequest, "url" | "params" | "address">,
  ) {
    this.address = address;
    this.#request = request;
    this.url = url;
    this.params = params;
  }

  /** Aborted when the client no longer waits for the answer. */
  get signal(): AbortSignal {
    return this.#request.signal;
  }

  /** The fields of the request. */
  get headers(): Headers {
    return this.#request.headers;
  }

  /** The body; asked again, the same. @throws {HttpError} 413 if it is too long for this limit. */
  async bytes({ limit = MOST_BYTES }: BodyOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await (this.#bytes ??= this.#read(limit));
    if (bytes.length > limit) throw tooLong(limit);
    return bytes;
  }

  async #read(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    const { body, headers } = this.#request;
    if (Number(headers.get("content-length")) > limit) throw tooLong(limit);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    // A body that is sent in chunks does not say its length.
    for await (const part of body ?? []) {
      size += part.length;
      if (size > limit) throw tooLong(limit);
      parts.push(part);
    }
    return await new Blob(parts).bytes();
  }

  /** The body as JSON. @throws {HttpError} 400 if it is not JSON, 413 if it is too long. */
  async json(options?: BodyOptions): Promise<unknown> {
    const bytes = await this.bytes(options);
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch (error) {
      throw new HttpError(400, `The body is not JSON: ${messageOf(error)}`);
    }
  }
}

function tooLong(limit: number): HttpError {
  return new HttpError(413, `The body may have ${limit} bytes at most`);
}
