/**
 * Several files at once, on sessions of their own beside that of the prompt.
 *
 * @module
 */

import { counted } from "../net/counted.ts";
import { Crew } from "../agent/job/crew.ts";
import { type JobEvent, JobReport } from "../agent/job/events.ts";
import type { Job } from "../agent/job/job.ts";
import { printable } from "../client/names.ts";
import type { ShellContext } from "./context.ts";
import { ShellError } from "./errors.ts";
import { sizeText } from "./listing.ts";
import type { JobWatch } from "./ports.ts";

/** Sessions at once. */
const PARALLEL = 4;

/**
 * Runs `work` with a crew for the server of the session. What fails is noted, and the rest goes on.
 *
 * @throws {ShellError} if some of it has failed, or the reason of the signal.
 */
export async function withCrew(
  context: ShellContext,
  signal: AbortSignal,
  work: (job: Job, watch: JobWatch) => Promise<unknown>,
): Promise<void> {
  const { person } = context;
  const site = await context.remote.connected.site(context.settings.mode);
  const watch = person.watch();
  const report = new JobReport((event) => {
    watch.event(event);
    const line = lineOf(event);
    if (line !== undefined) person.note(line);
  });
  await using crew = new Crew(site, {
    ...{ parallel: PARALLEL, signal },
    onFewer: (sessions) => person.note(`The server accepts no more than ${counted(sessions, "session")}`),
  });
  try {
    await work({ crew, report }, watch);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    watch.end();
  }
  signal.throwIfAborted();
  const { transferred, skipped, deleted, failed, bytes } = report.summary;
  const parts = [
    `${counted(transferred, "file")}, ${sizeText(bytes, true)}B`,
    ...(deleted > 0 ? [`${deleted} removed`] : []),
    ...(skipped > 0 ? [`${skipped} left as they are`] : []),
  ];
  if (person.isInteractive) person.note(parts.join(", "));
  if (failed > 0) throw new ShellError(`${failed} failed`, undefined, report.status);
}

/** What is worth a line while it runs. */
function lineOf(event: JobEvent): string | undefined {
  switch (event.event) {
    case "failed":
    case "note":
      return `${printable(event.path)}: ${event.message}`;
    case "retry":
      return `${printable(event.path)}: ${event.message}; next try in ${(event.wait / 1000).toFixed(1)} s`;
    case "would":
      return `would ${event.action} ${printable(event.path)}: ${event.reason}`;
    default:
      return undefined;
  }
}
