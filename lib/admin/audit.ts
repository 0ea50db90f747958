/**
 * The audit: a file to which each change is appended before it is made, in lines that are chained by their hashes, so
 * that none can be changed or taken out without all after it.
 *
 * Whoever can write the file can write a whole new chain, or cut its end off: what was last is also in the log.
 *
 * @module
 */

import { HttpError } from "../http/http_error.ts";
import { messageOf } from "../net/message_of.ts";
import type { Change, ChangeRecorder } from "./api.ts";

/** What the first line has in place of the hash of the line before it. */
const NOTHING_BEFORE = "0".repeat(64);
/** Bytes at the end of a file that contain its last line: a body has 256 KiB at most, some of it escaped. */
const TAIL = 2 * 1024 * 1024;

/** The end of the chain. */
interface Link {
  readonly seq: number;
  readonly hash: string;
}

/** The options of {@link Audit.open}. */
export interface AuditOptions {
  /** Called with each line that was appended. */
  readonly onKept?: (line: { readonly seq: number; readonly hash: string; readonly text: string }) => void;
  /** Called where the file ends with something that is not a line of ours, which stays there. */
  readonly onDamaged?: (message: string) => void;
}

/** An open audit file. Disposing it closes it. */
export class Audit implements ChangeRecorder, AsyncDisposable {
  readonly #path: string;
  #file: Deno.FsFile;
  readonly #onKept: NonNullable<AuditOptions["onKept"]>;
  #last: Link;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(path: string, file: Deno.FsFile, { last, onKept = () => {} }: AuditOptions & { last: Link }) {
    this.#path = path;
    this.#file = file;
    this.#last = last;
    this.#onKept = onKept;
  }

  /**
   * Opens the file at `path`, made with mode 0600 where it is missing. An empty one goes on with the chain of
   * `path`.1, which logrotate leaves beside it. Rejects with an error of the system.
   */
  static async open(path: string, options: AuditOptions = {}): Promise<Audit> {
    const file = await openToAppend(path);
    try {
      const end = await tailOf(file);
      const last = end === "" ? await lastOfRotated(`${path}.1`) : lastLink(end);
      if (end !== "" && (!end.endsWith("\n") || linkOf(end.trimEnd().split("\n").at(-1) ?? "") === undefined)) {
        options.onDamaged?.(`The audit "${path}" has a damaged line: "denoftpd audit verify" says which`);
        if (!end.endsWith("\n")) await file.write(new TextEncoder().encode("\n"));
      }
      return new Audit(path, file, { ...options, last });
    } catch (error) {
      file.close();
      throw error;
    }
  }

  async begun({ caller, method, target, body }: Change): Promise<number> {
    const { name, means, address } = caller;
    const what = { caller: name, means, ...(address !== undefined && { address }), method, target };
    try {
      return await this.#append({ ...what, ...(body !== undefined && { body }) }, `${name}: ${method} ${target}`);
    } catch (error) {
      throw new HttpError(503, `The change is not made, as the audit cannot be written: ${messageOf(error)}`);
    }
  }

  async failed(change: number, error: unknown): Promise<void> {
    const text = error instanceof HttpError ? error.message : "Internal error";
    await this.#append({ change, failed: text }, `change ${change} was not made: ${text}`);
  }

  /** Goes on with the same chain in the file that is at the path now: after a rotation, a new one. */
  async reopen(): Promise<void> {
    const reopened = this.#tail.then(async () => {
      const file = await openToAppend(this.#path);
      this.#file.close();
      this.#file = file;
    });
    this.#tail = reopened.catch(() => {});
    await reopened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tail;
    this.#file.close();
  }

  /** One line after the other, each on the disk before the next. */
  #append(fields: Readonly<Record<string, unknown>>, text: string): Promise<number> {
    const appended = this.#tail.then(async () => {
      const seq = this.#last.seq + 1;
      const entry = { seq, time: new Date().toISOString(), ...fields, previous: this.#last.hash };
      const hash = await hashOf(entry);
      const line = new TextEncoder().encode(`${JSON.stringify({ ...entry, hash })}\n`);
      for (let written = 0; written < line.length;) written += await this.#file.write(line.subarray(written));
      await this.#file.syncData();
      this.#last = { seq, hash };
      this.#onKept({ seq, hash, text });
      return seq;
    });
    this.#tail = appended.catch(() => {});
    return appended;
  }
}

/** What {@link verifyAudit} has found. */
export type AuditVerdict =
  | { readonly ok: true; readonly lines: number; readonly hash: string }
  | { readonly ok: false; readonly file: string; readonly line: number; readonly problem: string };

/**
 * Checks each line of an audit, and that each follows the one before. Rejects with an error of the system.
 *
 * @param paths of its files, the oldest first
 */
export async function verifyAudit(...paths: readonly string[]): Promise<AuditVerdict> {
  let last: Link = { seq: 0, hash: NOTHING_BEFORE };
  let lines = 0;
  for (const file of paths) {
    let line = 0;
    for await (const text of linesOf(file)) {
      line++;
      const problem = await problemWith(text, last);
      if (problem !== undefined) return { ok: false, file, line, problem };
      last = linkOf(text) ?? last;
    }
    lines += line;
  }
  return { ok: true, lines, hash: last.hash };
}

async function problemWith(text: string, last: Link): Promise<string | undefined> {
  const entry = parse(text);
  if (entry === undefined) return "it is not a line of an audit";
  const { hash, ...rest } = entry;
  if (last.seq === 0 && Number(rest["seq"]) > 1) return `it is number ${rest["seq"]}: name the older files before this`;
  if (rest["previous"] !== last.hash) return "it does not follow the line before it: lines were changed or taken out";
  if (rest["seq"] !== last.seq + 1) return `its number is ${rest["seq"]}, not ${last.seq + 1}`;
  return hash === await hashOf(rest) ? undefined : "its hash is not that of its content: it was changed";
}

/** The fields come in the order in which they were written. */
async function hashOf(entry: Readonly<Record<string, unknown>>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(entry)));
  return new Uint8Array(digest).toHex();
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function linkOf(text: string): Link | undefined {
  const { seq, hash } = parse(text) ?? {};
  return typeof seq === "number" && typeof hash === "string" ? { seq, hash } : undefined;
}

function openToAppend(path: string): Promise<Deno.FsFile> {
  return Deno.open(path, { read: true, append: true, create: true, mode: 0o600 });
}

/** The end of the chain in a file that was rotated while no server ran; its beginning where there is none. */
async function lastOfRotated(path: string): Promise<Link> {
  try {
    using file = await Deno.open(path);
    return lastLink(await tailOf(file));
  } catch {
    // It is not there, or not permitted to be read.
    return { seq: 0, hash: NOTHING_BEFORE };
  }
}

function lastLink(end: string): Link {
  for (const line of end.split("\n").toReversed()) {
    const link = line === "" ? undefined : linkOf(line);
    if (link) return link;
  }
  return { seq: 0, hash: NOTHING_BEFORE };
}

async function tailOf(file: Deno.FsFile): Promise<string> {
  const { size } = await file.stat();
  await file.seek(Math.max(0, size - TAIL), Deno.SeekMode.Start);
  const bytes = new Uint8Array(Math.min(size, TAIL));
  let filled = 0;
  for (;;) {
    const count = filled < bytes.length ? await file.read(bytes.subarray(filled)) : null;
    if (count === null) return new TextDecoder().decode(bytes.subarray(0, filled));
    filled += count;
  }
}

async function* linesOf(path: string): AsyncGenerator<string, void> {
  using file = await Deno.open(path);
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let rest = "";
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    const lines = (rest + decoder.decode(buffer.subarray(0, count), { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
