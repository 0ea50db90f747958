/**
 * `.netrc`: names and passwords for hosts, as ftp, curl and others read them.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import { AgentError } from "../errors.ts";

/** What the file has for a host. */
export interface NetrcEntry {
  readonly login?: string;
  readonly password?: string;
  readonly account?: string;
}

interface Machine extends NetrcEntry {
  /** `undefined`: `default`, for every host that was not named before. */
  readonly host: string | undefined;
}

/** Words between blanks; words in quotes, with curl's escapes; comments to the end of the line. */
const TOKEN = /"((?:[^"\\\n]|\\.)*)"|(#[^\n]*)|([^\s"#][^\s]*)|"/gs;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
const FIELDS = new Set(["login", "password", "account"]);

/**
 * The entry for `host`, and for `user` if that is given: the first that fits, then `default`.
 *
 * @throws {AgentError} `wrongUse` for a text that is no such file.
 */
export function findInNetrc(text: string, host: string, user?: string): NetrcEntry | undefined {
  const entry = parseNetrc(text).find((machine) =>
    (machine.host === undefined || machine.host === host) &&
    (user === undefined || machine.login === undefined || machine.login === user)
  );
  if (!entry) return undefined;
  const { host: _host, ...rest } = entry;
  return rest;
}

/**
 * The text of the file; `undefined` if there is none.
 *
 * @throws {AgentError} `wrongUse` if it has passwords that others may read.
 */
export async function readNetrc(path: string): Promise<string | undefined> {
  try {
    const { mode } = await Deno.stat(path);
    const text = await Deno.readTextFile(path);
    const isOpen = Deno.build.os !== "windows" && mode !== null && (mode & 0o077) !== 0;
    if (isOpen && parseNetrc(text).some(({ password }) => password !== undefined)) {
      throw new AgentError("wrongUse", `Others may read the passwords in "${path}": run chmod 600 ${path}`);
    }
    return text;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof AgentError) throw error;
    throw new AgentError("wrongUse", `File "${path}" cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function parseNetrc(text: string): Machine[] {
  const machines: { host: string | undefined; login?: string; password?: string; account?: string }[] = [];
  const tokens = tokensOf(withoutMacros(text));
  for (let token = tokens.next(); !token.done; token = tokens.next()) {
    const word = token.value;
    const value = (): string => {
      const next = tokens.next();
      if (next.done) throw new AgentError("wrongUse", `The .netrc file ends after "${word}"`);
      return next.value;
    };
    const current = machines.at(-1);
    if (word === "machine") machines.push({ host: value().toLowerCase() });
    else if (word === "default") machines.push({ host: undefined });
    else if (current && FIELDS.has(word)) current[word as "login" | "password" | "account"] ??= value();
    else throw new AgentError("wrongUse", "The .netrc file has a word that is not expected there, maybe an open quote");
  }
  return machines;
}

/** A macro begins with `macdef` and ends with an empty line; only ftp runs them. */
function withoutMacros(text: string): string {
  return text.replaceAll(/^[ \t]*macdef\b.*\n(?:.*\S.*(?:\n|$))*/gm, "");
}

function* tokensOf(text: string): Generator<string, undefined> {
  for (const [, quoted, comment, plain] of text.matchAll(TOKEN)) {
    if (comment !== undefined) continue;
    if (plain === undefined && quoted === undefined) {
      throw new AgentError("wrongUse", "The .netrc file has a quote that is not closed");
    }
    yield plain ?? (quoted ?? "").replaceAll(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
  }
  return undefined;
}
