/**
 * `denoftpd cert`: creates a self-signed certificate for testing.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { join } from "@std/path";
import { createSelfSigned, type SelfSignedOptions } from "../tls/self_signed.ts";
import type { CommandIo } from "./io.ts";
import { UsageError } from "./usage_error.ts";

/** The output of `denoftpd cert --help`. */
export const CERT_USAGE = `Usage: denoftpd cert --out DIR [flags]

Creates DIR/cert.pem and DIR/key.pem: a self-signed certificate for testing. Clients trust it only if you tell them
to. It covers localhost, 127.0.0.1, ::1 and every name given.

  --out DIR     where to write; created if it does not exist
  --name NAME   a host name or address; may be given more than once
  --days N      days until it expires, 1 to 3650 (default 365)
  --force       replace existing files
`;

const CERTIFICATE_FILE = "cert.pem";
const PRIVATE_KEY_FILE = "key.pem";

interface CertCommand extends SelfSignedOptions {
  readonly out: string;
  readonly force: boolean;
}

/** Runs `denoftpd cert` and resolves to its exit status: 0 done, 1 cannot write, 2 bad command line. */
export async function runCert(args: readonly string[], io: CommandIo): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    io.stdout(CERT_USAGE);
    return 0;
  }
  try {
    await makePair(parseCertCommand(args), io);
    return 0;
  } catch (error) {
    // The certificate library itself refuses an invalid name or number of days.
    const usage = error instanceof UsageError || error instanceof RangeError;
    if (!usage && !(error instanceof WriteError)) throw error;
    io.stderr(`${error.message}\n`);
    return usage ? 2 : 1;
  }
}

function parseCertCommand(args: readonly string[]): CertCommand {
  const parsed = parseArgs(args, {
    string: ["out", "name", "days"],
    boolean: ["force"],
    collect: ["name"],
    unknown: (argument, key) => {
      const what = key === undefined ? "Unexpected argument" : "Unknown flag";
      throw new UsageError(`${what} "${argument.replace(/=.*/s, "")}"`);
    },
  });
  const { out, days, force } = parsed;
  if (typeof out !== "string" || out === "") throw new UsageError("Flag --out must name a directory");
  const names = Array.isArray(parsed.name) ? parsed.name.map(String) : [];
  return { out, names, force: force === true, ...(days !== undefined && { days: Number(days || NaN) }) };
}

async function makePair({ out, force, ...options }: CertCommand, io: CommandIo): Promise<void> {
  const pair = await createSelfSigned(options);
  const certificateFile = join(out, CERTIFICATE_FILE);
  const privateKeyFile = join(out, PRIVATE_KEY_FILE);
  await attempt(out, () => Deno.mkdir(out, { recursive: true }));
  if (!force) await refuseExisting([certificateFile, privateKeyFile]);
  // The key first, so that a certificate on disk always has one; a server waits for both to change.
  await writeFile(privateKeyFile, pair.privateKey, 0o600);
  await writeFile(certificateFile, pair.certificate, 0o644);
  const lastDay = pair.notAfter.toISOString().slice(0, 10);
  io.stdout(`${certificateFile}, ${privateKeyFile}: for ${pair.names.join(", ")}; valid until ${lastDay}\n`);
}

/** Files cannot be written; the message names the file. */
class WriteError extends Error {}

async function refuseExisting(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const found = await Deno.lstat(path).then(() => true, (error) => {
      if (error instanceof Deno.errors.NotFound) return false;
      throw new WriteError(`File "${path}" cannot be checked: ${error.message}`);
    });
    if (found) throw new WriteError(`File "${path}" already exists: use --force to replace it`);
  }
}

/**
 * A key is never readable to others, not even before its mode is set: the file is created under another name and
 * renamed.
 */
async function writeFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  await attempt(path, async () => {
    try {
      await Deno.writeTextFile(temporary, text, { createNew: true, mode });
      await Deno.rename(temporary, path);
    } catch (error) {
      await Deno.remove(temporary).catch(() => {});
      throw error;
    }
  });
}

async function attempt(path: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new WriteError(`"${path}" cannot be written: ${why}`, { cause: error });
  }
}
