/**
 * What the runtime has permitted, asked before something is tried: a server must never stop to ask a question, and a refusal
 * must name the flag that is missing.
 *
 * @module
 */

import { UsageError } from "./usage_error.ts";

/** What is asked for, the flag that grants it, and what it is for. */
export interface Need {
  readonly permission: Deno.PermissionDescriptor;
  readonly flag: string;
  readonly purpose: string;
}

/** Listening on, or connecting to, `host`; any port without one. */
export function needNet(host: string, purpose: string): Need {
  return { permission: { name: "net", host }, flag: `--allow-net=${host}`, purpose };
}

/** Reading `path` and what is below it. */
export function needRead(path: string, purpose: string): Need {
  return { permission: { name: "read", path }, flag: `--allow-read=${path}`, purpose };
}

/** Writing `path` and what is below it. */
export function needWrite(path: string, purpose: string): Need {
  return { permission: { name: "write", path }, flag: `--allow-write=${path}`, purpose };
}

/** Whether it is granted, without asking anybody. */
export function isGranted({ permission }: Pick<Need, "permission">): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

/** @throws {UsageError} that names the flag of the first need that is not granted. */
export function requireGrants(needs: Iterable<Need>): void {
  for (const need of needs) {
    if (!isGranted(need)) throw new UsageError(`Deno does not permit ${need.purpose}: add ${need.flag}`);
  }
}
