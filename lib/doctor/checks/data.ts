/**
 * Data connections: the addresses that passive mode names, whether they can be reached, and active mode.
 *
 * @module
 */

import type { ControlConnection } from "../../client/control.ts";
import type { DataMode } from "../../client/data_connection.ts";
import { ClientError, type ClientErrorKind } from "../../client/errors.ts";
import { messageOf } from "../../net/message_of.ts";
import { familyOf, sameAddress } from "../../net/ip.ts";
import { parseExtendedPassiveText, parsePassiveText } from "../../protocol/address.ts";
import type { Examination } from "../examination.ts";

/** Decides in which mode the other checks transfer. */
export async function checkData(examination: Examination): Promise<void> {
  const passive = await checkPassive(examination);
  const active = await listed(examination, "active");
  examination.dataMode = passive ? "passive" : active ? "active" : undefined;
}

/** Resolves to whether a listing arrives in passive mode. */
async function checkPassive(examination: Examination): Promise<boolean> {
  const { control } = await examination.logIn();
  let isOffered = false;
  try {
    const host = control.connection.remoteAddr.hostname;
    isOffered = await checkExtended(examination, control);
    if (familyOf(host) === 4) isOffered = await checkOld(examination, control, host) || isOffered;
  } finally {
    control.close();
  }
  return isOffered && await listed(examination, "passive");
}

async function checkExtended(examination: Examination, control: ControlConnection): Promise<boolean> {
  const { code, text } = await control.exchange("EPSV");
  if (code === 229 && parseExtendedPassiveText(text) !== undefined) return true;
  examination.found("epsvRefused", `EPSV is answered ${code} ${text}`);
  return false;
}

async function checkOld(examination: Examination, control: ControlConnection, host: string): Promise<boolean> {
  const { code, text } = await control.exchange("PASV");
  const endpoint = code === 227 ? parsePassiveText(text) : undefined;
  if (!endpoint) {
    examination.found("pasvRefused", `PASV is answered ${code} ${text}`);
    return false;
  }
  if (!sameAddress(endpoint.hostname, host)) {
    examination.found("foreignPassiveAddress", `PASV names ${endpoint.hostname}, the control connection is to ${host}`);
  }
  return true;
}

/** Lists the working directory in `mode`. */
async function listed(examination: Examination, mode: DataMode): Promise<boolean> {
  try {
    await using client = await examination.connect({ mode });
    await client.list();
    return true;
  } catch (error) {
    // The listing has come, and only its end is in doubt: what is said of it is in the checks of TLS.
    if (isKind(error, "truncated")) return true;
    if (mode === "passive") examination.found(isBlocked(error) ? "passiveBlocked" : "transfersFail", messageOf(error));
    else examination.found(isRefusal(error) ? "activeRefused" : "activeBlocked", messageOf(error));
    return false;
  }
}

function isKind(error: unknown, kind: ClientErrorKind): boolean {
  return error instanceof ClientError && error.kind === kind;
}

/** Servers answer 425 when they have waited for a client that could not connect. */
function isBlocked(error: unknown): boolean {
  return isKind(error, "dataConnection") || isKind(error, "timeout") ||
    (error instanceof ClientError && error.code === 425);
}

function isRefusal(error: unknown): boolean {
  return isKind(error, "reply") && error instanceof ClientError && (error.code ?? 0) >= 500;
}
