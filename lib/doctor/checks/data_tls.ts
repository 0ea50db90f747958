/**
 * TLS on data connections: whether it works, whether the session of the control connection is resumed or must be, and
 * how it ends.
 *
 * @module
 */

import { ClientTls } from "../../client/tls.ts";
import { Trust } from "../../client/trust.ts";
import { messageOf } from "../../net/message_of.ts";
import type { TlsFacts } from "../../net/connection.ts";
import type { Examination } from "../examination.ts";
import { receive } from "../receive.ts";

/** Needs data connections. Finds nothing in clear. */
export async function checkDataTls(examination: Examination): Promise<void> {
  let facts: TlsFacts | undefined;
  try {
    facts = await listed(examination);
  } catch (error) {
    examination.found("dataTlsFails", messageOf(error));
    return;
  }
  if (!facts) return;
  if (facts.cleanClose === false) examination.found("noCloseNotify", "a listing ended with the connection alone");
  if (!facts.resumed) examination.found("noSessionReuse", "the session was offered, and the server began a new one");
  await checkDemand(examination);
}

/**
 * A client that cannot resume a session shakes hands anew. Not with TLS 1.3, whose tickets would be offered instead of
 * the session of a control connection later.
 */
async function checkDemand(examination: Examination): Promise<void> {
  const { host, timeout, trust } = examination.server;
  try {
    await listed(examination, new ClientTls({ host, timeout, trust: new Trust(trust), maxVersion: "TLSv1.2" }));
  } catch (error) {
    examination.found("reuseDemanded", messageOf(error));
  }
}

/** Lists in a session of its own. */
async function listed(examination: Examination, security?: ClientTls): Promise<TlsFacts | undefined> {
  const session = await examination.logIn();
  using _control = session.control;
  if (!session.tls) return undefined;
  const protect = security && { protect: (clear: Parameters<ClientTls["secure"]>[0]) => security.secure(clear) };
  const { tls } = await receive(examination, session, { verb: "LIST", ...protect });
  return tls;
}
