/**
 * A store that speaks the protocol of Amazon's S3, in memory, and fails when a test wants it to. It checks what a real
 * one checks: signatures, digests of bodies, the size of parts.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import { SMALLEST_PART } from "../../lib/drivers/s3/part_writer.ts";
import { childrenOf, escapeXml, parseXml, textOf } from "../../lib/drivers/s3/xml.ts";

/** What the server accepts. */
export const KEYS = { accessKeyId: "test-key", secretAccessKey: "test-secret-0123456789" };

/** An object of the store. */
export interface StoredObject {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly modified: Date;
  readonly headers: Readonly<Record<string, string>>;
}

interface Multipart {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, { readonly body: Uint8Array<ArrayBuffer>; readonly etag: string }>;
  readonly begun: Date;
}

/** A request as a test sees it, in the words of Amazon's reference, such as `UploadPart`. */
export interface Call {
  readonly operation: string;
  readonly key: string;
  readonly headers: Headers;
}

/**
 * Instead of the answer: another one, or a connection that breaks. `after` does what was asked for before that; `half`
 * of Complete makes the object, as OpenStack Swift does, and leaves the upload open, whose parts are the object's.
 */
export type Fault = { readonly answer?: Response; readonly after?: boolean | "half" } | undefined;

/** The options of {@link S3Server}. */
export interface S3ServerOptions {
  readonly bucket?: string;
  readonly region?: string;
  /**
   * Conditions of writes are obeyed, or ignored, or, as in OpenStack Swift, refused but for one: that of Complete that
   * there is nothing yet.
   */
  readonly conditions?: "obeyed" | "ignored" | "unknown";
  readonly copiesParts?: boolean;
  /** Entries of a page of a listing. */
  readonly pageSize?: number;
}

/** The store. */
export class S3Server implements AsyncDisposable {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, Multipart>();
  readonly calls: Call[] = [];
  /** Asked before every answer. */
  fault: (call: Call) => Fault | Promise<Fault> = () => undefined;
  /** Called when the store has a part of the object `key`. */
  onPart: (key: string) => void = () => {};
  readonly #options: S3ServerOptions;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** The ETags of objects whose content ends with an upload. */
  readonly #halves = new Map<string, string>();
  #lastUpload = 0;

  constructor(options: S3ServerOptions = {}) {
    this.#options = options;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#serve(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  get bucket(): string {
    return this.#options.bucket ?? "files";
  }

  /** An object as text. */
  text(key: string): string | undefined {
    const found = this.objects.get(key);
    return found && new TextDecoder().decode(found.body);
  }

  /** Makes an object as another program would. */
  put(key: string, body: string | Uint8Array<ArrayBuffer>, headers: StoredObject["headers"] = {}): void {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    this.objects.set(key, { body: bytes, etag: md5(bytes), modified: new Date(), headers });
  }

  /** How often `operation` was asked for. */
  count(operation: string): number {
    return this.calls.filter((call) => call.operation === operation).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #serve(request: Request): Promise<Response> {
    const body = new Uint8Array(await request.arrayBuffer());
    const url = new URL(request.url);
    const [, bucket = "", ...names] = url.pathname.split("/");
    const call = {
      operation: operationOf(request, url, names.join("/")),
      key: decodeURIComponent(names.join("/")),
      headers: request.headers,
    };
    this.calls.push(call);
    const fault = await this.fault(call);
    if (fault && !fault.after) return fault.answer ?? broken(call);
    const open = fault?.after === "half" ? new Map(this.uploads) : undefined;
    const answer = await this.#checked(request, bucket, () => this.#answer(call, url, body), body);
    for (const [id, upload] of open ?? []) {
      if (this.uploads.has(id)) continue;
      this.uploads.set(id, upload);
      this.#halves.set(id, this.objects.get(call.key)?.etag ?? "");
    }
    return fault ? fault.answer ?? broken(call) : answer;
  }

  async #checked(request: Request, bucket: string, act: () => Response, body: Uint8Array): Promise<Response> {
    const { headers } = request;
    const [, key, region] = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(headers.get("authorization") ?? "") ?? [];
    if (key !== KEYS.accessKeyId) return failed(403, "InvalidAccessKeyId");
    if (region !== (this.#options.region ?? "us-east-1")) return failed(400, "AuthorizationHeaderMalformed");
    if (await signatureOf(request) !== headers.get("authorization")) return failed(403, "SignatureDoesNotMatch");
    if (bucket !== this.bucket) return failed(404, "NoSuchBucket");
    const digest = headers.get("content-md5");
    if (digest && digest !== md5(body, "base64")) return failed(400, "BadDigest");
    return act();
  }

  #answer(call: Call, url: URL, body: Uint8Array<ArrayBuffer>): Response {
    const { key, headers } = call;
    const id = url.searchParams.get("uploadId") ?? "";
    const number = Number(url.searchParams.get("partNumber"));
    switch (call.operation) {
      case "ListObjectsV2":
        return this.#list(url.searchParams);
      case "ListMultipartUploads":
        return this.#listUploads(url.searchParams.get("prefix") ?? "");
      case "ListParts":
        return this.#listParts(id);
      case "HeadObject":
      case "GetObject":
        return this.#get(call);
      case "DeleteObject":
        this.objects.delete(key);
        return new Response(null, { status: 204 });
      case "PutObject":
        return this.#condition(headers, key, "put") ?? this.#store(key, body, keptHeaders(headers));
      case "CopyObject":
        return this.#copy(call);
      case "CreateMultipartUpload": {
        const upload = `upload-${++this.#lastUpload}`;
        this.uploads.set(upload, { key, headers: keptHeaders(headers), parts: new Map(), begun: new Date() });
        return xml("InitiateMultipartUploadResult", `<UploadId>${upload}</UploadId>`);
      }
      case "UploadPart":
        return this.#addPart(key, id, number, body);
      case "UploadPartCopy": {
        if (this.#options.copiesParts === false) return failed(501, "NotImplemented");
        const [, start, end] = /bytes=(\d+)-(\d+)/.exec(headers.get("x-amz-copy-source-range") ?? "") ?? [];
        const source = this.#source(headers);
        if (source instanceof Response) return source;
        const part = source.body.slice(Number(start), Number(end) + 1);
        return this.#addPart(key, id, number, part);
      }
      case "AbortMultipartUpload":
        if (this.#halves.has(id) && this.objects.get(key)?.etag === this.#halves.get(id)) this.objects.delete(key);
        return this.uploads.delete(id) ? new Response(null, { status: 204 }) : failed(404, "NoSuchUpload");
      case "CompleteMultipartUpload":
        return this.#complete(call, id, new TextDecoder().decode(body));
      default:
        return failed(501, "NotImplemented");
    }
  }

  #condition(headers: Headers, key: string, of: "put" | "complete"): Response | undefined {
    const { conditions = "obeyed" } = this.#options;
    const [none, match] = [headers.get("if-none-match"), headers.get("if-match")];
    if ((none ?? match) === null || conditions === "ignored") return undefined;
    if (conditions === "unknown" && of === "put") return failed(501, "NotImplemented");
    const etag = this.objects.get(key)?.etag;
    const holds = none === "*" ? etag === undefined : conditions === "obeyed" && match === `"${etag}"`;
    return holds ? undefined : failed(412, "PreconditionFailed");
  }

  #store(key: string, body: Uint8Array<ArrayBuffer>, headers: StoredObject["headers"], etag = md5(body)): Response {
    this.objects.set(key, { body, etag, headers, modified: new Date() });
    return new Response(null, { headers: { etag: `"${etag}"` } });
  }

  #get({ key, operation, headers }: Call): Response {
    const found = this.objects.get(key);
    if (!found) return failed(404, "NoSuchKey");
    const match = headers.get("if-match");
    if (match && match !== `"${found.etag}"`) return failed(412, "PreconditionFailed");
    const start = Number(/bytes=(\d+)-/.exec(headers.get("range") ?? "")?.[1] ?? 0);
    if (start > 0 && start >= found.body.length) return failed(416, "InvalidRange");
    const body = found.body.subarray(start);
    return new Response(operation === "HeadObject" ? null : body, {
      status: start > 0 ? 206 : 200,
      headers: {
        ...found.headers,
        etag: `"${found.etag}"`,
        "last-modified": found.modified.toUTCString(),
        "content-length": String(body.length),
        ...start > 0 && { "content-range": `bytes ${start}-${found.body.length - 1}/${found.body.length}` },
      },
    });
  }

  #source(headers: Headers): StoredObject | Response {
    const [, bucket, ...names] = (headers.get("x-amz-copy-source") ?? "").split("/");
    const found = bucket === this.bucket ? this.objects.get(decodeURIComponent(names.join("/"))) : undefined;
    if (!found) return failed(404, "NoSuchKey");
    const match = headers.get("x-amz-copy-source-if-match");
    return match && match !== `"${found.etag}"` ? failed(412, "PreconditionFailed") : found;
  }

  #copy({ key, headers }: Call): Response {
    const source = this.#source(headers);
    if (source instanceof Response) return source;
    const replaces = headers.get("x-amz-metadata-directive") === "REPLACE";
    this.#store(key, source.body, replaces ? keptHeaders(headers) : source.headers);
    return xml("CopyObjectResult", `<ETag>"${md5(source.body)}"</ETag>`);
  }

  #addPart(key: string, id: string, number: number, body: Uint8Array<ArrayBuffer>): Response {
    const upload = this.uploads.get(id);
    if (!upload) return failed(404, "NoSuchUpload");
    const etag = md5(body);
    upload.parts.set(number, { body, etag });
    this.onPart(key);
    return xml("CopyPartResult", `<ETag>"${etag}"</ETag>`, { etag: `"${etag}"` });
  }

  #complete({ key, headers }: Call, id: string, list: string): Response {
    const upload = this.uploads.get(id);
    if (!upload) return failed(404, "NoSuchUpload");
    const refused = this.#condition(headers, key, "complete");
    if (refused) return refused;
    const wanted = childrenOf(parseXml(list), "Part").map((part) => ({
      body: upload.parts.get(Number(textOf(part, "PartNumber")))?.body,
      etag: textOf(part, "ETag"),
    }));
    if (wanted.some(({ body, etag }) => !body || `"${md5(body)}"` !== etag)) return failed(400, "InvalidPart");
    const bodies = wanted.flatMap(({ body }) => body ? [body] : []);
    if (bodies.slice(0, -1).some(({ length }) => length < SMALLEST_PART)) return failed(400, "EntityTooSmall");
    const digests = createHash("md5");
    for (const body of bodies) digests.update(createHash("md5").update(body).digest());
    this.#store(key, joined(bodies), upload.headers, `${digests.digest("hex")}-${bodies.length}`);
    this.uploads.delete(id);
    return xml("CompleteMultipartUploadResult", `<Key>${escapeXml(key)}</Key>`);
  }

  #list(query: URLSearchParams): Response {
    const [prefix, delimiter] = [query.get("prefix") ?? "", query.get("delimiter")];
    const most = Math.min(Number(query.get("max-keys") ?? 1000), this.#options.pageSize ?? 1000);
    const after = query.get("continuation-token") ?? "";
    const rows: string[] = [];
    let last = "";
    let isTruncated = false;
    for (const key of [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort()) {
      const end = delimiter === null ? -1 : key.indexOf(delimiter, prefix.length);
      const name = end < 0 ? key : key.slice(0, end + 1);
      if (name <= after || name === last) continue;
      if (rows.length === most) {
        isTruncated = true;
        break;
      }
      last = name;
      const object = this.objects.get(key);
      rows.push(
        end >= 0
          ? `<CommonPrefixes><Prefix>${encodeURIComponent(name)}</Prefix></CommonPrefixes>`
          : `<Contents><Key>${
            encodeURIComponent(name)
          }</Key><Size>${object?.body.length}</Size><ETag>&quot;${object?.etag}&quot;</ETag><LastModified>${object?.modified.toISOString()}</LastModified></Contents>`,
      );
    }
    const next = isTruncated ? `<NextContinuationToken>${escapeXml(last)}</NextContinuationToken>` : "";
    return xml(
      "ListBucketResult",
      `<EncodingType>url</EncodingType><IsTruncated>${isTruncated}</IsTruncated>${next}${rows.join("")}`,
    );
  }

  #listUploads(prefix: string): Response {
    const rows = [...this.uploads].filter(([, { key }]) => key.startsWith(prefix)).map(([id, { key, begun }]) =>
      `<Upload><Key>${
        encodeURIComponent(key)
      }</Key><UploadId>${id}</UploadId><Initiated>${begun.toISOString()}</Initiated></Upload>`
    );
    return xml("ListMultipartUploadsResult", `<EncodingType>url</EncodingType>${rows.join("")}`);
  }

  #listParts(id: string): Response {
    const upload = this.uploads.get(id);
    if (!upload) return failed(404, "NoSuchUpload");
    const rows = [...upload.parts].map(([number, { body, etag }]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag><Size>${body.length}</Size></Part>`
    );
    return xml("ListPartsResult", rows.join(""));
  }
}

/** An answer of failure, as stores give it. */
export function failed(status: number, code: string): Response {
  return xml("Error", `<Code>${code}</Code><Message>Test</Message>`, {}, status);
}

function operationOf({ method, headers }: Request, { searchParams: query }: URL, key: string): string {
  const [isUpload, isCopy] = [query.has("uploadId"), headers.has("x-amz-copy-source")];
  if (method === "GET" && query.has("uploads")) return "ListMultipartUploads";
  if (method === "GET" && isUpload) return "ListParts";
  if (method === "GET") return key === "" ? "ListObjectsV2" : "GetObject";
  if (method === "PUT" && isUpload) return isCopy ? "UploadPartCopy" : "UploadPart";
  if (method === "PUT") return isCopy ? "CopyObject" : "PutObject";
  if (method === "POST") return isUpload ? "CompleteMultipartUpload" : "CreateMultipartUpload";
  if (method === "DELETE") return isUpload ? "AbortMultipartUpload" : "DeleteObject";
  return "HeadObject";
}

async function signatureOf({ method, url, headers }: Request): Promise<string | null> {
  const names = /SignedHeaders=([^,]+)/.exec(headers.get("authorization") ?? "")?.[1]?.split(";") ?? [];
  const { headers: signed } = await new AwsV4Signer({
    ...KEYS,
    method,
    url,
    headers: names.filter((name) => name !== "host").map((name) => [name, headers.get(name) ?? ""]),
    service: "s3",
    region: /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers.get("authorization") ?? "")?.[1] ?? "",
    datetime: headers.get("x-amz-date") ?? "",
    allHeaders: true,
  }).sign();
  return new Headers(signed).get("authorization");
}

function keptHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    [...headers].filter(([name]) => /^(content-type|content-encoding|cache-control|x-amz-meta-.+)$/.test(name)),
  );
}

function xml(name: string, content: string, headers: Record<string, string> = {}, status = 200): Response {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${name}>${content}</${name}>`;
  return new Response(body, { status, headers: { ...headers, "content-type": "application/xml" } });
}

/** An answer that breaks off. */
function broken({ operation }: Call): Response {
  // What is known about an object is in the headers, which would not be its own.
  if (operation === "HeadObject" || operation === "GetObject") return failed(502, "BadGateway");
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(10));
      controller.error(new Error("Broken off"));
    },
  });
  return new Response(body, { headers: { "content-length": "1000" } });
}

function joined(bodies: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(bodies.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const body of bodies) {
    all.set(body, start);
    start += body.length;
  }
  return all;
}

function md5(bytes: Uint8Array, encoding: "hex" | "base64" = "hex"): string {
  return createHash("md5").update(bytes).digest(encoding);
}
