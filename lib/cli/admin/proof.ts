/**
 * What a command shows to be let in: a token, or a name with its password and, for some, a code.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import { variableOf } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";
import type { AdminAddress } from "./address.ts";

/** Where a password may be. */
export const PASSWORD_VARIABLE = "DENOFTPD_ADMIN_PASSWORD";

/** The body of a login. */
export interface Login {
  readonly name: string;
  readonly password: string;
  readonly code?: string;
}

/** Whom to ask. */
export interface ProofSources {
  /** An environment variable; `undefined` also if reading it is not permitted. */
  readonly env: (name: string) => string | undefined;
  /** Prompts on the terminal without echo; `null` where there is none. */
  readonly promptSecret: (message: string) => string | null;
}

/** The token of a server on this machine. @throws {UsageError} if its file cannot be read, or is not named. */
export function readToken({ tokenFile }: AdminAddress): string {
  if (tokenFile !== undefined) return readLine(tokenFile, "token");
  const variable = variableOf("adminTokenFile");
  throw new UsageError(
    `An address needs the token of the server: name its file with --admin-token-file or ${variable}, or log in with ` +
      "--admin-user",
  );
}

/** The login of `user`. Who is asked for the password is asked for the code too. @throws {UsageError} */
export function readLogin(user: string, address: AdminAddress, { env, promptSecret }: ProofSources): Login {
  const { passwordFile, code } = address;
  const known = passwordFile === undefined ? env(PASSWORD_VARIABLE) : readLine(passwordFile, "password");
  const password = known ?? promptSecret(`Password of ${user} at ${address.text}:`);
  if (password === null) {
    throw new UsageError(
      `No terminal to ask for the password of "${user}": use --admin-password-file or ${PASSWORD_VARIABLE}`,
    );
  }
  const asked = code ?? (known === undefined ? promptSecret("Code of the authenticator app (none: empty):") : null);
  return { name: user, password, ...(asked !== null && asked !== "" && { code: asked.trim() }) };
}

function readLine(file: string, what: string): string {
  try {
    return Deno.readTextFileSync(file).replace(/\r?\n$/, "");
  } catch (error) {
    throw new UsageError(`Cannot read the ${what} in "${file}": ${messageOf(error)}`);
  }
}
