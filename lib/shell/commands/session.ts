/**
 * Beginning and ending sessions.
 *
 * @module
 */

import { printable } from "../../client/names.ts";
import type { Call } from "../command.ts";
import type { ShellContext } from "../context.ts";
import { ShellUsageError } from "../errors.ts";
import { shown } from "../listing.ts";
import { say } from "./arguments.ts";

/** `open`. */
export async function open(context: ShellContext, { texts: [target, port], signal }: Call): Promise<void> {
  const place = target ?? await context.person.ask("To: ");
  if (place === undefined || place.trim() === "") throw new ShellUsageError("No server was named");
  await context.connect({ target: place.trim(), ...(port !== undefined && { port: portOf(port) }) }, signal);
  greet(context);
}

/** `user`: another account on the same server. */
export async function logIn(context: ShellContext, { texts: [name, password], signal }: Call): Promise<void> {
  const last = context.lastDestination;
  if (!last) throw new ShellUsageError("No server was named", 'Connect with "open ftp://user@host"');
  const user = name ?? await context.person.ask("Name: ");
  if (user === undefined || user.trim() === "") throw new ShellUsageError("No name was given");
  await context.connect({ ...last, user: user.trim(), ...(password !== undefined && { password }) }, signal);
  greet(context);
}

function greet({ person, remote: { connected, directory } }: ShellContext): void {
  if (!person.isInteractive) return;
  const { client, label } = connected;
  for (const line of client.greeting.split("\n").slice(0, 20)) if (line.trim() !== "") person.note(printable(line));
  person.note(
    `Connected to ${label} ${client.isSecure ? "under TLS" : "in clear, without TLS"}, in ${printable(directory)}`,
  );
}

/** `close`. */
export async function close(context: ShellContext): Promise<void> {
  void context.remote;
  await context.disconnect();
}

/** `bookmark`. */
export async function bookmark(context: ShellContext, { texts: [action, name, url], out }: Call): Promise<void> {
  const { bookmarks } = context;
  if (action === undefined || action === "list") {
    for (const each of await bookmarks.list()) await say(out, `${shown(each.name, out)}  ${shown(each.url, out)}`);
  } else if (action === "add" && name !== undefined) {
    await bookmarks.add(name, url ?? context.remote.connected.urlOf(context.remote.directory));
  } else if (action === "delete" && name !== undefined) {
    if (!await bookmarks.remove(name)) throw new ShellUsageError(`There is no bookmark "${name}"`);
  } else {
    throw new ShellUsageError('Use "bookmark", "bookmark add NAME [URL]" or "bookmark delete NAME"');
  }
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw new ShellUsageError(`Port "${text}" is not a number from 1 to 65535`);
  return port;
}

/** Verbs that need a data connection, or would change how the shell has to talk, and what to use instead. */
const NOT_QUOTED: Readonly<Record<string, string>> = {
  ...{ RETR: "get", STOR: "put", STOU: "put", APPE: "append", LIST: "dir", NLST: "nlist", MLSD: "ls" },
  ...{ PASV: "passive on", EPSV: "passive on", PORT: "passive off", EPRT: "passive off", LPRT: "passive off" },
  ...{ TYPE: "ascii or binary", USER: "user", PASS: "user", QUIT: "bye", AUTH: "open ftpes://…", REIN: "user" },
};

/** `quote`: any command that needs no data connection. */
export async function quote(context: ShellContext, { texts: [verb = "", ...rest], out, signal }: Call): Promise<void> {
  const instead = NOT_QUOTED[verb.toUpperCase()];
  if (instead !== undefined) {
    throw new ShellUsageError(`${verb.toUpperCase()} cannot be sent as it is`, `Use ${instead}`);
  }
  const session = context.remote;
  const argument = rest.length === 0 ? undefined : rest.join(" ");
  const { lines } = await session.use(signal, (client) => client.request(verb, argument, "23"));
  for (const line of lines) await say(out, shown(line, out));
  if (/^(?:X?CWD|X?CUP|CDUP)$/i.test(verb)) await session.refresh(signal);
}

/** `site`, with what the server understands. */
export async function site(context: ShellContext, call: Call): Promise<void> {
  const verb = { text: "SITE", pattern: undefined };
  await quote(context, { ...call, words: [verb, ...call.words], texts: ["SITE", ...call.texts] });
}

/** `stat`: of the session, or of a file or directory. */
export async function status(context: ShellContext, { texts: [path], out, signal }: Call): Promise<void> {
  const { lines } = await context.remote.ask(signal, (client) => client.request("STAT", path));
  for (const line of lines) await say(out, shown(line, out));
}
