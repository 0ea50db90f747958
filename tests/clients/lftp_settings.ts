/**
 * What lftp is told in the suites of plain FTP and of TLS alike.
 *
 * @module
 */

import type { DataMode } from "./suite.ts";

/** It ends at the first failure, tries nothing twice, and shows what is said. */
export const LFTP_SETTINGS: readonly string[] = [
  "set cmd:fail-exit yes",
  "set cmd:move-background no",
  "set net:max-retries 1",
  "set net:timeout 20",
  "set net:persist-retries 0",
  "set xfer:clobber yes",
  "debug 5",
];

/** How it opens data connections. */
export const LFTP_MODES: Readonly<Record<DataMode, readonly string[]>> = {
  PASV: ["set ftp:passive-mode yes", "set ftp:prefer-epsv no"],
  EPSV: ["set ftp:passive-mode yes", "set ftp:prefer-epsv yes"],
  PORT: ["set ftp:passive-mode no"],
  EPRT: ["set ftp:passive-mode no"],
};
