/**
 * What every transfer begins with: which part of the file, whether line ends are converted, whether a digest is taken
 * on the way, and the data connector.
 *
 * @module
 */

import { RunningDigest } from "../../data/digest/digest.ts";
import type { DataConnector } from "../../data/engine.ts";
import * as reply from "../../protocol/reply.ts";
import type { CommandContext, FileRange, NextTransfer, TransferContext } from "../context.ts";
import { Refusal } from "../failure_replies.ts";

const WHOLE: FileRange = Object.freeze({ offset: 0, length: undefined });

/**
 * Bytes of a transfer that are digested for the log alone, where the client has not asked for digests: cheap, and most
 * files are smaller.
 */
const SPECULATIVE_LIMIT = 16 * 1024 * 1024;

/** See {@link NextTransfer}. */
export class AnnouncedTransfer implements NextTransfer {
  #range = WHOLE;
  #announcedSize: number | undefined;

  limitTo(range: FileRange): void {
    this.#range = range;
  }

  announce(size: number): void {
    this.#announcedSize = size;
  }

  clearRange(): void {
    this.#range = WHOLE;
  }

  takeRange(): FileRange {
    const range = this.#range;
    this.#range = WHOLE;
    return range;
  }

  takeAnnouncedSize(): number | undefined {
    const size = this.#announcedSize;
    this.#announcedSize = undefined;
    return size;
  }
}

/** One transfer, before its file is open. Disposing it closes the connector. */
export interface TransferRequest extends FileRange, Disposable {
  /** Bytes of the upload, from ALLO, where that is the size of what is sent. */
  readonly announcedSize: number | undefined;
  /** Line ends are converted. */
  readonly ascii: boolean;
  readonly connector: DataConnector;
}

/** What a transfer cannot be combined with. */
export interface RequestLimits {
  /** `range`: the end of RANG. `restart`: any start but the first byte, too. */
  readonly without: "range" | "restart";
}

/**
 * Takes what REST, RANG, ALLO and TYPE have said, so that it counts once, and the data connector.
 *
 * @throws {Refusal} if they cannot be combined, or there is no connector.
 */
export function takeTransferRequest(context: TransferContext, limits?: RequestLimits): TransferRequest {
  const { verb } = context.transfer;
  const { next } = context.parameters;
  const { offset, length } = next.takeRange();
  const announced = next.takeAnnouncedSize();
  const isWhole = offset === 0 && length === undefined;
  if (limits && length !== undefined) {
    throw new Refusal(reply.fileBusy(`${verb} cannot be combined with RANG`));
  }
  if (limits?.without === "restart" && offset > 0) {
    throw new Refusal(reply.fileBusy(`${verb} cannot be combined with REST`));
  }
  const ascii = isAscii(context, isWhole);
  const connector = takeConnector(context);
  // Before the rest of a file some clients announce all of it, and line ends change the size.
  const announcedSize = isWhole && !ascii ? announced : undefined;
  return { offset, length, announcedSize, ascii, connector, [Symbol.dispose]: () => connector.close() };
}

function isAscii(context: CommandContext, isWhole: boolean): boolean {
  if (context.parameters.type === "I" || context.options.ascii === "binary") return false;
  if (context.options.ascii === "refuse") {
    throw new Refusal(reply.badParameter("TYPE A transfers are not allowed here; use TYPE I"));
  }
  if (isWhole) return true;
  throw new Refusal(reply.badParameter("REST and RANG are not supported in TYPE A; use TYPE I"));
}

/**
 * Takes the data connector, so that it is spent whatever happens.
 *
 * @throws {Refusal} where there is none, or the data connection must be protected and PROT P was not sent.
 */
export function takeConnector(context: CommandContext): DataConnector {
  const connector = context.takeConnector();
  if (connector === undefined) throw new Refusal(reply.needDataPort);
  if (mustProtectData(context) && !context.security.protectData) {
    connector.close();
    throw new Refusal(reply.dataMustBeProtected);
  }
  return connector;
}

/** Whether data connections of this session must be protected: by the server's rule, or by the account's. */
export function mustProtectData(context: CommandContext): boolean {
  return context.options.tls?.data === "required" || context.login.account?.tls === "required";
}

/** Whether the digests of every file that moves are to be known, even at the cost of two looks at the file. */
export function wantsDigests({ options: { digests }, parameters }: CommandContext): boolean {
  return digests === "always" || (digests !== "off" && parameters.wantsDigests);
}

/** The digest to compute during the transfer of a whole file; `size` if it is known. */
export function streamingDigest(context: CommandContext, size = 0): RunningDigest | undefined {
  if (context.options.digests === "off") return undefined;
  if (wantsDigests(context)) return new RunningDigest();
  if (size > SPECULATIVE_LIMIT || !context.listenersWantDigests) return undefined;
  return new RunningDigest({ algorithms: ["SHA-256"], limit: SPECULATIVE_LIMIT });
}
