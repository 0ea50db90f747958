/**
 * The state of a session in groups that reset themselves, so that USER and REIN are one call.
 *
 * @module
 */

import type { DataState, LoginState, ParameterState, RenameState, SecurityState } from "./context.ts";
import { FACT_NAMES } from "../protocol/mlsx.ts";
import { ROOT } from "../vfs/virtual_path.ts";

/** Nobody is logged in. */
export function freshLogin(): LoginState {
  return { name: undefined, account: undefined, vfs: undefined, cwd: ROOT };
}

/** What RFC 959 section 5.1 and RFC 3659 section 7.9 make the defaults: TYPE A, and all facts. */
export function freshParameters(): ParameterState {
  return {
    type: "A",
    restart: 0,
    rangeLength: undefined,
    announcedSize: undefined,
    facts: FACT_NAMES,
    hash: "SHA-256",
    wantsDigests: false,
    umask: undefined,
    client: undefined,
  };
}

/** The part of a file that a command is about. */
export interface FileRange {
  /** First byte, from REST or RANG. */
  readonly offset: number;
  /** Bytes wanted, from RANG; `undefined` for all there are. */
  readonly length: number | undefined;
}

/** What REST or RANG has said, which counts once. */
export function takeRange(parameters: ParameterState): FileRange {
  const range = { offset: parameters.restart, length: parameters.rangeLength };
  parameters.restart = 0;
  parameters.rangeLength = undefined;
  return range;
}

/** What ALLO has said, which counts once. */
export function takeAnnouncedSize(parameters: ParameterState): number | undefined {
  const size = parameters.announcedSize;
  parameters.announcedSize = undefined;
  return size;
}

export function freshData(): DataState {
  return { port: undefined, lastTransfer: undefined, epsvAll: false };
}

export function freshRename(): RenameState {
  return { from: undefined };
}

/** On an implicit TLS listener data connections are protected from the start, elsewhere PROT asks for it (RFC 4217 section 9). */
export function freshSecurity(implicitTls: boolean): SecurityState {
  return { bufferSizeSet: implicitTls, protectData: implicitTls, sendsCloseNotify: false };
}
