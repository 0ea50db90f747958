/**
 * `denoftpd doctor`.
 *
 * @module
 */

import { examine } from "../../../doctor/doctor.ts";
import type { Finding } from "../../../doctor/finding.ts";
import type { Remedy, Severity } from "../../../doctor/kind.ts";
import type { AgentContext } from "../context.ts";
import { ownUrl } from "../own_server.ts";

/** Seconds for each step unless `--timeout` says otherwise: a broken server costs several of them. */
const TIMEOUT = 10;

/** Examines a server. Resolves to 1 if anything was found. */
export async function doctor(context: AgentContext): Promise<number> {
  const { given, io, output } = context;
  const url = given.isOn("self") ? await ownUrl(given) : context.url(given.rest[0]);
  const { site } = await context.crew(url);
  const findings = await examine({
    ...site.clientOptions(io.signal),
    timeout: context.number("timeout", TIMEOUT, 1, 3600) * 1000,
    readOnly: given.isOn("read-only"),
    ...(url.path !== "" && { directory: url.path }),
    ...(given.isOn("verbose") && { onPart: (name) => io.stderr(`* ${name}\n`) }),
  });
  io.signal.throwIfAborted();
  if (output.isJson) output.object({ findings });
  else for (const line of reportOf(site.name, findings)) output.result(line);
  return findings.length === 0 ? 0 : 1;
}

const TITLES: Readonly<Record<Severity, string>> = { problem: "PROBLEM", warning: "WARNING", note: "NOTE" };
const SERVERS: Readonly<Record<keyof Remedy, string>> = {
  denoftpd: "denoftpd",
  vsftpd: "vsftpd",
  proftpd: "ProFTPD",
  pureftpd: "Pure-FTPd",
  other: "others",
};

/** The findings for people, worst first. */
function* reportOf(name: string, findings: readonly Finding[]): Generator<string> {
  if (findings.length === 0) {
    yield `${name} is in good order`;
    return;
  }
  for (const { id, severity, summary, seen, remedy } of findings) {
    yield `${TITLES[severity].padEnd(8)} ${summary} [${id}]`;
    yield `  seen    ${seen}`;
    for (const [index, line] of remediesOf(remedy).entries()) yield `  ${index === 0 ? "change" : "      "}  ${line}`;
  }
  const counted = (["problem", "warning", "note"] as const).map((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return `${count} ${severity}${count === 1 ? "" : "s"}`;
  });
  yield `${name}: ${counted.join(", ")}`;
}

/** One line for each server software; without a name where there is only one for all. */
function remediesOf(remedy: Remedy): readonly string[] {
  const entries = Object.entries(remedy);
  if (entries.length === 1 && remedy.other !== undefined) return [remedy.other];
  return entries.map(([server, what]) => `${SERVERS[server as keyof Remedy]}: ${what}`);
}
