/**
 * A server of the comparison: what it is started with, and how.
 *
 * @module
 */

import { join } from "@std/path";
import type { Packages } from "./packages.ts";

/** What a server is started with. */
export interface Place {
  /** The directory it serves. */
  readonly root: string;
  /** An empty directory for its own files. */
  readonly scratch: string;
  readonly port: number;
  /** PEM files, and one with both, as some want it; without them there is no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly both: string };
  readonly packages: Packages;
}

/** A command line. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One server of the comparison. */
export interface Server {
  readonly name: string;
  /** Who logs in: `bench` with the password `bench`, or anonymous where accounts would need the system's. */
  readonly user: "bench" | "anonymous";
  /** Whether every session is a process, so that thousands of them fill the process table. */
  readonly forks: boolean;
  /** Whether it can do TLS here. */
  readonly tls: boolean;
  /** Not for tests of clients: no whole server, or another setting of one. */
  readonly benchOnly?: true;
  /** What has to be sent before it greets. @default nothing */
  readonly opening?: string;
  /** Measured only where it is named. */
  readonly onlyNamed?: true;
  readonly launch: (place: Place) => Launch;
}

/**
 * As in `deno task start`: a small nursery, which idle sessions would otherwise leave full of what their logins threw
 * away, and no threads that compile, which would keep the memory that they needed. The same for all that is run from
 * source: one that had others would void the compiled code that the runtime has kept for the rest.
 */
export const RUNTIME_FLAGS = "--v8-flags=--min-semi-space-size=4,--max-semi-space-size=4,--no-concurrent-recompilation";

/** Files are made by whom the server runs as; servers that drop root become this user. */
export const NOBODY = 65534;

/** Writes a file of the server's own and returns its path. */
export function write(place: Pick<Place, "scratch">, name: string, lines: readonly string[]): string {
  const path = join(place.scratch, name);
  Deno.writeTextFileSync(path, `${lines.join("\n")}\n`);
  return path;
}
