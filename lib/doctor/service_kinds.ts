/**
 * What can be wrong with commands, listings and files. The directives are from the same manuals as those of
 * connection_kinds.ts.
 *
 * @module
 */

import type { Kind } from "./kind.ts";

/** By the name of the finding. */
export const SERVICE_KINDS = {
  noFeatures: {
    severity: "warning",
    summary: "The server has no FEAT: clients must guess what it can do",
    remedy: { other: "update the server, or switch FEAT on where it was switched off" },
  },
  featureBroken: {
    severity: "problem",
    summary: "FEAT lists what the server then refuses",
    remedy: {
      proftpd: "Limit and DenyAll of the command",
      vsftpd: "cmds_allowed or cmds_denied",
      other: "update the server",
    },
  },
  featureHidden: {
    severity: "note",
    summary: "The server can do more than FEAT lists: clients do not use it",
    remedy: { other: "update the server, or switch FEAT on again" },
  },
  listUnreadable: {
    severity: "warning",
    summary: "LIST has lines in a format that clients cannot read",
    remedy: { other: "the server's Unix listing format, or MLSD" },
  },
  listingsDiffer: {
    severity: "warning",
    summary: "MLSD and LIST do not name the same files",
    remedy: { other: "the setting that hides names, which should hold for both" },
  },
  emptyListRefused: {
    severity: "warning",
    summary: "The listing of an empty directory is an error: clients report a failure",
    remedy: {},
  },
  clockOff: {
    severity: "warning",
    summary:
      "The clock of the server, or the zone in which it reports times, is wrong: mirrors copy too much or too little",
    remedy: {
      vsftpd: "use_localtime=NO",
      proftpd: "TimesGMT on",
      other: "set the clock of the host (NTP); MDTM and MLSD report UTC (RFC 3659)",
    },
  },
  unquotedPath: {
    severity: "problem",
    summary: "PWD does not put the path in double quotes (RFC 959): clients do not know where they are",
    remedy: { other: "update the server" },
  },
  quoteNotDoubled: {
    severity: "warning",
    summary: "A double quote in a path is not doubled in replies (RFC 959): clients read another path",
    remedy: { other: "update the server, or use no quotes in names" },
  },
  namesChanged: {
    severity: "warning",
    summary: "Some names do not come back as they were sent",
    remedy: {
      vsftpd: "utf8_filesystem=YES",
      proftpd: "UseEncoding on",
      pureftpd: "--fscharset utf-8",
    },
  },
  noResume: {
    severity: "warning",
    summary: "Broken downloads cannot be resumed",
    remedy: { proftpd: "HiddenStores off where uploads are to be resumed, AllowRetrieveRestart on" },
  },
  noUploadResume: {
    severity: "note",
    summary: "Broken uploads cannot be resumed",
    remedy: {
      denoftpd: '"uploads": "safe" in the account, and the right to change files',
      proftpd: "AllowStoreRestart on",
    },
  },
  asciiUnchanged: {
    severity: "note",
    summary: "ASCII transfers are sent as they are: line ends are not converted",
    remedy: { vsftpd: "ascii_download_enable=YES" },
  },
  asciiBroken: {
    severity: "warning",
    summary: "ASCII transfers change more than line ends",
    remedy: { other: "use image type (binary)" },
  },
  pipeliningBroken: {
    severity: "note",
    summary: "Commands that are sent ahead get lost: many small files are slow",
    remedy: {},
  },
  abortSilent: {
    severity: "warning",
    summary: "ABOR in a transfer is not answered: clients that cancel a transfer hang",
    remedy: { vsftpd: "async_abor_enable=YES", other: "clients should close the data connection instead" },
  },
  abortOutOfStep: {
    severity: "warning",
    summary: "After ABOR the replies no longer fit the commands",
    remedy: { other: "update the server" },
  },
  checkFailed: {
    severity: "warning",
    summary: "A part of the examination could not be finished",
    remedy: { other: "the log of the server may have the reason" },
  },
  leftBehind: {
    severity: "warning",
    summary: "The directory of the examination could not be removed",
    remedy: { other: "remove it by hand" },
  },
  transfersFail: {
    severity: "problem",
    summary: "A transfer failed",
    remedy: { other: "the log of the server has the reason" },
  },
  readOnly: {
    severity: "note",
    summary:
      "The account may not create a directory (or --read-only was given): times, resume, names and ABOR were not all examined",
    remedy: { other: "examine with an account that may write" },
  },
} as const satisfies Readonly<Record<string, Kind>>;
