/**
 * ABOR in the middle of a download.
 *
 * @module
 */

import type { ControlConnection } from "../../client/control.ts";
import { DataConnections, openData } from "../../client/data_connection.ts";
import { messageOf } from "../../net/message_of.ts";
import { closeQuietly } from "../../net/connection.ts";
import { startDeadline } from "../../net/deadline.ts";
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
    await checkReplies(examination, control);
  } finally {
    closeQuietly(connection);
  }
}

/** Milliseconds after a reply in which the next one to the same ABOR comes. */
const QUIET_AFTER = 1_000;

/**
 * 426 and 226, or one of them (RFC 959 section 4.1.3). PWD then shows whether the replies fit the commands. It is not
 * sent before: Pure-FTPd drops what has arrived with an ABOR.
 */
async function checkReplies(examination: Examination, control: ControlConnection): Promise<void> {
  const pending = new Replies(control);
  const codes: number[] = [];
  try {
    codes.push(await pending.next());
    for (let code = await pending.within(QUIET_AFTER); code !== undefined;) {
      codes.push(code);
      code = await pending.within(QUIET_AFTER);
    }
  } catch (error) {
    examination.found("abortSilent", messageOf(error));
    return;
  }
  await control.send("PWD");
  const last = await pending.next().catch(() => undefined);
  const isAnswered = codes.some((code) => code === 225 || code === 226);
  const seen = `ABOR is answered ${codes.join(", ")}, and PWD after it ${last ?? "not at all"}`;
  if (last !== undefined && last !== 257) examination.found("abortOutOfStep", seen);
  else if (!isAnswered || last === undefined) examination.found("abortSilent", seen);
}

/** Codes of final replies. One that has not come in time is the next one. */
class Replies {
  readonly #control: ControlConnection;
  #pending: Promise<number> | undefined;

  constructor(control: ControlConnection) {
    this.#control = control;
  }

  /** Rejects as `ControlConnection.finalReply` does. */
  async next(): Promise<number> {
    const pending = this.#pending ?? this.#control.finalReply().then(({ code }) => code);
    this.#pending = undefined;
    return await pending;
  }

  /** Resolves to `undefined` if none has come after so many milliseconds. */
  async within(milliseconds: number): Promise<number | undefined> {
    const pending = this.#pending ??= this.#control.finalReply().then(({ code }) => code);
    pending.catch(() => {});
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    using _limit = startDeadline({ timeout: milliseconds }, () => resolve(undefined));
    const code = await Promise.race([pending, late]);
    if (code !== undefined) this.#pending = undefined;
    return code;
  }
}
