/**
 * How the npm package runs the program: with the runtime that the npm package `deno` brings, or, for those who have
 * one, the executable that the environment variable `DENOFTPD` names.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

/** The folder of this module, which is CommonJS in the package. */
declare const __dirname: string;

/** A program and the arguments that come first. */
export interface Runtime {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Record<string, string | undefined>;
}

/** The module of the program in the package. */
export const PROGRAM = "program.mjs";
/** The permissions for each system, as JSON. */
export const PERMISSIONS = "permissions.json";

/** Finds it. @throws {Error} if the package `deno` has nothing for this system. */
export function findRuntime(): Runtime {
  const { DENOFTPD: own } = process.env;
  if (own !== undefined && own !== "") return { program: own, args: [], environment: process.env };
  const { platform, arch } = process;
  // The file was written with the package.
  const permissions = JSON.parse(readFileSync(join(__dirname, PERMISSIONS), "utf8")) as Record<string, string[]>;
  const granted = permissions[`${platform}-${arch}`];
  if (granted === undefined) throw new Error(`There is no denoftpd for ${platform} on ${arch}`);
  const install = createRequire(join(__dirname, "package.json"))("deno/install_api.cjs") as { runInstall(): string };
  return {
    program: install.runInstall(),
    args: ["run", "--quiet", "--no-config", "--no-lock", ...granted, join(__dirname, PROGRAM)],
    environment: { ...process.env, DENO_NO_UPDATE_CHECK: "1" },
  };
}
