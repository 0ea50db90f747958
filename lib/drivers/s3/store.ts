/**
 * The operations on objects of a bucket, as Amazon's S3 has them and other stores imitate them.
 *
 * @module
 */

import { encodeKey, type StoreAnswer, type StoreClient, type StoreRequest } from "./client.ts";
import { StoreError, unlessMissing } from "./errors.ts";
import { childrenOf, escapeXml, textOf, type XmlElement } from "./xml.ts";

/** What a store knows about an object. */
export interface ObjectFacts {
  /** In bytes. */
  readonly size: number;
  /** Without the quotes. */
  readonly etag: string;
  /** When the object was written, in milliseconds since 1970. */
  readonly modified: number;
}

/** An object, as HEAD reports it. */
export interface ObjectHead extends ObjectFacts {
  /** The headers that a new object needs to be the same but for its content. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A page of a listing. */
export interface ListPage {
  readonly objects: readonly (ObjectFacts & { readonly key: string })[];
  /** Prefixes that end with the delimiter. */
  readonly prefixes: readonly string[];
  /** Continues the listing; `undefined` at its end. */
  readonly next: string | undefined;
}

/** A part of a multipart upload that the store has. */
export interface StoredPart {
  readonly number: number;
  readonly etag: string;
  /** In bytes. */
  readonly size: number;
}

/** A multipart upload that is not over. */
export interface OpenUpload {
  /** Of the object that it is to be. */
  readonly key: string;
  /** The store's name for it. */
  readonly id: string;
  /** When it began, in milliseconds since 1970. */
  readonly begun: number;
}

/** The condition of a write (RFC 9110 section 13.1): `*` of `none` is any object. */
export interface Condition {
  readonly none?: "*";
  readonly match?: string;
}

/** A range of an object that becomes a part of another one. */
export interface CopiedRange {
  readonly key: string;
  readonly etag: string;
  /** First byte. */
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
}

/** Headers of an object that are kept when it is written again. */
const KEPT_HEADERS =
  /^(content-type|content-encoding|content-language|content-disposition|cache-control|x-amz-meta-.+)$/;

/** The objects of a bucket. */
export class ObjectStore {
  readonly client: StoreClient;

  constructor(client: StoreClient) {
    this.client = client;
  }

  /** The object with this key; `undefined` if there is none. */
  async head(key: string): Promise<ObjectHead | undefined> {
    const found = await unlessMissing(this.client.send({ method: "HEAD", key }));
    return found && headOf(found.headers);
  }

  /** A page of the objects whose keys begin with `prefix`. */
  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    const { xml } = await this.client.send({
      method: "GET",
      query: {
        "list-type": 2,
        "encoding-type": "url",
        prefix,
        delimiter: options.delimiter,
        "max-keys": options.most,
        "continuation-token": options.from,
      },
      answersXml: true,
    });
    const isEncoded = textOf(xml, "EncodingType") === "url";
    const keyIn = (element: XmlElement, name: string) => decodeKey(textOf(element, name) ?? "", isEncoded);
    return {
      objects: childrenOf(xml, "Contents").map((each) => ({
        key: keyIn(each, "Key"),
        size: Number(textOf(each, "Size")),
        etag: bareTag(textOf(each, "ETag")),
        modified: Date.parse(textOf(each, "LastModified") ?? "") || 0,
      })),
      prefixes: childrenOf(xml, "CommonPrefixes").map((each) => keyIn(each, "Prefix")),
      next: textOf(xml, "IsTruncated") === "true" ? textOf(xml, "NextContinuationToken") : undefined,
    };
  }

  /** Writes an object in one request. */
  async put(
    key: string,
    body: Uint8Array<ArrayBuffer>,
    { headers, condition, signal }: WriteOptions = {},
  ): Promise<void> {
    await this.client.send({ method: "PUT", key, body, headers: { ...headers, ...conditional(condition) }, signal });
  }

  /** Removes an object; succeeds if there is none. */
  async remove(key: string): Promise<void> {
    await unlessMissing(this.client.send({ method: "DELETE", key }));
  }

  /** Copies an object that still has this ETag. `replaced`: with these headers instead of those it has. */
  async copy(
    from: { readonly key: string; readonly etag: string },
    to: string,
    replaced?: ObjectHead["headers"],
  ): Promise<void> {
    await this.client.send({
      method: "PUT",
      key: to,
      headers: {
        ...this.#sourceHeaders(from),
        ...(replaced && { ...replaced, "x-amz-metadata-directive": "REPLACE" }),
      },
      answersXml: true,
    });
  }

  /** Begins a multipart upload and resolves to its id. */
  async begin(
    key: string,
    { headers = {}, signal, onRetry }: Pick<StoreRequest, "headers" | "signal" | "onRetry"> = {},
  ): Promise<string> {
    const query = { uploads: "" };
    const { xml } = await this.client.send({ method: "POST", key, query, headers, signal, onRetry, answersXml: true });
    const id = textOf(xml, "UploadId");
    if (!id) throw new StoreError("The object store began no upload", { status: 200, code: "NoUploadId" });
    return id;
  }

  /** Sends a part and resolves to its ETag. */
  async upload(
    { key, id }: UploadName,
    number: number,
    body: Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
  ): Promise<string> {
    const query = { partNumber: number, uploadId: id };
    return bareTag((await this.client.send({ method: "PUT", key, query, body, signal })).headers.get("etag"));
  }

  /** Makes a range of an object a part and resolves to its ETag. */
  async copyPart({ key, id }: UploadName, number: number, range: CopiedRange, signal?: AbortSignal): Promise<string> {
    const { xml } = await this.client.send({
      method: "PUT",
      key,
      query: { partNumber: number, uploadId: id },
      headers: { ...this.#sourceHeaders(range), "x-amz-copy-source-range": `bytes=${range.start}-${range.end - 1}` },
      signal,
      answersXml: true,
    });
    return bareTag(textOf(xml, "ETag"));
  }

  /** Makes the parts an object. An error in the body of a success is one. */
  async complete({ key, id }: UploadName, parts: readonly StoredPart[], condition?: Condition): Promise<void> {
    const list = parts.map(({ number, etag }) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>&quot;${escapeXml(etag)}&quot;</ETag></Part>`
    );
    const body = new TextEncoder().encode(
      `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${
        list.join("")
      }</CompleteMultipartUpload>`,
    );
    await this.client.send({
      method: "POST",
      key,
      query: { uploadId: id },
      body,
      headers: { "content-type": "application/xml", ...conditional(condition) },
      answersXml: true,
    });
  }

  /** Ends a multipart upload without an object; succeeds if it is over. */
  async abort({ key, id }: UploadName): Promise<void> {
    await unlessMissing(this.client.send({ method: "DELETE", key, query: { uploadId: id } }));
  }

  /** The parts of a multipart upload by number; `undefined` if it is over. */
  async parts({ key, id }: UploadName): Promise<StoredPart[] | undefined> {
    const found: StoredPart[] = [];
    for (let after: string | undefined = "0"; after !== undefined;) {
      const query: StoreRequest["query"] = { uploadId: id, "part-number-marker": after };
      const page: StoreAnswer | undefined = await unlessMissing(
        this.client.send({ method: "GET", key, query, answersXml: true }),
      );
      if (!page) return undefined;
      found.push(
        ...childrenOf(page.xml, "Part").map((part) => ({
          number: Number(textOf(part, "PartNumber")),
          etag: bareTag(textOf(part, "ETag")),
          size: Number(textOf(part, "Size")),
        })),
      );
      after = textOf(page.xml, "IsTruncated") === "true" ? textOf(page.xml, "NextPartNumberMarker") : undefined;
    }
    return found.sort((one, other) => one.number - other.number);
  }

  /** The multipart uploads below `prefix` that are not over. */
  async *uploads(prefix: string): AsyncGenerator<OpenUpload, void> {
    for (let from: readonly (string | undefined)[] | undefined = []; from;) {
      const query = { uploads: "", "encoding-type": "url", prefix, "key-marker": from[0], "upload-id-marker": from[1] };
      const { xml } = await this.client.send({ method: "GET", query, answersXml: true });
      const isEncoded = textOf(xml, "EncodingType") === "url";
      for (const upload of childrenOf(xml, "Upload")) {
        const begun = Date.parse(textOf(upload, "Initiated") ?? "") || 0;
        yield { key: decodeKey(textOf(upload, "Key") ?? "", isEncoded), id: textOf(upload, "UploadId") ?? "", begun };
      }
      const key = decodeKey(textOf(xml, "NextKeyMarker") ?? "", isEncoded);
      from = textOf(xml, "IsTruncated") === "true" ? [key, textOf(xml, "NextUploadIdMarker")] : undefined;
    }
  }

  #sourceHeaders({ key, etag }: { readonly key: string; readonly etag: string }): Record<string, string> {
    return {
      "x-amz-copy-source": `/${this.client.bucket}/${encodeKey(key)}`,
      "x-amz-copy-source-if-match": `"${etag}"`,
    };
  }
}

/** How much of a listing. */
export interface ListOptions {
  /** Keys with it behind the prefix become one prefix. */
  readonly delimiter?: "/";
  /** Entries of a page. */
  readonly most?: number;
  /** {@link ListPage.next} of the page before. */
  readonly from?: string | undefined;
}

/** The options of {@link ObjectStore.put}. */
export interface WriteOptions {
  readonly headers?: ObjectHead["headers"] | undefined;
  readonly condition?: Condition | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Names a multipart upload. */
export type UploadName = Pick<OpenUpload, "key" | "id">;

/** The object that an answer to HEAD or GET is about; `Content-Range` has its size where only a part was asked for. */
export function headOf(headers: Headers): ObjectHead {
  const whole = /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1];
  return {
    size: Number(whole ?? headers.get("content-length") ?? 0),
    etag: bareTag(headers.get("etag")),
    modified: Date.parse(headers.get("last-modified") ?? "") || 0,
    headers: Object.fromEntries([...headers].filter(([name]) => KEPT_HEADERS.test(name))),
  };
}

function conditional({ none, match }: Condition = {}): Record<string, string | undefined> {
  return { "if-none-match": none, "if-match": match === undefined ? undefined : `"${match}"` };
}

function bareTag(etag: string | null | undefined): string {
  return (etag ?? "").replace(/^W\//, "").replace(/^"|"$/g, "");
}

function decodeKey(text: string, isEncoded: boolean): string {
  if (!isEncoded) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
