/**
 * A download or listing exactly as the server sends it: nothing is converted, and an end that is in doubt is a fact and
 * not an error.
 *
 * @module
 */

import { DataConnections } from "../client/data_connection.ts";
import type { LoggedIn } from "../client/connect.ts";
import { runTransfer } from "../client/transfer.ts";
import { closeQuietly, type Connection, type TlsFacts } from "../net/connection.ts";
import type { Examination } from "./examination.ts";

/** What has come. */
export interface Received {
  /** Text, one character a byte. */
  readonly text: string;
  /** How TLS ended; `undefined` in clear. */
  readonly tls: TlsFacts | undefined;
}

/** What is asked for, and how it is protected. */
export interface ReceiveOptions {
  readonly verb: "LIST" | "MLSD" | "RETR";
  readonly argument?: string;
  /** Shakes hands on the data connection. Default: as the session does. */
  readonly protect?: (connection: Connection) => Promise<Connection>;
}

/** More than any check sends, or reads of a listing. */
const MOST = 1024 * 1024;

/** @throws {ClientError}, as a transfer does. */
export async function receive(
  { dataMode = "passive", server: { timeout } }: Examination,
  { control, tls }: LoggedIn,
  { verb, argument, protect = async (clear) => await tls?.secure(clear) ?? clear }: ReceiveOptions,
): Promise<Received> {
  const connector = await new DataConnections(control, { mode: dataMode, timeout }).prepare();
  const signal = AbortSignal.timeout(timeout);
  let received: Received = { text: "", tls: undefined };
  await runTransfer({
    ...{ control, connector, verb, argument, signal, timeout, protect },
    move: async (connection, stop) => {
      received = await readAll(connection, stop);
    },
  });
  return received;
}

async function readAll(connection: Connection, signal: AbortSignal): Promise<Received> {
  const decoder = new TextDecoder("latin1");
  const close = () => closeQuietly(connection);
  signal.addEventListener("abort", close);
  let text = "";
  try {
    const buffer = new Uint8Array(16 * 1024);
    for (let count = await connection.read(buffer); count !== null && text.length < MOST;) {
      text += decoder.decode(buffer.subarray(0, count));
      count = await connection.read(buffer);
    }
    return { text, tls: connection.tls };
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}
