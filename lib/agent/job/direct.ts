/**
 * A file that goes from one server to another over a data connection between the two (RFC 959 section 2.3, figure 2;
 * known as FXP).
 *
 * @module
 */

import type { Client } from "../../client/client.ts";
import { ClientError, nonsense } from "../../client/errors.ts";
import { familyOf } from "../../net/ip.ts";
import {
  type Endpoint,
  formatEprt,
  formatPort,
  parseExtendedPassiveText,
  parsePassiveText,
} from "../../protocol/address.ts";
import { AgentError } from "../errors.ts";
import { joinRemote, remoteName, remoteParent } from "./paths.ts";
import type { RemoteFile } from "./relay.ts";

/** Codes for a command that a server does not have, or not in this form. */
const UNKNOWN = new Set([500, 501, 502, 504, 522]);

/** Where a direct copy grows: a server takes a connection that the other one refuses for the end of the file. */
export function hiddenCopy(path: string): string {
  return joinRemote(remoteParent(path), `.${remoteName(path)}.copying`);
}

/**
 * Copies `from` to `to`, which is replaced when all is there, and until then grows as {@link hiddenCopy}. Resolves to
 * the number of bytes. A failure ends both sessions, because nothing else ends what the servers still do.
 *
 * @throws {AgentError} `incomplete` if one of the servers does not do this, or the copy has another size;
 * {@link ClientError} for other failures; or the reason of the signal.
 */
export async function copyDirectly(from: RemoteFile, to: RemoteFile, signal?: AbortSignal): Promise<number> {
  if (from.client.isSecure || to.client.isSecure) {
    throw refused("this is possible only in clear: neither server could check who the other is");
  }
  const hidden = hiddenCopy(to.path);
  const size = await from.client.size(from.path);
  const closeBoth = (): void => [from.client, to.client].forEach((client) => client.abandon());
  signal?.addEventListener("abort", closeBoth);
  try {
    signal?.throwIfAborted();
    await announce(to.client, await listenAt(from.client));
    const storing = to.client.request("STOR", hidden, "2", 0);
    const sending = from.client.request("RETR", from.path, "2", 0);
    storing.catch(closeBoth);
    sending.catch(closeBoth);
    const [sent, stored] = await Promise.allSettled([sending, storing]);
    const failures = [sent, stored].flatMap((result) => result.status === "rejected" ? [result.reason] : []);
    // The other side fails for it, when its connection is closed.
    if (failures.length > 0) throw explained(failures.find(isReply) ?? failures[0]);
    const copied = await to.client.size(hidden);
    if (copied !== size) throw new AgentError("incomplete", `The copy has ${copied} bytes, the file ${size}`);
    await to.client.rename(hidden, to.path);
    return size;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", closeBoth);
  }
}

/** Has the source listen. Only its port is taken: the address is that of its control connection, whatever it says. */
async function listenAt(client: Client): Promise<Endpoint> {
  const { address } = client;
  const verb = familyOf(address) === 6 ? "EPSV" : "PASV";
  const { text } = await client.request(verb);
  const port = verb === "EPSV" ? parseExtendedPassiveText(text) : parsePassiveText(text)?.port;
  if (port === undefined) throw nonsense(verb, "address", text);
  return { hostname: address, port };
}

/** Has the target connect there. */
async function announce(client: Client, endpoint: Endpoint): Promise<void> {
  const isLong = familyOf(endpoint.hostname) === 6;
  try {
    if (isLong) await client.request("EPRT", formatEprt(endpoint));
    else await client.request("PORT", formatPort(endpoint));
  } catch (error) {
    throw error instanceof ClientError && UNKNOWN.has(error.code ?? 0) ? explained(error) : error;
  }
}

function explained(error: unknown): unknown {
  if (!(error instanceof ClientError) || error.kind !== "reply") return error;
  const isAboutConnection = error.verb === "PORT" || error.verb === "EPRT" || error.code === 425 || error.code === 426;
  return isAboutConnection ? refused(`${error.verb}: ${error.code} ${error.reply}`, error) : error;
}

function isReply(error: unknown): boolean {
  return error instanceof ClientError && error.kind === "reply";
}

function refused(why: string, cause?: unknown): AgentError {
  const message = `The servers cannot copy between each other (${why}); without --fxp the file goes through this host`;
  return new AgentError("incomplete", message, { cause });
}
