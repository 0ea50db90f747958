/**
 * What every file transfer begins with: which part of the file, whether line ends are converted, and the data port.
 *
 * @module
 */

import type { DataConnector } from "../../data/engine.ts";
import * as reply from "../../protocol/reply.ts";
import type { CommandContext } from "../context.ts";
import { takeConnector } from "./run.ts";

/** The part of a file that a transfer is about. */
interface FilePart {
  /** First byte, from REST or RANG. */
  readonly offset: number;
  /** Bytes wanted, from RANG; `undefined` for all there are. */
  readonly length: number | undefined;
}

/** One transfer, before its file is open. */
export interface TransferSetup extends FilePart {
  /** Bytes of the upload, from ALLO, where that is the size of what is sent. */
  readonly announcedSize: number | undefined;
  /** Line ends are converted. */
  readonly ascii: boolean;
  readonly port: DataConnector;
}

/** What a transfer cannot be combined with: a range of RANG alone, or any start but the first byte. */
export interface SetupLimits {
  readonly verb: string;
  readonly without: "range" | "restart";
}

/** Takes what REST, RANG, ALLO and TYPE have said, so that it counts once, and the data port; or gives the reply that refuses. */
export function setUpTransfer(context: CommandContext, limits?: SetupLimits): TransferSetup | reply.Reply {
  const { restart: offset, rangeLength: length, announcedSize } = context.parameters;
  context.parameters.restart = 0;
  context.parameters.rangeLength = undefined;
  context.parameters.announcedSize = undefined;
  if (limits && length !== undefined) return reply.fileBusy(`${limits.verb} cannot be combined with RANG`);
  if (limits?.without === "restart" && offset > 0) return reply.fileBusy(`${limits.verb} cannot be combined with REST`);
  const ascii = asciiMode(context, { offset, length });
  if (reply.isReply(ascii)) return ascii;
  const port = takeConnector(context);
  if (reply.isReply(port)) return port;
  // Before the rest of a file some clients announce all of it, and line ends change the size.
  const measures = offset === 0 && length === undefined && !ascii;
  return { offset, length, announcedSize: measures ? announcedSize : undefined, ascii, port };
}

function asciiMode(context: CommandContext, { offset, length }: FilePart): boolean | reply.Reply {
  if (context.parameters.type === "I" || context.options.ascii === "binary") return false;
  if (context.options.ascii === "refuse") {
    return reply.badParameter("TYPE A transfers are not allowed here; use TYPE I");
  }
  return offset === 0 && length === undefined
    ? true
    : reply.badParameter("REST and RANG are not supported in TYPE A; use TYPE I");
}

/** Opens the file of a transfer; when that fails the data port is given back. */
export async function openOrRelease<T>(port: DataConnector, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    port.close();
    throw error;
  }
}
