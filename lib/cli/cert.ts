/**
 * `denoftpd cert`: creates a self-signed certificate for testing.
 *
 * @module
 */

import { join } from "@std/path";
import { messageOf } from "../net/message_of.ts";
import type { KeyPair } from "../tls/certificates.ts";
import {
  createSelfSigned,
  DEFAULT_SELF_SIGNED_DAYS,
  MAX_SELF_SIGNED_DAYS,
  type SelfSignedOptions,
} from "../tls/self_signed.ts";
import { runCommand } from "./command.ts";
import { type Flag, flagLines, readFlags } from "./flags.ts";
import type { CommandIo } from "./io.ts";
import { CommandRefused, UsageError } from "./usage_error.ts";

/** The flags of `denoftpd cert`. */
export const CERT_FLAGS = [
  { name: "out", value: "DIR", help: "where to write; created if it does not exist" },
  { name: "name", value: "NAME", help: "a host name or address; may be given more than once", repeats: true },
  {
    name: "days",
    value: "N",
    help: `days until it expires, 1 to ${MAX_SELF_SIGNED_DAYS}`,
    fallback: String(DEFAULT_SELF_SIGNED_DAYS),
  },
  { name: "force", help: "replace existing files" },
] as const satisfies readonly Flag[];

/** The output of `denoftpd cert --help`. */
export const CERT_USAGE = `Usage: denoftpd cert --out DIR [flags]

Creates DIR/cert.pem and DIR/key.pem: a self-signed certificate for testing. Clients trust it only if you tell them
to. It covers localhost, 127.0.0.1, ::1 and every name given.

${flagLines(CERT_FLAGS)}`;

const CERTIFICATE_FILE = "cert.pem";
const PRIVATE_KEY_FILE = "key.pem";

interface CertCommand extends SelfSignedOptions {
  readonly out: string;
  readonly force: boolean;
}

/** Runs `denoftpd cert` and resolves to its exit status: 0 done, 1 cannot write, 2 bad command line. */
export async function runCert(args: readonly string[], io: CommandIo): Promise<number> {
  return await runCommand(args, io, {
    usage: CERT_USAGE,
    action: async () => {
      await makePair(parseCertCommand(args), io);
      return 0;
    },
  });
}

function parseCertCommand(args: readonly string[]): CertCommand {
  const given = readFlags(args, { command: "cert", flags: CERT_FLAGS });
  const [out, days] = [given.text("out"), given.text("days")];
  if (out === undefined) throw new UsageError('Flag "--out" must name a directory');
  return {
    out,
    names: given.texts("name"),
    force: given.isOn("force"),
    ...(days !== undefined && { days: Number(days) }),
  };
}

/** The certificate library itself refuses an invalid name or number of days. */
async function create(options: SelfSignedOptions): Promise<KeyPair> {
  try {
    return await createSelfSigned(options);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : error;
  }
}

async function makePair({ out, force, ...options }: CertCommand, io: CommandIo): Promise<void> {
  const pair = await create(options);
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

async function refuseExisting(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const found = await Deno.lstat(path).then(() => true, (error) => {
      if (error instanceof Deno.errors.NotFound) return false;
      throw new CommandRefused(`File "${path}" cannot be checked: ${error.message}`);
    });
    if (found) throw new CommandRefused(`File "${path}" already exists: use --force to replace it`);
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
    const why = messageOf(error);
    throw new CommandRefused(`"${path}" cannot be written: ${why}`, { cause: error });
  }
}
