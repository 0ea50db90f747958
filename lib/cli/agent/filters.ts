/**
 * The flags that say which files are meant.
 *
 * @module
 */

import type { Filters } from "../../agent/mirror/filters.ts";
import { messageOf } from "../../net/message_of.ts";
import type { Flag, GivenFlags } from "../flags.ts";
import { UsageError } from "../usage_error.ts";
import { readMoment, readSize } from "./values.ts";

/** The filters of a command line. @throws {UsageError} */
export function readFilters(given: GivenFlags<Flag>): Filters {
  const [newer, maxSize] = [given.text("newer"), given.text("max-size")];
  return {
    include: given.texts("include"),
    exclude: given.texts("exclude"),
    ignore: given.texts("exclude-from").map(readLines),
    newer: newer === undefined ? undefined : readMoment("newer", newer, Date.now()),
    maxSize: maxSize === undefined ? undefined : readSize("max-size", maxSize),
  };
}

function readLines(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new UsageError(`Flag "--exclude-from": file "${path}" cannot be read: ${messageOf(error)}`);
  }
}
