/**
 * What a job reports while it runs. The names and fields are those of `--json`.
 *
 * @module
 */

import type { ExitStatus } from "../exit_status.ts";

/** What is done to a file or directory. */
export type JobAction = "get" | "put" | "copy" | "mkdir" | "delete" | "rename" | "chmod";

/** Something that happened in a job. */
export type JobEvent =
  /** A file begins to move. */
  | { readonly event: "start"; readonly action: JobAction; readonly path: string; readonly size?: number | undefined }
  /** More of it has arrived. */
  | { readonly event: "progress"; readonly path: string; readonly bytes: number }
  /** A file has moved. */
  | {
    readonly event: "transferred";
    readonly action: JobAction;
    readonly path: string;
    readonly target: string;
    /** Bytes of the whole file, and those of an earlier transfer among them. */
    readonly bytes: number;
    readonly resumedAt?: number;
    /** With what the two were compared afterwards. */
    readonly verified?: string;
  }
  /** Something else was done. */
  | { readonly event: "done"; readonly action: JobAction; readonly path: string; readonly target?: string }
  /** What would be done without `--dry-run`. */
  | { readonly event: "would"; readonly action: JobAction; readonly path: string; readonly reason: string }
  /** Nothing had to be done, or nothing may be. */
  | { readonly event: "skipped"; readonly path: string; readonly reason: string }
  | { readonly event: "failed"; readonly path: string; readonly message: string; readonly status: ExitStatus }
  /** It is tried again after so many milliseconds. */
  | { readonly event: "retry"; readonly path: string; readonly message: string; readonly wait: number }
  | { readonly event: "note"; readonly path: string; readonly message: string };

/** How a job ended: the last line of `--json`. */
export interface JobSummary {
  readonly transferred: number;
  readonly skipped: number;
  readonly deleted: number;
  readonly failed: number;
  readonly bytes: number;
}

/** Counts what becomes of the files of a job, and passes events on. */
export class JobReport {
  #summary = { transferred: 0, skipped: 0, deleted: 0, failed: 0, bytes: 0 };
  readonly #statuses = new Set<ExitStatus>();
  readonly #listener: (event: JobEvent) => void;

  /** @param listener called with each event. */
  constructor(listener: (event: JobEvent) => void) {
    this.#listener = listener;
  }

  /** The counts so far. */
  get summary(): JobSummary {
    return { ...this.#summary };
  }

  /** 0; or, of a job that has done nothing but fail in one way, the status of that; or 1. */
  get status(): ExitStatus {
    const { failed, transferred, skipped, deleted } = this.#summary;
    if (failed === 0) return 0;
    const [only] = this.#statuses;
    const isAlone = transferred + skipped + deleted === 0 && this.#statuses.size === 1;
    return isAlone && only !== undefined ? only : 1;
  }

  /** Counts and passes on. */
  emit(event: JobEvent): void {
    const summary = this.#summary;
    if (event.event === "transferred") {
      summary.transferred++;
      summary.bytes += event.bytes - (event.resumedAt ?? 0);
    } else if (event.event === "skipped") summary.skipped++;
    else if (event.event === "done" && event.action === "delete") summary.deleted++;
    else if (event.event === "failed") {
      summary.failed++;
      this.#statuses.add(event.status);
    }
    this.#listener(event);
  }
}
