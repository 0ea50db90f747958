/**
 * Signed requests to one bucket, tried again until a deadline where that may help.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { delay } from "@std/async/delay";
import { AwsV4Signer } from "aws4fetch";
import { messageOfFetch } from "../../net/message_of.ts";
import type { CredentialProvider } from "./credentials.ts";
import { StoreError } from "./errors.ts";
import { bucketUrl, DEFAULT_REGION, type S3Options } from "./place.ts";
import { parseXml, textOf, type XmlElement } from "./xml.ts";

/** One request. */
export interface StoreRequest {
  readonly method: StoreRequestDone["method"];
  /** Absent: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
  /** Ends it, and any further attempt. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the answer is XML that may report an error although its status is 200. */
  readonly answersXml?: boolean;
  /** Called before it is sent again: the store may have done before what was asked for. */
  readonly onRetry?: (() => void) | undefined;
}

/** A complete answer of success. */
export interface StoreAnswer {
  readonly headers: Headers;
  readonly xml: XmlElement | undefined;
}

/**
 * How a request ended: the answer was a success (`ok`), nothing is there (`missing`), it was refused, such as by a
 * condition or for lack of rights (`refused`), the store asks for fewer requests (`throttled`), or it failed or did not
 * answer (`failed`).
 */
export type StoreOutcome = "ok" | "missing" | "refused" | "throttled" | "failed";

/** One request that has been sent, once for each attempt. */
export interface StoreRequestDone {
  /** What it was. */
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** How it ended. */
  readonly outcome: StoreOutcome;
  /** Until the answer began. */
  readonly milliseconds: number;
}

/** The options of a {@link StoreClient}. */
export interface ClientOptions extends S3Options {
  readonly bucket: string;
  readonly provider: CredentialProvider;
  /** Called for each request that has ended; it must not throw. */
  readonly onRequest?: ((done: StoreRequestDone) => void) | undefined;
  /**
   * Milliseconds after which a request that fails is not tried again.
   *
   * @default 30000
   */
  readonly patience?: number | undefined;
}

const PATIENCE = 30_000;
/** Milliseconds until an answer begins, without what the body of the request takes at {@link SLOWEST}. */
const TIME_TO_ANSWER = 20_000;
/** Bytes a millisecond at which a part must be taken at least. */
const SLOWEST = 100;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;
const NOTHING = new Uint8Array();

/** Codes that pass by themselves although their status says otherwise. */
const PASSING = /^(RequestTimeout|OperationAborted|ConditionalRequestConflict|InternalError|SlowDown)$/;

/** Sends requests for objects of one bucket. */
export class StoreClient {
  readonly #options: ClientOptions;
  readonly #url: URL;
  /** Keys derived for signing, which change once a day. */
  readonly #signingKeys = new Map<string, ArrayBuffer>();

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#url = bucketUrl(options.bucket, options);
  }

  /** The bucket. */
  get bucket(): string {
    return this.#options.bucket;
  }

  /** Distinguishes buckets of the same name. */
  get url(): string {
    return this.#url.href;
  }

  /** Sends `request` and resolves to the answer's headers, and its XML if it has any. */
  async send(request: StoreRequest): Promise<StoreAnswer> {
    return await this.#retrying(request, async () => {
      const response = await this.#once(request);
      const text = await response.text().catch((error) => {
        throw unanswered(request, messageOfFetch(error), error);
      });
      const xml = text === "" ? undefined : parseXml(text);
      if (xml?.name === "Error") throw failure(response, xml, request);
      if (request.answersXml && !xml) throw unanswered(request, "The answer was cut off");
      return { headers: response.headers, xml };
    });
  }

  /** As {@link send}, with the body of the answer still to be read, or cancelled. */
  async open(request: StoreRequest): Promise<Response> {
    return await this.#retrying(request, () => this.#once(request));
  }

  async #retrying<T>(request: StoreRequest, attempt: () => Promise<T>): Promise<T> {
    const until = performance.now() + (this.#options.patience ?? PATIENCE);
    for (let pause = FIRST_PAUSE;; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        return await attempt();
      } catch (error) {
        // Full jitter: many that were refused at once do not come back at once.
        const wait = Math.random() * pause;
        const { signal } = request;
        if (signal?.aborted || !mayPass(error) || performance.now() + wait > until) throw error;
        await delay(wait, signal && { signal }).catch(() => {
          throw error;
        });
        request.onRetry?.();
      }
    }
  }

  async #once(request: StoreRequest): Promise<Response> {
    const { method } = request;
    const { onRequest } = this.#options;
    if (!onRequest) return await this.#ask(request);
    const began = performance.now();
    let outcome: StoreOutcome = "ok";
    try {
      return await this.#ask(request);
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      onRequest({ method, outcome, milliseconds: performance.now() - began });
    }
  }

  async #ask(request: StoreRequest): Promise<Response> {
    const { method, body, signal } = request;
    const { provider, region = DEFAULT_REGION } = this.#options;
    const { accessKeyId, secretAccessKey, sessionToken } = await provider.get();
    const headers = Object.entries(request.headers ?? {}).filter((pair): pair is [string, string] =>
      pair[1] !== undefined
    );
    const signed = await new AwsV4Signer({
      method,
      url: this.#urlOf(request),
      headers: [...headers, ...(body && body.length > 0 ? [["Content-MD5", md5(body)] as [string, string]] : [])],
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && { sessionToken }),
      service: "s3",
      region,
      cache: this.#signingKeys,
    }).sign();
    const timeUp = new AbortController();
    const timer = setTimeout(() => timeUp.abort(), TIME_TO_ANSWER + (body?.length ?? 0) / SLOWEST);
    try {
      const response = await fetch(signed.url, {
        method,
        headers: signed.headers,
        redirect: "manual",
        ...(method === "PUT" || method === "POST" ? { body: body ?? NOTHING } : {}),
        signal: signal ? AbortSignal.any([signal, timeUp.signal]) : timeUp.signal,
      });
      if (response.ok) return response;
      throw failure(response, parseXml(await response.text()), request);
    } catch (error) {
      if (error instanceof StoreError || error instanceof Deno.errors.NotCapable) throw error;
      throw unanswered(request, timeUp.signal.aborted ? "No answer in time" : messageOfFetch(error), error);
    } finally {
      clearTimeout(timer);
    }
  }

  #urlOf({ key = "", query = {} }: StoreRequest): string {
    const pairs = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodeName(String(value))}`]
    );
    return `${this.#url.href}${encodeKey(key)}${pairs.length === 0 ? "" : `?${pairs.join("&")}`}`;
  }
}

/** `key` as a path: what RFC 3986 section 2.3 reserves is encoded, slashes stay. */
export function encodeKey(key: string): string {
  return key.split("/").map(encodeName).join("/");
}

function encodeName(name: string): string {
  return encodeURIComponent(name).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Content-MD5 of `bytes` (RFC 1864): the store refuses what has changed on the way. */
function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("base64");
}

function failure(response: Response, xml: XmlElement | undefined, request: StoreRequest): StoreError {
  const code = textOf(xml, "Code") ?? CODES[response.status] ?? `HTTP ${response.status}`;
  const told = textOf(xml, "Message");
  return new StoreError(`The object store answers ${code}${told ? ` (${told})` : ""} to ${request.method}`, {
    status: response.status,
    code,
  });
}

/** An answer to HEAD has no body. */
const CODES: Readonly<Record<number, string>> = {
  301: "PermanentRedirect",
  403: "AccessDenied",
  404: "NoSuchKey",
  412: "PreconditionFailed",
  503: "SlowDown",
};

function unanswered(request: StoreRequest, reason: string, cause?: unknown): StoreError {
  return new StoreError(`The object store does not answer ${request.method}: ${reason}`, {
    status: 0,
    code: "Unanswered",
    cause,
  });
}

function outcomeOf(error: unknown): StoreOutcome {
  if (!(error instanceof StoreError)) return "failed";
  const { status, code } = error;
  if (status === 404) return "missing";
  if (status === 429 || code === "SlowDown") return "throttled";
  return status >= 400 && status < 500 ? "refused" : "failed";
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof StoreError)) return false;
  const { status, code } = error;
  return status === 0 || status === 429 || (status >= 500 && status !== 501 && status !== 507) || PASSING.test(code);
}
