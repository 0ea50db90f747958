/**
 * Files from there to here, and from here to there.
 *
 * @module
 */

import { basename, join } from "@std/path";
import { getFile, putFile } from "../../agent/job/job.ts";
import type { Client } from "../../client/client.ts";
import { localName, printable } from "../../client/names.ts";
import type { Call } from "../command.ts";
import type { ShellContext } from "../context.ts";
import { withCrew } from "../crews.ts";
import { ShellError, ShellUsageError } from "../errors.ts";
import { explain } from "../explain.ts";
import { joinPath, nameOf } from "../paths.ts";
import { expandAllLocal, expandAllRemote, oneRemote, type RemoteMatch } from "../patterns.ts";
import type { Output } from "../ports.ts";
import { fetchOne, storeOne, type TransferRequest } from "../transfers.ts";
import { wordAt } from "./arguments.ts";
import { selected } from "./selection.ts";

/** `get` and `reget`: one file, to the same name here if no other is given; `-` is the output. */
export function get(resume: boolean): (context: ShellContext, call: Call) => Promise<void> {
  return async (context, call) => {
    const { words: [, local], out, isRedirected, signal } = call;
    const match = await oneRemote(context, wordAt(call, 0), signal);
    if (local?.text === "-" || (isRedirected && local === undefined)) {
      await copyOut(context, match, out, signal);
      return;
    }
    const target = await targetFor(context, local?.text, match.path);
    await fetchOne(context, match, target, { resume, signal });
  };
}

/** `mget`. */
export async function getMany(context: ShellContext, { words, signal }: Call): Promise<void> {
  const found = await expandAllRemote(context, words, signal);
  const files = found.filter(({ entry }) => entry?.kind !== "directory");
  const skipped = found.length - files.length;
  if (skipped > 0) context.person.note(`${skipped} directories are left out, mirror fetches them`);
  const chosen = await Array.fromAsync(selected(context, files, { verb: "Fetch" }));
  const targetOf = (path: string) => context.local(localName(nameOf(path)));
  if (isForCrew(context, chosen)) {
    const { remote } = context;
    await withCrew(context, signal, async (job, watch) => {
      watch.expect(chosen.length, chosen.reduce((sum, { entry }) => sum + (entry?.size ?? 0), 0));
      await Promise.all(chosen.map(async ({ path, entry }) => {
        const known = entry?.kind === "file" ? { size: entry.size, modified: entry.modified } : {};
        await getFile(job, { path: remote.resolve(path), target: targetOf(path), ...known });
      }));
    });
    return;
  }
  const failures = new Failures(context, signal);
  for (const match of chosen) {
    await failures.count(match.path, async () => {
      await fetchOne(context, match, targetOf(match.path), { resume: false, signal });
    });
  }
  failures.report();
}

/** `put`, `reput` and `append`. */
export function put(request: Omit<TransferRequest, "signal">): (context: ShellContext, call: Call) => Promise<void> {
  return async (context, call) => {
    const { words: [, remote], signal } = call;
    const [local, ...others] = await expandAllLocal(context, [wordAt(call, 0)]);
    if (local === undefined || others.length > 0) {
      throw new ShellUsageError(`${wordAt(call, 0).text} matches ${others.length + 1} files`, "mput stores several");
    }
    await storeOne(context, local, remoteTarget(remote?.text, local), { ...request, signal });
  };
}

/** `mput`. */
export async function putMany(context: ShellContext, { words, signal }: Call): Promise<void> {
  const found = await Promise.all((await expandAllLocal(context, words)).map(async (path) => ({
    path,
    info: await Deno.stat(context.local(path)).catch(() => undefined),
  })));
  const files = found.filter(({ info }) => !info?.isDirectory);
  const skipped = found.length - files.length;
  if (skipped > 0) context.person.note(`${skipped} directories are left out, mirror -R stores them`);
  const chosen = await Array.fromAsync(selected(context, files, { verb: "Store" }));
  if (isForCrew(context, chosen)) {
    const { remote } = context;
    await withCrew(context, signal, async (job, watch) => {
      watch.expect(chosen.length, chosen.reduce((sum, { info }) => sum + (info?.size ?? 0), 0));
      await Promise.all(chosen.map(async ({ path, info }) => {
        await putFile(job, { source: context.local(path), path: remote.resolve(basename(path)), size: info?.size });
      }));
    });
    return;
  }
  const failures = new Failures(context, signal);
  for (const { path } of chosen) {
    await failures.count(path, () => storeOne(context, path, basename(path), { signal }));
  }
  failures.report();
}

/** From this many files on, further sessions are worth their logins. They do not convert line ends. */
const MANY = 4;

function isForCrew({ settings }: ShellContext, files: readonly unknown[]): boolean {
  return files.length >= MANY && !settings.ascii;
}

/** `cat` and `more`: files as they are, on the terminal without what could do it harm. */
export async function show(context: ShellContext, { words, out, signal }: Call): Promise<void> {
  for (const match of await expandAllRemote(context, words, signal)) await copyOut(context, match, out, signal);
}

/** Failures of some files do not keep the others from being moved. */
class Failures {
  readonly #context: ShellContext;
  readonly #signal: AbortSignal;
  #failed = 0;
  #all = 0;

  constructor(context: ShellContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  /** @throws the reason of the signal. */
  async count(path: string, work: () => Promise<void>): Promise<void> {
    this.#all++;
    try {
      await work();
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#failed++;
      this.#context.person.note(`${printable(path)}: ${explain(error).message}`);
    }
  }

  /** @throws {ShellError} if some have failed. */
  report(): void {
    if (this.#failed > 0) throw new ShellError(`${this.#failed} of ${this.#all} files failed`);
  }
}

/** The name that was given, or a name in the directory that was given. */
async function targetFor(context: ShellContext, local: string | undefined, path: string): Promise<string> {
  if (local === undefined) return context.local(localName(nameOf(path)));
  const target = context.local(local);
  const info = await Deno.stat(target).catch(() => undefined);
  return info?.isDirectory || local.endsWith("/") ? join(target, localName(nameOf(path))) : target;
}

function remoteTarget(remote: string | undefined, local: string): string {
  if (remote === undefined) return basename(local);
  return remote.endsWith("/") ? joinPath(remote, basename(local)) : remote;
}

async function copyOut(context: ShellContext, { path }: RemoteMatch, out: Output, signal: AbortSignal): Promise<void> {
  const decoder = new TextDecoder();
  const write = (data: Uint8Array) =>
    out.write(out.isTerminal ? harmless(decoder.decode(data, { stream: true })) : data.slice());
  await context.remote.use(signal, (client: Client) => client.download(path, { write }, { signal }));
  if (out.isTerminal) await out.write(harmless(decoder.decode()));
}

/** Text for a terminal: line ends and tabs as they are, other control characters shown. */
function harmless(text: string): string {
  return text.split(/([\n\t]|\r(?=\n))/).map((part, index) => index % 2 === 0 ? printable(part) : part).join("");
}
