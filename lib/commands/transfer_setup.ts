/**
 * What every file transfer begins with: which part of the file, whether line ends are converted, and the data port.
 *
 * @module
 */

import type { DataPort } from "../data/data_port.ts";
import * as reply from "../protocol/reply.ts";
import type { CommandContext } from "./context.ts";
import { takeDataPort } from "./transfer_route.ts";

/** One transfer, before its file is open. */
export interface TransferSetup {
  /** First byte, from REST or RANG. */
  readonly offset: number;
  /** Bytes wanted, from RANG; `undefined` for all there are. */
  readonly length: number | undefined;
  /** Size of the upload, from ALLO. */
  readonly announcedSize: number | undefined;
  /** Line ends are converted. */
  readonly ascii: boolean;
  readonly port: DataPort;
}

/** Takes what REST, RANG, ALLO and TYPE have said, so that it counts once, and the data port; or gives the reply that refuses. */
export function setUpTransfer(context: CommandContext): TransferSetup | reply.Reply {
  const { restart: offset, rangeLength: length, announcedSize } = context.parameters;
  context.parameters.restart = 0;
  context.parameters.rangeLength = undefined;
  context.parameters.announcedSize = undefined;
  const ascii = asciiMode(context, offset);
  if (reply.isReply(ascii)) return ascii;
  const port = takeDataPort(context);
  return reply.isReply(port) ? port : { offset, length, announcedSize, ascii, port };
}

function asciiMode(context: CommandContext, offset: number): boolean | reply.Reply {
  if (context.parameters.type === "I" || context.options.ascii === "binary") return false;
  if (context.options.ascii === "refuse") return reply.badParameter("TYPE A transfers are refused here, send TYPE I");
  return offset === 0 ? true : reply.badParameter("A transfer in TYPE A cannot start in the middle, send TYPE I");
}

/** Opens the file of a transfer; when that fails the data port is given back. */
export async function openOrRelease<T>(port: DataPort, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    port.close();
    throw error;
  }
}
