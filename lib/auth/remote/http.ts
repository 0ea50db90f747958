/**
 * Accounts by HTTP: a service of the operator's own is asked about each login.
 *
 * @module
 */

import { AnswerError, postJson } from "../../http/json_post.ts";
import type { LoginAttempt } from "../authenticator.ts";
import { accountFrom } from "./account.ts";
import { type Backend, type BackendAnswer, BackendDown } from "./backend.ts";

/** The longest answer, in bytes. */
const MOST_BYTES = 64 * 1024;

/**
 * POSTs `{"name", "password", "address", "tls"}` as JSON. 200 with an account as in the accounts file, without name and
 * password: right. 401: wrong. 404: not known there. Everything else, redirects included: the backend is down.
 */
export class HttpBackend implements Backend {
  readonly name: string;
  readonly #url: URL;

  /** `url` is https, or of this machine. */
  constructor(url: URL) {
    this.#url = url;
    this.name = `"${url.origin}${url.pathname}"`;
  }

  async ask({ name, password, address, secure }: LoginAttempt, signal: AbortSignal): Promise<BackendAnswer> {
    const question = { name, password, address, tls: secure };
    const { status, body } = await postJson(this.#url, question, { signal, mostBytes: MOST_BYTES }).catch((error) => {
      throw error instanceof AnswerError ? new BackendDown(`${this.name} ${error.message}`, { cause: error }) : error;
    });
    if (status === 200) return accountFrom(body, { name, source: this.name });
    if (status === 401) return "wrong";
    if (status === 404) return "unknown";
    throw new BackendDown(`${this.name} answered ${status}`);
  }
}
