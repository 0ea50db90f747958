/**
 * Whether the server can be reached, how soon it greets, and its TLS: all before a password is sent.
 *
 * @module
 */

import { ControlConnection } from "../../client/control.ts";
import { UTF8 } from "../../client/charset.ts";
import { dialServer } from "../../client/connect.ts";
import { ClientError } from "../../client/errors.ts";
import { ClientTls } from "../../client/tls.ts";
import { describeCertificate, type Presented, type ServerCertificate, Trust } from "../../client/trust.ts";
import { messageOf } from "../../net/message_of.ts";
import type { TlsVersion } from "../../tls/route.ts";
import type { Examination } from "../examination.ts";

/** Clients with short limits wait some five seconds for a greeting. */
const SLOW_GREETING = 3_000;
const MILLISECONDS_PER_DAY = 86_400_000;
const EXPIRES_SOON = 21 * MILLISECONDS_PER_DAY;
/** No account has it: what is asked is whether a password would be taken in clear. */
const NO_USER = "denoftpd-doctor";

/** Resolves to whether the examination can go on to the login. */
export async function checkReach(examination: Examination): Promise<boolean> {
  try {
    await checkGreeting(examination);
  } catch (error) {
    examination.found("unreachable", messageOf(error));
    return false;
  }
  return await checkTls(examination);
}

async function checkGreeting(examination: Examination): Promise<void> {
  const { tls } = examination.server;
  if (tls === "implicit") return;
  using control = await openClear(examination);
  const began = performance.now();
  const greeting = await control.finalReply();
  const waited = performance.now() - began;
  if (greeting.code >= 300) throw new ClientError("reply", `The greeting is ${greeting.code} ${greeting.text}`);
  if (waited > SLOW_GREETING) examination.found("slowGreeting", `after ${(waited / 1000).toFixed(1)} s`);
}

/** Resolves to whether a password may be sent. */
async function checkTls(examination: Examination): Promise<boolean> {
  const { tls = "optional" } = examination.server;
  if (tls === "off") return true;
  const offered = await isTlsOffered(examination);
  if (!offered) {
    examination.found("noTls", "AUTH TLS is refused");
    return tls === "optional";
  }
  const isTrusted = await checkCertificate(examination);
  if (isTrusted === undefined) return false;
  if (tls !== "implicit") await checkClearLogin(examination);
  if (!isTrusted) examination.found("notLoggedIn", "see the finding about the certificate");
  return isTrusted;
}

/**
 * Whether the server has TLS 1.3. Comes last: the tickets of such a handshake stay in the runtime, and connections of
 * TLS 1.2 to the same host would offer them instead of the session of their control connection.
 */
export async function checkVersions(examination: Examination): Promise<void> {
  if (examination.server.tls === "off" || examination.has("noTls")) return;
  try {
    await handshake(examination, { minVersion: "TLSv1.3" }, new Inspection());
  } catch (error) {
    examination.found("noTls13", messageOf(error));
  }
}

async function isTlsOffered(examination: Examination): Promise<boolean> {
  if (examination.server.tls === "implicit") return true;
  using control = await openClear(examination);
  await control.finalReply();
  return (await control.exchange("AUTH", "TLS")).code === 234;
}

async function checkClearLogin(examination: Examination): Promise<void> {
  using control = await openClear(examination);
  await control.finalReply();
  const { code, text } = await control.exchange("USER", NO_USER);
  if (code === 331 || code === 230) examination.found("clearLogin", `USER in clear is answered ${code} ${text}`);
}

/** Keeps what the server presents, and trusts it: nothing is sent after the handshake. */
class Inspection extends Trust {
  presented: Presented | undefined;

  override check(presented: Presented): Promise<void> {
    this.presented = presented;
    return Promise.resolve();
  }
}

/** Resolves to whether the certificate is trusted, or to `undefined` if no handshake succeeds. */
async function checkCertificate(examination: Examination): Promise<boolean | undefined> {
  const { trust, host } = examination.server;
  const inspection = new Inspection();
  try {
    await handshake(examination, {}, inspection);
  } catch (error) {
    examination.found("tlsFails", messageOf(error));
    return undefined;
  }
  const { presented } = inspection;
  const [certificate] = presented?.chain ?? [];
  if (!presented || !certificate) {
    examination.found("tlsFails", "The server showed no certificate");
    return undefined;
  }
  checkDates(examination, describeCertificate(certificate));
  try {
    await new Trust(trust).check(presented, host);
    return true;
  } catch (error) {
    if (!examination.has("certificateExpired")) examination.found("certificateUntrusted", messageOf(error));
    return false;
  }
}

function checkDates(examination: Examination, { validTo, pin }: ServerCertificate): void {
  const left = Date.parse(validTo) - Date.now();
  if (left < 0) examination.found("certificateExpired", `on ${validTo}; its key has the SHA-256 ${pin}`);
  else if (left < EXPIRES_SOON) examination.found("certificateExpiresSoon", `on ${validTo}`);
}

/** A handshake on a connection of its own, which then closes. */
async function handshake(
  examination: Examination,
  versions: { readonly minVersion?: TlsVersion },
  trust: Trust,
): Promise<void> {
  const { host, timeout, tls } = examination.server;
  const security = new ClientTls({ host, timeout, trust, ...versions });
  using control = await openClear(examination);
  if (tls !== "implicit") {
    await control.finalReply();
    await control.request("AUTH", "TLS");
  }
  control.upgrade(await security.secure(control.connection));
}

/** A control connection before its greeting. */
async function openClear({ server }: Examination): Promise<ControlConnection> {
  const { timeout, onLine } = server;
  return new ControlConnection(await dialServer(server), { timeout, charset: UTF8, onLine });
}
