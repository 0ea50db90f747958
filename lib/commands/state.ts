/**
 * The state of a session in groups that reset themselves, so that USER and REIN are one call.
 *
 * @module
 */

import type { DataState, LoginState, ParameterState, RenameState, SecurityState } from "./context.ts";
import { AnnouncedTransfer } from "./transfer/request.ts";
import { FACT_NAMES } from "../protocol/mlsx.ts";
import { ROOT } from "../vfs/virtual_path.ts";

/** The state before a login. */
export function freshLogin(): LoginState {
  return { name: undefined, account: undefined, vfs: undefined, cwd: ROOT };
}

/** The defaults of RFC 959 section 5.1 and RFC 3659 section 7.9: TYPE A, and all facts. */
export function freshParameters(): ParameterState {
  return {
    type: "A",
    next: new AnnouncedTransfer(),
    facts: FACT_NAMES,
    hash: "SHA-256",
    wantsDigests: false,
    umask: undefined,
    client: undefined,
  };
}

/** No data connection is to come. */
export function freshData(): DataState {
  return { port: undefined, epsvAll: false };
}

/** No rename has begun. */
export function freshRename(): RenameState {
  return { from: undefined };
}

/**
 * On an implicit TLS listener data connections are protected from the start; elsewhere PROT asks for it (RFC 4217
 * section 9).
 */
export function freshSecurity(implicitTls: boolean): SecurityState {
  return { bufferSizeSet: implicitTls, protectData: implicitTls, sendsCloseNotify: false };
}
