/**
 * What of a conversation does not belong in a file that is shown to others, and what stands for it there.
 *
 * @module
 */

/** What a session knows of both sides, for {@link hide} and {@link show}. */
export interface Identity {
  /** Names of the account. */
  readonly users: Iterable<string>;
  readonly passwords: Iterable<string>;
  /** Names and addresses of the server, the one to show first. */
  readonly hosts: Iterable<string>;
  /** Addresses of the client, the one to show first. */
  readonly clients: Iterable<string>;
}

/** Replies to these name the account: in others, such as a path, the same word is something else. */
const ABOUT_ACCOUNT: ReadonlySet<string> = new Set(["USER", "PASS", "ACCT", "STAT", "REIN"]);
const IPV4 = /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.]*\d)/g;

/** A line of a reply to `verb` with placeholders. An IPv4 address that is not the client's counts as the server's. */
export function hide(line: string, verb: string, { users, passwords, hosts, clients }: Identity): string {
  let hidden = line;
  if (ABOUT_ACCOUNT.has(verb)) {
    hidden = replaceWords(hidden, users, "{{user}}");
    hidden = replaceWords(hidden, passwords, "{{password}}");
  }
  hidden = replaceWords(hidden, hosts, "{{host}}");
  return replaceWords(hidden, clients, "{{client}}").replaceAll(IPV4, "{{host}}");
}

/** A line of a cassette as it is sent. What is not known stays a placeholder. */
export function show(line: string, { users, hosts, clients }: Identity): string {
  const [[user], [host], [client]] = [[...users], [...hosts], [...clients]];
  const values: Readonly<Record<string, string | undefined>> = { user, host, client };
  return line.replaceAll(/\{\{(user|host|client)\}\}/g, (whole, name: string) => values[name] ?? whole);
}

/** Longest first: one may be part of another. */
function replaceWords(line: string, words: Iterable<string>, placeholder: string): string {
  let replaced = line;
  for (const word of [...words].filter((each) => each !== "").sort((a, b) => b.length - a.length)) {
    replaced = replaced.replaceAll(new RegExp(`(?<![\\w.])${RegExp.escape(word)}(?!\\w)`, "gu"), () => placeholder);
  }
  return replaced;
}
