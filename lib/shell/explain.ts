/**
 * Failures in plain words, with what to do about them in the shell.
 *
 * @module
 */

import { explain as inWords } from "../agent/explain.ts";
import { ClientError, type ClientErrorKind } from "../client/errors.ts";
import { ShellError } from "./errors.ts";

/** What went wrong, and what to do. */
export interface Explanation {
  readonly message: string;
  readonly advice: string | undefined;
}

const DATA_CONNECTION =
  'The data connection is blocked, by a firewall on the way: try "passive off", or "passive on" if it was off';

const ADVICE: Readonly<Partial<Record<ClientErrorKind, string>>> = {
  unknownHost: "Check the name of the host, and that this computer is online",
  refused: "Check the port, and that the server is running; servers with implicit TLS have ftps:// and port 990",
  unreachable: "Check the network, and firewalls on the way",
  closed: "The next command connects again",
  dataConnection: DATA_CONNECTION,
};

/** Commands that have a data connection. */
const TRANSFERS = /^(?:RETR|STOR|APPE|LIST|MLSD|NLST)$/;

/** In words that are harmless on a terminal. */
export function explain(error: unknown): Explanation {
  const advice = error instanceof ShellError
    ? error.advice
    : error instanceof ClientError
    ? adviceFor(error)
    : undefined;
  return { message: inWords(error), advice };
}

function adviceFor({ kind, code, verb = "" }: ClientError): string | undefined {
  if (code === 425 || (kind === "timeout" && TRANSFERS.test(verb))) return DATA_CONNECTION;
  if (code === 530) return 'Try "user NAME"';
  return ADVICE[kind];
}
