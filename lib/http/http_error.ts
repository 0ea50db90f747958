/**
 * The answer to a request that cannot be answered otherwise.
 *
 * @module
 */

/** A request that is refused: the status of the answer, and its `error`. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  /** From 400 to 599. */
  readonly status: number;
  /** More fields of the answer, such as `allow`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}
