/**
 * What the doctor finds: what is wrong, how much it matters, and the setting that mends it.
 *
 * @module
 */

import type { Remedy, Severity } from "./kind.ts";
import { type FindingId, KINDS } from "./kinds.ts";

/** One finding about a server. */
export interface Finding {
  /** The name of its kind, for scripts. */
  readonly id: FindingId;
  readonly severity: Severity;
  /** What is wrong, in one sentence. */
  readonly summary: string;
  /** What was seen of it, such as the reply of the server. */
  readonly seen: string;
  /** The setting to change, by server software. */
  readonly remedy: Remedy;
}

/** The finding `id`, with what was seen. */
export function findingOf(id: FindingId, seen: string): Finding {
  const { severity, summary, remedy } = KINDS[id];
  return { id, severity, summary, seen, remedy };
}

const RANK: Readonly<Record<Severity, number>> = { problem: 0, warning: 1, note: 2 };

/** The worst first; equals in the order in which they were found. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity]);
}
