/**
 * What the commands for a running server need of the runtime.
 *
 * @module
 */

import { resolve } from "@std/path";
import { bracketed } from "../../net/ip.ts";
import { type Need, needEnv, needNet, needRead, needWrite } from "../permissions/query.ts";
import { readFlags } from "../flags.ts";
import { processSources } from "../settings/sources.ts";
import { addressFlags, ADMIN_FLAGS, findAddress } from "./address.ts";
import { CONTROL_COMMANDS } from "./commands.ts";
import { PASSWORD_VARIABLE } from "./proof.ts";

/** The needs of a command line such as `who --admin unix:PATH`; `undefined` if it is none of these commands. */
export function controlNeeds([name, ...args]: readonly string[]): Need[] | undefined {
  const command = CONTROL_COMMANDS.find((each) => each.name === name);
  if (!command) return undefined;
  const given = readFlags(args, {
    command: command.name,
    flags: [...command.flags, ...ADMIN_FLAGS],
    most: command.most,
  });
  const used = new Set<string>();
  const env = (variable: string): string | undefined => {
    used.add(variable);
    return processSources.env(variable);
  };
  const address = findAddress({ ...addressFlags(given), env });
  if (address.user !== undefined && address.passwordFile === undefined) env(PASSWORD_VARIABLE);
  const purpose = `asking the server at "${address.text}"`;
  const variables = [...used].filter((variable) => processSources.env(variable) !== undefined);
  const { tokenFile, passwordFile, caFile } = address;
  const files = address.path !== undefined ? [] : [tokenFile, passwordFile, caFile];
  return [
    ...variables.map((variable) => needEnv(variable, purpose)),
    ...(address.path === undefined ? [needNet(`${bracketed(address.hostname ?? "")}:${address.port}`, purpose)] : [
      needNet(`unix:${resolve(address.path)}`, purpose),
      needRead(address.path, purpose),
      needWrite(address.path, purpose),
    ]),
    ...files.filter((file) => file !== undefined).map((file) => needRead(file, purpose)),
  ];
}
