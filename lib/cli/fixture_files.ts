/**
 * The files that `denoftpd fixture` reads and writes.
 *
 * @module
 */

import type { FaultRule, Journal } from "../fixture/fixture.ts";
import { parseFaultRules } from "../fixture/fault_rule.ts";
import { UsageError } from "./usage_error.ts";

/** @throws {UsageError} that names the file. */
export async function readFaultsFile(path: string): Promise<FaultRule[]> {
  try {
    return parseFaultRules(JSON.parse(await Deno.readTextFile(path)));
  } catch (error) {
    throw new UsageError(`File "${path}" of "--faults": ${error instanceof Error ? error.message : error}`);
  }
}

/** Appends each entry to come as one line, until the result is disposed. @throws {UsageError} that names the file. */
export function writingJournal(path: string, journal: Journal): Disposable {
  const file = attempt("--journal", path, () => Deno.openSync(path, { create: true, write: true, truncate: true }));
  const encoder = new TextEncoder();
  const listening = journal.on((entry) => writeAll(file, encoder.encode(`${JSON.stringify(entry)}\n`)));
  return {
    [Symbol.dispose]() {
      listening[Symbol.dispose]();
      file.close();
    },
  };
}

/** Writes the certificate of the authority; a temporary file, where no path is given, goes away with the result. */
export async function writeCa(
  pem: string,
  path: string | undefined,
): Promise<{ readonly path: string } & AsyncDisposable> {
  if (path !== undefined) {
    attempt("--ca-file", path, () => Deno.writeTextFileSync(path, pem));
    return { path, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const temporary = await makeTemporary();
  await Deno.writeTextFile(temporary, pem);
  return { path: temporary, [Symbol.asyncDispose]: () => Deno.remove(temporary) };
}

/** Writes another file first, so that who waits for this one never reads half of it. @throws {UsageError} that names the file. */
export async function writeReadyFile(path: string, line: string): Promise<void> {
  const part = `${path}.part`;
  attempt("--ready-file", path, () => Deno.writeTextFileSync(part, line));
  await Deno.rename(part, path);
}

async function makeTemporary(): Promise<string> {
  try {
    return await Deno.makeTempFile({ prefix: "denoftpd-ca-", suffix: ".pem" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    throw new UsageError(
      `Cannot write the authority's certificate to a temporary file, name one with --ca-file: ${reason}`,
    );
  }
}

function attempt<T>(flag: string, path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new UsageError(`File "${path}" of "${flag}": ${error instanceof Error ? error.message : error}`);
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
}
