/**
 * The flags that say which files are meant.
 *
 * @module
 */

import type { Filters } from "../../agent/mirror/filters.ts";
import type { Flag, GivenFlags } from "../flags.ts";
import { readMoment, readSize } from "./values.ts";

/** The filters of a command line. @throws {UsageError} */
export function readFilters(given: GivenFlags<Flag>): Filters {
  const [newer, maxSize] = [given.text("newer"), given.text("max-size")];
  return {
    include: given.texts("include"),
    exclude: given.texts("exclude"),
    newer: newer === undefined ? undefined : readMoment("newer", newer, Date.now()),
    maxSize: maxSize === undefined ? undefined : readSize("max-size", maxSize),
  };
}
