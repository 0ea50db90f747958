/**
 * The conformance kit: what a file-system view must do, so that the commands, quotas and upload policies of this server
 * work on it. A driver of yours is tested by the same claims as ours. Which of them apply follows from the capabilities
 * that the driver declares: each one declared is checked, and what is not declared must be refused as `unsupported`.
 *
 * @example A file for `deno test`
 * ```ts
 * import { MemoryVfs } from "@denoftpd/denoftpd/vfs";
 * import { testDriver } from "@denoftpd/denoftpd/vfs/testing";
 *
 * await testDriver("MemoryVfs", () => ({ vfs: new MemoryVfs() }));
 * ```
 *
 * @module
 */

import type { Vfs, VfsCapabilities } from "../vfs.ts";
import { ATTRIBUTES, MODES, OUTLINE, SPACE, TIMES, USAGE } from "./capabilities.ts";
import type { Claims, Subject } from "./claims.ts";
import { DIRECTORIES } from "./directories.ts";
import { LINKS, RESOLVING } from "./links.ts";
import { NAMES, READING } from "./reading.ts";
import { RESERVING, STEPS, STEPS_OF_APPENDS } from "./steps.ts";
import { APPENDING, ATOMIC, HOLDING, RESUMING, WAITING, WITHOUT_APPEND, WITHOUT_RESUME, WRITING } from "./writing.ts";

export type { Subject } from "./claims.ts";
export { type Fault, type FaultyStep, FaultyVfs } from "./faulty.ts";

/** The options of {@link testDriver}. */
export interface TestDriverOptions {
  /**
   * Registers a test.
   *
   * @default Deno.test
   */
  readonly register?: (title: string, run: () => Promise<void>) => void;
}

interface Group {
  readonly claims: Claims;
  readonly needs?: readonly (keyof VfsCapabilities)[];
  /** For drivers without this capability. */
  readonly without?: keyof VfsCapabilities;
}

const GROUPS: readonly Group[] = [
  { claims: READING },
  { claims: WRITING },
  { claims: RESUMING, needs: ["resume"] },
  { claims: WITHOUT_RESUME, without: "resume" },
  { claims: APPENDING, needs: ["append"] },
  { claims: WITHOUT_APPEND, without: "append" },
  { claims: WAITING, needs: ["append", "resume"] },
  { claims: HOLDING, needs: ["resume"] },
  { claims: ATOMIC, needs: ["atomicWrites"] },
  { claims: DIRECTORIES },
  { claims: STEPS },
  { claims: RESERVING, needs: ["reserve"] },
  { claims: STEPS_OF_APPENDS, needs: ["append"] },
  { claims: NAMES },
  { claims: MODES, needs: ["setMode"] },
  { claims: ATTRIBUTES, needs: ["setMode", "copyAttributes"] },
  { claims: TIMES, needs: ["setModified"] },
  { claims: OUTLINE, needs: ["outline"] },
  { claims: SPACE, needs: ["space"] },
  { claims: USAGE, needs: ["usage"] },
];

/**
 * Registers a test for each claim that applies to the driver. Resolves when all are registered: a test file awaits it.
 *
 * @param name Begins the title of each test.
 * @param makeSubject Called once to look at the capabilities, and once for each test.
 */
export async function testDriver(
  name: string,
  makeSubject: () => Subject | Promise<Subject>,
  { register = Deno.test }: TestDriverOptions = {},
): Promise<void> {
  const capabilities = await withSubject(makeSubject, ({ vfs }) => Promise.resolve(vfs.capabilities));
  const has = (capability: keyof VfsCapabilities) => capabilities[capability] !== undefined;
  const applies = ({ needs = [], without }: Group) => needs.every(has) && !(without && has(without));
  const add = (title: string, check: (subject: Subject) => Promise<void>) =>
    register(`${name} ${title}`, () => withSubject(makeSubject, check));
  for (const { claims } of GROUPS.filter(applies)) {
    for (const [title, check] of Object.entries<(vfs: Vfs) => Promise<void>>(claims)) {
      add(title, ({ vfs }) => check(vfs));
    }
  }
  if (!has("links")) return;
  for (const [title, check] of Object.entries(has("resolve") ? { ...LINKS, ...RESOLVING } : LINKS)) {
    add(title, async ({ vfs, link }) => {
      if (!link) throw new Error('A driver that declares "links" is tested with a subject that has "link"');
      await check(vfs, link);
    });
  }
}

async function withSubject<T>(
  makeSubject: () => Subject | Promise<Subject>,
  use: (subject: Subject) => Promise<T>,
): Promise<T> {
  const subject = await makeSubject();
  try {
    return await use(subject);
  } finally {
    await subject.cleanup?.();
  }
}
