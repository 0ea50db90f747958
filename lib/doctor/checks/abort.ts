/**
 * ABOR in the middle of a download.
 *
 * @module
 */

import { DataConnections } from "../../client/data_connection.ts";
import { openData } from "../../client/data_connection.ts";
import { messageOf } from "../../net/message_of.ts";
import { closeQuietly } from "../../net/connection.ts";
import type { Examination } from "../examination.ts";
import { bytesOf } from "./bytes.ts";

const FILE = "large.bin";
/** More than the buffers of sockets on both ends hold, so that the download is not over before the ABOR. */
const SIZE = 16 * 1024 * 1024;

/** Needs the scratch directory and data connections. */
export async function checkAbort(examination: Examination): Promise<void> {
  await using client = await examination.connectToScratch();
  await client.upload(bytesOf(new Uint8Array(SIZE)), FILE);
  examination.created.push(FILE);
  await abortDownload(examination);
}

async function abortDownload(examination: Examination): Promise<void> {
  const { dataMode = "passive", server: { timeout } } = examination;
  const { control, tls } = await examination.logIn();
  using _control = control;
  const signal = AbortSignal.timeout(timeout);
  const connector = await new DataConnections(control, { mode: dataMode, timeout }).prepare();
  const opening = openData(connector, signal);
  await control.send("RETR", `${examination.scratch}/${FILE}`);
  const clear = await opening;
  await control.reply();
  const connection = await tls?.secure(clear, signal) ?? clear;
  try {
    await connection.read(new Uint8Array(1024));
    await control.sendAbort();
    closeQuietly(connection);
    await control.send("PWD");
    await checkReplies(examination, control);
  } finally {
    closeQuietly(connection);
  }
}

/** 426 and 226, or one of them (RFC 959 section 4.1.3), and then that to PWD. */
async function checkReplies(
  examination: Examination,
  control: { finalReply(): Promise<{ readonly code: number }> },
): Promise<void> {
  const codes: number[] = [];
  try {
    while (codes.at(-1) !== 257 && codes.length < 4) codes.push((await control.finalReply()).code);
  } catch (error) {
    examination.found("abortSilent", `after ${codes.join(", ") || "no reply"}: ${messageOf(error)}`);
    return;
  }
  const toAbort = codes.slice(0, -1);
  if (codes.at(-1) !== 257 || toAbort.length === 0) {
    examination.found("abortOutOfStep", `ABOR and PWD are answered ${codes.join(", ")}`);
  } else if (!toAbort.some((code) => code === 225 || code === 226)) {
    examination.found("abortSilent", `only ${toAbort.join(", ")}, and no 225 or 226 to ABOR itself`);
  }
}
