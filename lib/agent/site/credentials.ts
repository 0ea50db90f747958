/**
 * With which name and password to log in, and where they come from. A password is never needed on the command line.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import { AgentError } from "../errors.ts";
import { findInNetrc, readNetrc } from "./netrc.ts";
import type { Environment } from "./places.ts";
import type { FtpUrl } from "./url.ts";

/** The variable with the password. */
export const PASSWORD_VARIABLE = "DENOFTPD_PASSWORD";
/** Bytes of a password. */
const LONGEST = 4096;

/** The sources of a password besides the URL. */
export interface CredentialSources {
  readonly environment: Environment;
  /** Path of the `.netrc` file. */
  readonly netrc?: string | undefined;
  /** A file descriptor whose first line is the password. */
  readonly passwordFd?: number | undefined;
  /** Asks a person without showing what they type; `null` if they gave up. Absent: nobody can be asked. */
  readonly prompt?: ((message: string) => string | null | Promise<string | null>) | undefined;
}

/** What to log in with. */
export interface Credentials {
  readonly user: string;
  /** Called only if the server asks for one. */
  readonly password: () => Promise<string>;
  /** From `.netrc`, for servers that ask for it. */
  readonly account?: string;
}

/**
 * What to log in with at `url`. A name comes from the URL, else from `.netrc`, else it is `anonymous`. A password comes
 * from the URL, then from the file descriptor, from `DENOFTPD_PASSWORD`, from `.netrc`, and last from a person.
 *
 * @throws {AgentError} `wrongUse` for a `.netrc` that is broken, or that others may read.
 */
export async function findCredentials(
  url: Pick<FtpUrl, "host" | "user" | "password">,
  sources: CredentialSources,
): Promise<Credentials> {
  const text = sources.netrc === undefined || url.password !== undefined ? undefined : await readNetrc(sources.netrc);
  const entry = text === undefined ? undefined : findInNetrc(text, url.host, url.user);
  const user = url.user ?? entry?.login ?? "anonymous";
  let known: Promise<string> | undefined;
  return {
    user,
    // Several connections log in with one password, and it is asked for once.
    password: () => known ??= findPassword(user, url, entry?.password, sources),
    ...(entry?.account !== undefined && { account: entry.account }),
  };
}

async function findPassword(
  user: string,
  { host, password }: Pick<FtpUrl, "host" | "password">,
  fromNetrc: string | undefined,
  { environment, passwordFd, prompt }: CredentialSources,
): Promise<string> {
  if (password !== undefined) return password;
  if (user.toLowerCase() === "anonymous" || user.toLowerCase() === "ftp") return fromNetrc ?? "anonymous@";
  if (passwordFd !== undefined) return await firstLine(passwordFd);
  const given = environment.get(PASSWORD_VARIABLE) ?? fromNetrc;
  if (given !== undefined) return given;
  const typed = await prompt?.(`Password for ${user} at ${host}:`);
  if (typed === null) throw new AgentError("wrongUse", "No password given");
  if (typed === undefined) {
    throw new AgentError(
      "wrongUse",
      `No password for ${user} at ${host}: set ${PASSWORD_VARIABLE}, use --password-fd or .netrc, or run on a terminal`,
    );
  }
  return typed;
}

/** Without `/dev/fd`, which the runtime guards, only those that it opens itself can be read: standard input. */
async function firstLine(descriptor: number): Promise<string> {
  try {
    if (descriptor === 0) return await lineOf(Deno.stdin);
    using file = await Deno.open(`/dev/fd/${descriptor}`);
    return await lineOf(file);
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError(
      "wrongUse",
      `Flag "--password-fd": descriptor ${descriptor} cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function lineOf(source: { read(buffer: Uint8Array): Promise<number | null> }): Promise<string> {
  const bytes = new Uint8Array(LONGEST);
  let filled = 0;
  while (filled < LONGEST) {
    // One byte at a time: what follows the line belongs to somebody else.
    const count = await source.read(bytes.subarray(filled, filled + 1));
    if (count === null || bytes[filled] === 0x0a) break;
    filled += count;
  }
  if (filled === LONGEST) throw new AgentError("wrongUse", "The password is too long");
  return new TextDecoder().decode(bytes.subarray(0, filled)).replace(/\r$/, "");
}
