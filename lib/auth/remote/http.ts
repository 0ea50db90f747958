/**
 * Accounts by HTTP: a service of the operator's own is asked about each login.
 *
 * @module
 */

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
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ name, password, address, tls: secure }),
      // The password is for this place alone.
      redirect: "error",
      signal,
    });
    if (response.status === 200) {
      return accountFrom(await this.#bodyOf(response), { name, source: this.name });
    }
    await response.body?.cancel();
    if (response.status === 401) return "wrong";
    if (response.status === 404) return "unknown";
    throw new BackendDown(`${this.name} answered ${response.status}`);
  }

  async #bodyOf({ body }: Response): Promise<unknown> {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    let text = "";
    let size = 0;
    for await (const chunk of body ?? []) {
      size += chunk.length;
      if (size > MOST_BYTES) throw new BackendDown(`${this.name} sent more than ${MOST_BYTES} bytes`);
      text += decoder.decode(chunk, { stream: true });
    }
    try {
      return JSON.parse(text + decoder.decode());
    } catch (error) {
      throw new BackendDown(`${this.name} sent no JSON`, { cause: error });
    }
  }
}
