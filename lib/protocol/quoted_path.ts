/**
 * Paths in quotes, as in 257 replies (RFC 959 appendix II).
 *
 * @module
 */

/** The path in quotes, with quotes inside it doubled. */
export function quotePath(path: string): string {
  return `"${path.replaceAll('"', '""')}"`;
}

/** The first quoted path in the text of a reply; `undefined` without one. */
export function parseQuotedPath(text: string): string | undefined {
  return /"((?:[^"]|"")*)"/.exec(text)?.[1]?.replaceAll('""', '"');
}
