/**
 * The one command table: every verb with all facts about it. The first line of a row is what people read about the
 * verb, the second is what the server knows: see `VerbTexts` and `VerbFacts`. Handlers are elsewhere.
 *
 * @module
 */

import type { DigestAlgorithm } from "../data/digest/digest.ts";
import { none, optionalPath, optionalText, path, pathOrNone, presentPath, text } from "./arguments.ts";
import { type Command, command, type CommandTable, makeTable } from "./command.ts";
import * as data from "./data_connection.ts";
import * as files from "./files.ts";
import * as digests from "./hash.ts";
import * as info from "./info.ts";
import * as listing from "./listing/listing.ts";
import * as login from "./login.ts";
import * as navigate from "./navigate.ts";
import * as parameters from "./parameters.ts";
import * as security from "./security.ts";
import * as site from "./site.ts";
import { retr } from "./transfer/retr.ts";
import { abor } from "./transfer/run.ts";
import { appe, stor, stou } from "./transfer/stor.ts";

/** Verbs of RFC 959, 1639 and 2640 that mean something to other servers. */
const FOREIGN = ["SMNT", "LPRT", "LPSV", "LANG"] as const;

/** The rows of SITE. */
const siteTable = makeTable((table) => [
  command("CHMOD", { syntax: "<mode> <path>", summary: "Change the mode of a file", source: "de facto" })
    .with({ argument: text, needs: "setMode", handler: site.chmod }),
  command("UTIME", { syntax: "<time> <path>", summary: "Change the modification time of a file", source: "de facto" })
    .with({ argument: text, needs: "setModified", handler: site.utime }),
  command("UMASK", { syntax: "[<mask>]", summary: "Show or set the mode mask for new files", source: "de facto" })
    .with({ argument: optionalText, needs: "setMode", handler: site.umask }),
  command("IDLE", { syntax: "[<seconds>]", summary: "Show or set the idle limit", source: "de facto" })
    .with({ argument: optionalText, handler: site.idle }),
  command("WHO", { summary: "List the sessions of the account", source: "de facto" })
    .with({ argument: none, handler: site.who }),
  command("HELP", { syntax: "[<command>]", summary: "List the SITE commands, or explain one", source: "1123 §4.1.2.8" })
    .with({ argument: optionalText, handler: site.siteHelpFor(table) }),
]);

/** Every command there is. */
export const commandTable: CommandTable = makeTable((table) => [
  command("USER", { syntax: "<name>", summary: "Send the user name", source: "959 §4.1.1" })
    .with({ open: true, argument: text, anyEncoding: true, handler: login.user }),
  command("PASS", { syntax: "[<password>]", summary: "Send the password", source: "959 §4.1.1" })
    .with({ open: true, argument: optionalText, secret: true, anyEncoding: true, handler: login.pass }),
  command("ACCT", { syntax: "<text>", summary: "Account information (not required)", source: "959 §4.1.1" })
    .with({ open: true, argument: text, secret: true, handler: login.acct }),
  command("REIN", { summary: "Log out and start again", source: "959 §4.1.1" })
    .with({ open: true, argument: none, handler: login.rein }),
  command("QUIT", { summary: "End the session after any running transfer", source: "959 §4.1.1" })
    .with({ open: true, argument: none, farewell: true, urgent: login.quitIsUrgent, handler: login.quit }),
  command("HOST", { syntax: "<name>", summary: "Select the virtual host (before USER)", source: "7151 §3" })
    .with({ open: true, argument: text, feature: "HOST", handler: login.host }),
  command("AUTH", { syntax: "TLS", summary: "Protect the control connection", source: "4217 §4" })
    .with({
      open: true,
      argument: text,
      enabled: security.hasTls,
      feature: security.authFeature,
      handler: security.auth,
    }),
  command("PBSZ", { syntax: "0", summary: "Set the protection buffer size (always 0)", source: "4217 §9" })
    .with({ open: true, argument: text, enabled: security.hasTls, feature: "PBSZ", handler: security.pbsz }),
  command("PROT", { syntax: "C|P", summary: "Set the protection of data connections", source: "4217 §9" })
    .with({ open: true, argument: text, enabled: security.hasTls, feature: "PROT", handler: security.prot }),
  command("CCC", { summary: "Refused: the control connection stays protected", source: "4217 §5" })
    .with({ open: true, argument: none, enabled: security.hasTls, refused: true, handler: security.ccc }),
  command("CWD", { aliases: ["XCWD"], syntax: "<path>", summary: "Change the working directory", source: "959 §4.1.1" })
    .with({ argument: presentPath, handler: navigate.changeDirectory }),
  command("CDUP", { aliases: ["XCUP"], summary: "Change to the parent directory", source: "959 §4.1.1" })
    .with({ argument: none, handler: navigate.changeToParent }),
  command("PWD", { aliases: ["XPWD"], summary: "Print the working directory", source: "959 §4.1.3" })
    .with({ argument: none, handler: navigate.printDirectory }),
  command("MKD", { aliases: ["XMKD"], syntax: "<path>", summary: "Create a directory", source: "959 §4.1.3" })
    .with({ argument: path, permission: "mkdir", handler: navigate.makeDirectory }),
  command("RMD", { aliases: ["XRMD"], syntax: "<path>", summary: "Remove an empty directory", source: "959 §4.1.3" })
    .with({ argument: path, permission: "rmdir", handler: navigate.removeDirectory }),
  command("TYPE", { syntax: "A|I|L 8", summary: "Set the representation type", source: "959 §4.1.2" })
    .with({ argument: text, keeps: "restart", handler: parameters.type }),
  command("MODE", { syntax: "S", summary: "Set the transfer mode (only stream)", source: "959 §4.1.2" })
    .with({ argument: text, keeps: "restart", handler: parameters.mode }),
  command("STRU", { syntax: "F", summary: "Set the file structure (only file)", source: "959 §4.1.2" })
    .with({ argument: text, keeps: "restart", handler: parameters.stru }),
  command("ALLO", { syntax: "<bytes>", summary: "Announce the size of the next upload", source: "959 §4.1.3" })
    .with({ argument: text, keeps: "restart", handler: parameters.allo }),
  command("REST", { syntax: "<offset>", summary: "Start the next transfer at an offset", source: "3659 §5" })
    .with({ argument: text, keeps: "restart", feature: "REST STREAM", handler: parameters.rest }),
  command("RANG", {
    syntax: "<first> <last>",
    summary: "Limit the next transfer to a range of bytes",
    source: "draft-bryan-ftp-range",
  })
    .with({ argument: text, keeps: "restart", feature: "RANG STREAM", handler: parameters.rang }),
  command("PRET", {
    syntax: "<command>",
    summary: "Accepted without effect: nothing needs to be prepared",
    source: "de facto",
  })
    .with({ argument: text, keeps: "restart", handler: parameters.pret }),
  command("OPTS", { syntax: "<command> <options>", summary: "Set options for a command", source: "2389 §4" })
    .with({ open: true, argument: text, handler: parameters.optsOf(table) }),
  command("CLNT", { syntax: "<name>", summary: "Identify the client software", source: "de facto" })
    .with({ open: true, argument: text, feature: "CLNT", handler: parameters.clnt }),
  command("CSID", {
    syntax: "Name=<name>; Version=<version>;",
    summary: "Exchange client and server identification",
    source: "draft-peterson-streamlined-ftp",
  })
    .with({ open: true, argument: text, feature: "CSID", handler: parameters.csid }),
  command("PASV", { summary: "Listen for the data connection (IPv4)", source: "959 §4.1.2" })
    .with({ argument: none, keeps: "restart", handler: data.pasv }),
  command("EPSV", { syntax: "[1|2|ALL]", summary: "Listen for the data connection", source: "2428 §3" })
    .with({ argument: optionalText, keeps: "restart", feature: "EPSV", handler: data.epsv }),
  command("PORT", {
    syntax: "<h1,h2,h3,h4,p1,p2>",
    summary: "Set the address for the data connection (IPv4)",
    source: "959 §4.1.2",
  })
    .with({ argument: text, keeps: "restart", enabled: data.activeAllowed, handler: data.port }),
  command("EPRT", {
    syntax: "|<family>|<address>|<port>|",
    summary: "Set the address for the data connection",
    source: "2428 §2",
  })
    .with({
      argument: text,
      keeps: "restart",
      enabled: data.activeAllowed,
      feature: data.eprtFeature,
      handler: data.eprt,
    }),
  command("RETR", { syntax: "<path>", summary: "Download a file", source: "959 §4.1.3" })
    .with({ argument: path, permission: "read", keeps: "restart", direction: "download", handler: retr }),
  command("STOR", { syntax: "<path>", summary: "Upload a file", source: "959 §4.1.3" })
    .with({ argument: path, createsName: true, keeps: "restart", direction: "upload", handler: stor }),
  command("APPE", { syntax: "<path>", summary: "Append to a file", source: "959 §4.1.3" })
    .with({ argument: path, createsName: true, needs: "append", keeps: "restart", direction: "upload", handler: appe }),
  command("STOU", { syntax: "[<path>]", summary: "Upload under a new, unique name", source: "959 §4.1.3" })
    .with({ argument: pathOrNone, createsName: true, keeps: "restart", direction: "upload", handler: stou }),
  command("ABOR", { summary: "Abort the running transfer", source: "959 §4.1.3" })
    .with({ argument: none, urgent: true, handler: abor }),
  command("LIST", {
    syntax: "[-laRtSr] [<path>]",
    summary: "List a directory in the format of ls -l",
    source: "959 §4.1.3",
  })
    .with({ argument: optionalText, direction: "listing", handler: listing.list }),
  command("NLST", { syntax: "[<path>]", summary: "List names only", source: "959 §4.1.3" })
    .with({ argument: optionalText, direction: "listing", handler: listing.nlst }),
  command("MLSD", { syntax: "[<path>]", summary: "List a directory in machine-readable form", source: "3659 §7" })
    .with({ argument: optionalPath, permission: "list", direction: "listing", handler: listing.mlsd }),
  command("MLST", { syntax: "[<path>]", summary: "Show facts about a file or directory", source: "3659 §7" })
    .with({
      argument: optionalPath,
      feature: listing.mlstFeature,
      options: parameters.chooseFacts,
      handler: listing.mlst,
    }),
  command("DELE", { syntax: "<path>", summary: "Delete a file", source: "959 §4.1.3" })
    .with({ argument: path, permission: "delete", handler: files.dele }),
  command("RNFR", { syntax: "<path>", summary: "Select the file to rename", source: "959 §4.1.3" })
    .with({ argument: path, permission: "rename", handler: files.rnfr }),
  command("RNTO", { syntax: "<path>", summary: "Set the new name (after RNFR)", source: "959 §4.1.3" })
    .with({ argument: path, createsName: true, keeps: "rename", handler: files.rnto }),
  command("SIZE", { syntax: "<path>", summary: "Show the size of a file as transferred", source: "3659 §4" })
    .with({ argument: path, feature: "SIZE", handler: files.size }),
  command("MDTM", { syntax: "[<time>] <path>", summary: "Show or set the modification time", source: "3659 §3" })
    .with({ argument: text, feature: "MDTM", handler: files.mdtm }),
  command("MFMT", { syntax: "<time> <path>", summary: "Set the modification time", source: "draft-somers-ftp-mfxx §3" })
    .with({ argument: text, needs: "setModified", feature: "MFMT", handler: files.mfmt }),
  command("MFF", {
    syntax: "<fact>=<value>; <path>",
    summary: "Set facts about a file",
    source: "draft-somers-ftp-mfxx §5",
  })
    .with({ argument: text, needs: "setModified", feature: files.mffFeature, handler: files.mff }),
  command("AVBL", {
    syntax: "[<path>]",
    summary: "Show the free space in bytes",
    source: "draft-peterson-streamlined-ftp",
  })
    .with({ argument: optionalPath, needs: "space", feature: "AVBL", handler: files.avbl }),
  command("HASH", {
    syntax: "<path>",
    summary: "Show the digest of a file (algorithm: OPTS HASH)",
    source: "draft-bryan-ftpext-hash",
  })
    .with({
      argument: path,
      permission: "read",
      keeps: "restart",
      lengthy: true,
      feature: digests.hashFeature,
      options: parameters.chooseAlgorithm,
      handler: digests.hash,
    }),
  olderDigest("XCRC", "CRC32"),
  olderDigest("XMD5", "MD5"),
  olderDigest("XSHA", "SHA-1"),
  olderDigest("XSHA1", "SHA-1"),
  olderDigest("XSHA256", "SHA-256"),
  olderDigest("XSHA512", "SHA-512"),
  command("SYST", { summary: "Show the system type", source: "959 §4.1.3" })
    .with({ open: true, argument: none, handler: info.syst }),
  command("FEAT", { summary: "List the supported extensions", source: "2389 §3" })
    .with({ open: true, argument: none, handler: info.featOf(table) }),
  command("HELP", { syntax: "[<command>]", summary: "List the commands, or explain one", source: "959 §4.1.3" })
    .with({ open: true, argument: optionalText, handler: info.helpFor(table) }),
  command("NOOP", { summary: "Do nothing (resets the idle timer)", source: "959 §4.1.3" })
    .with({ open: true, argument: none, keeps: "restart", handler: info.noop }),
  command("STAT", {
    syntax: "[<path>]",
    summary: "Show the status of the session, a transfer or a path",
    source: "959 §4.1.3",
  })
    .with({
      open: true,
      argument: optionalText,
      urgent: (given) => !info.statIsAboutPath(given),
      lengthy: info.statIsAboutPath,
      handler: info.stat,
    }),
  command("SITE", {
    syntax: "<command> [<argument>]",
    summary: "Run a command specific to this server",
    source: "959 §4.1.3",
  })
    .with({ argument: text, subcommands: siteTable.commands, handler: site.siteOf(siteTable) }),
], FOREIGN);

/** The digests that clients asked for before there was HASH. */
function olderDigest(verb: string, algorithm: DigestAlgorithm): Command {
  const summary = `Show the ${algorithm} digest of a file`;
  return command(verb, { syntax: '<path> | "<path>" [<start>] <end>', summary, source: "de facto" })
    .with({ argument: text, feature: verb, lengthy: true, handler: digests.olderDigestOf(algorithm) });
}
