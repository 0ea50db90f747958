/**
 * Failures in plain words, with what to do about them.
 *
 * @module
 */

import { ClientError } from "../client/errors.ts";
import { printable } from "../client/names.ts";
import { messageOf } from "../net/message_of.ts";
import { isDiskFullHere } from "./errors.ts";
import { EXIT, type ExitStatus, exitStatusOf } from "./exit_status.ts";

/** What a reply of the server means, by the exit status that it leads to. */
const MEANINGS: Partial<Record<ExitStatus, string>> = {
  [EXIT.loginDenied]: "The server denied the login: check the name and the password",
  [EXIT.remoteMissing]: "The server has no such file, or does not let this account see it",
  [EXIT.uploadRefused]: "The server refused the change: the account may lack the right, or the directory is missing",
  [EXIT.remoteDiskFull]: "The disk of the server is full, or a quota is reached",
};

/** `error` in words for a person: one line without control characters. */
export function explain(error: unknown): string {
  return printable(sentence(error));
}

function sentence(error: unknown): string {
  if (error instanceof DOMException && error.name === "AbortError") return "Interrupted";
  if (!(error instanceof ClientError)) return messageOf(error);
  if (error.kind === "untrusted" && error.message.includes("SHA-256")) {
    return `${error.message}. If that is the right key, use --pin with it, or --ca FILE with its authority`;
  }
  if (isDiskFullHere(error)) {
    return `The disk here is full: what has arrived is kept for --resume, and what was there is as it was (${
      messageOf(error)
    })`;
  }
  if (error.kind !== "reply") return messageOf(error);
  const meaning = MEANINGS[exitStatusOf(error)];
  return meaning === undefined ? messageOf(error) : `${meaning} (${error.verb}: ${error.code} ${error.reply})`;
}
