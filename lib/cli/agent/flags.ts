/**
 * Flags that client commands have in common.
 *
 * @module
 */

import type { Flag } from "../flags.ts";

/** How to reach a server. Every command has these. */
export const CONNECTION_FLAGS = [
  { name: "tls", value: "MODE", help: "off, optional, required or implicit; default: what the scheme of the URL says" },
  { name: "ca", value: "FILE", help: "trust these authorities (PEM) instead of those of the system", repeats: true },
  { name: "pin", value: "SHA256", help: "trust only the certificate with this public key", repeats: true },
  { name: "insecure", help: "trust every certificate: anybody on the way can read and change everything" },
  { name: "netrc", value: "FILE", help: "names and passwords; default: ~/.netrc" },
  { name: "password-fd", value: "N", help: "read the password from the first line of this descriptor, such as 0" },
  {
    name: "proxy",
    value: "URL",
    help: "http://…, socks5://… or none; default: ALL_PROXY unless NO_PROXY has the host",
  },
  { name: "active", help: "let the server open data connections" },
  { name: "timeout", value: "SECONDS", help: "for a connection, a handshake or a reply", fallback: "30" },
  { name: "charset", value: "NAME", help: "how the server encodes names", fallback: "utf-8" },
  { name: "retry", value: "N", help: "further tries of what may succeed later", fallback: "3" },
  { name: "no-pipelining", help: "send no command while a transfer runs" },
  { name: "verbose", short: "v", help: "show the conversation with the server on stderr" },
  { name: "json", help: "one JSON object a line instead of text" },
  { name: "quiet", short: "q", help: "print nothing but errors" },
] as const satisfies readonly Flag[];

/** How files move. */
export const TRANSFER_FLAGS = [
  { name: "parallel", value: "N", help: "sessions at once, 1 to 64; fewer if the server wants that", fallback: "4" },
  { name: "limit-rate", value: "SIZE", help: "bytes a second over all connections, such as 500K or 2M" },
  { name: "verify", help: "compare each file by a digest afterwards, or by size if the server makes none" },
] as const satisfies readonly Flag[];

/** How large files are fetched. */
export const SEGMENTS: Flag = {
  name: "segments",
  value: "N",
  help: "ranges of a large file fetched at once, 1 to 32, if the server can begin within a file",
  fallback: "1",
};

/** Which files are meant. */
export const FILTER_FLAGS = [
  { name: "include", value: "GLOB", help: "only files that match; may be repeated", repeats: true },
  { name: "exclude", value: "GLOB", help: "no files or directories that match; may be repeated", repeats: true },
  {
    name: "exclude-from",
    value: "FILE",
    help: "no files or directories that a local file in the form of .gitignore names; may be repeated",
    repeats: true,
  },
  { name: "newer", value: "TIME", help: "only files changed since a day (2026-01-31), or in so long (90m, 7d)" },
  { name: "max-size", value: "SIZE", help: "no files larger than this" },
] as const satisfies readonly Flag[];

/** {@link CONNECTION_FLAGS} but those that a command has among its own, with another default. */
export function connectionFlagsBeside(own: readonly Flag[]): readonly Flag[] {
  return CONNECTION_FLAGS.filter(({ name }) => !own.some((each) => each.name === name));
}
