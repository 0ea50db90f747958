/**
 * New passwords: typed, read from stdin, or random.
 *
 * @module
 */

import { ANONYMOUS } from "../../auth/accounts.ts";
import { UsageError } from "../usage_error.ts";
import type { UserCommand } from "./flags.ts";
import { type PasswordInput, readPassword } from "./password_input.ts";

/** NIST SP 800-63B section 5.1.1.1: a password below 8 characters is guessed too easily. */
const MIN_PASSWORD_LENGTH = 8;

/** Letters and digits without those that look like others; a URL needs no escapes for them. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/** Of 57 characters each: 93 bits, beyond any guessing. */
const RANDOM_LENGTH = 16;

/** A password that nobody can guess. */
export function randomPassword(): string {
  let password = "";
  while (password.length < RANDOM_LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(RANDOM_LENGTH))) {
      // Six bits, of which the last values are thrown away, so that each character is as likely as the others.
      password += ALPHABET[byte & 63] ?? "";
    }
  }
  return password.slice(0, RANDOM_LENGTH);
}

/** The password that the command line asks for. Rejects with {@link UsageError} if it is too short. */
export async function newPassword(command: UserCommand, input: PasswordInput): Promise<string> {
  if (command.passwordGenerated) return randomPassword();
  const password = await readPassword(input, { fromStdin: command.passwordFromStdin, repeat: true });
  const length = [...password].length;
  if (length === 0) throw new UsageError("The password is empty");
  if (length >= MIN_PASSWORD_LENGTH || command.shortPasswordAllowed) return password;
  throw new UsageError(
    `The password has ${length} characters, fewer than ${MIN_PASSWORD_LENGTH}: ` +
      "choose a longer one, or add --allow-short-password",
  );
}

/** @throws {UsageError} if the command line gives the anonymous account a password. */
export function requireNoPassword({ passwordFromStdin, passwordGenerated }: UserCommand): void {
  const flag = passwordFromStdin ? "--password-stdin" : passwordGenerated ? "--generate" : undefined;
  if (flag !== undefined) throw new UsageError(`Flag "${flag}": the account "${ANONYMOUS}" has no password`);
}
