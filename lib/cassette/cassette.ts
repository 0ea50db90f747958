/**
 * What a server said and moved, session by session: recorded in front of a real one, and played without it.
 *
 * @module
 */

/** One thing that came after a command: a reply, or what went over its data connection. */
export type Step =
  /** The lines as the server sent them, without their ends, with placeholders. */
  | { readonly kind: "reply"; readonly lines: readonly string[] }
  | { readonly kind: "data"; readonly bytes: Uint8Array };

/** A command and what came of it. */
export interface Exchange {
  /** As {@link commandOf} writes it. */
  readonly command: string;
  readonly steps: Step[];
}

/** One control connection. */
export interface RecordedSession {
  /** What the server said before the first command. */
  readonly greeting: Step[];
  readonly exchanges: Exchange[];
}

/** A cassette that cannot be read, or something that cannot be recorded. */
export class CassetteError extends Error {
  /** Always `CassetteError`. */
  override readonly name = "CassetteError";
}

/** Most bytes of a cassette: people read it. */
export const MOST_OF_CASSETTE = 64 * 1024 * 1024;
/** Most bytes over one data connection. */
export const MOST_OF_TRANSFER = 16 * 1024 * 1024;

const UPLOADS: ReadonlySet<string> = new Set(["STOR", "APPE", "STOU"]);
const DOWNLOADS: ReadonlySet<string> = new Set(["RETR", "LIST", "NLST", "MLSD"]);
/** Whose argument is a credential, or the name that the client has for the server. */
const PRIVATE: ReadonlyMap<string, string> = new Map([
  ["USER", "{{user}}"],
  ["PASS", "{{password}}"],
  ["ACCT", "{{account}}"],
  ["HOST", "{{host}}"],
]);

/** Whether `verb`, in upper case, moves data from the client to the server. */
export function isUpload(verb: string): boolean {
  return UPLOADS.has(verb);
}

/** Whether `verb`, in upper case, needs a data connection. */
export function needsData(verb: string): boolean {
  return UPLOADS.has(verb) || DOWNLOADS.has(verb);
}

/** The command as a cassette has it: a placeholder stands for what is private, so that any is as good as another. */
export function commandOf(verb: string, argument: string | undefined): string {
  const shown = PRIVATE.get(verb) ?? argument;
  return shown === undefined ? verb : `${verb} ${shown}`;
}
