/**
 * The client commands.
 *
 * @module
 */

import type { AgentCommand } from "./command.ts";
import { FILTER_FLAGS, SEGMENTS, TRANSFER_FLAGS } from "./flags.ts";

const MANY = 100_000;
const RESUME = { name: "resume", help: "go on with what an earlier run left, if its end agrees with the other side" };
const RECURSIVE = { name: "recursive", short: "r", help: "whole directories" };

/** The rows, in the order of the help. */
export const AGENT_COMMANDS: readonly AgentCommand[] = [
  {
    name: "get",
    summary: "fetch files",
    arguments: "URL… [-o FILE|DIR|-]",
    counts: [1, MANY],
    details: "Each file is written beside its target and replaces it when all of it has arrived: what was there is " +
      "not harmed by a transfer that fails. The last name of a URL may be a pattern such as *.csv.",
    examples: [
      ["get ftp://ftp.example.org/pub/report.pdf", "into the working directory"],
      ["get 'ftp://alice@ftp.example.org/in/*.csv' -o data/", "all that match, into data"],
      ["get --resume ftp://ftp.example.org/disk.iso", "go on after an interruption"],
      ["get --segments 4 ftp://ftp.example.org/disk.iso", "four ranges at once, over a long or a slow line"],
      ["get ftp://ftp.example.org/list.txt -o - | sort", "into a pipe"],
    ],
    flags: [
      { name: "output", short: "o", value: "PATH", help: "a file, a directory, or - for standard output" },
      RESUME,
      RECURSIVE,
      SEGMENTS,
      ...TRANSFER_FLAGS,
      ...FILTER_FLAGS,
    ],
    stdoutIsData: (given) => given.text("output") === "-",
    load: async () => (await import("./commands/get.ts")).get,
  },
  {
    name: "put",
    summary: "store files",
    arguments: "FILE…|- URL",
    counts: [2, MANY],
    details: "Stores files at a URL. If that ends with a slash, or there are several files, it is a directory. " +
      "- stores what arrives on standard input.",
    examples: [
      ["put report.pdf ftp://alice@ftp.example.org/in/", "under its own name"],
      ["put report.pdf ftp://alice@ftp.example.org/in/new.pdf", "under another one"],
      ["put --resume disk.iso ftp://alice@ftp.example.org/", "go on after an interruption"],
      ["dump | denoftpd put - ftp://alice@ftp.example.org/dump.sql", "from a pipe"],
    ],
    flags: [
      RESUME,
      RECURSIVE,
      { name: "times", help: "give the remote files the times of the local ones" },
      ...TRANSFER_FLAGS,
      ...FILTER_FLAGS,
    ],
    load: async () => (await import("./commands/put.ts")).put,
  },
  {
    name: "mirror",
    summary: "make a directory like another one",
    arguments: "SOURCE TARGET",
    counts: [2, 2],
    details:
      "One of the two is a URL. The contents of SOURCE become the contents of TARGET, empty directories included: " +
      "files are transferred that are not there, have another size, or are newer. Nothing is removed without --delete.",
    examples: [
      ["mirror ftp://ftp.example.org/pub/ pub", "fetch all of pub"],
      ["mirror --delete --max-delete 20 site/ ftp://alice@ftp.example.org/www/", "publish a site"],
      ["mirror --dry-run --delete site/ ftp://alice@ftp.example.org/www/", "only say what would be done, and why"],
      ["mirror --exclude .git --exclude '*.tmp' . ftp://alice@ftp.example.org/www/", "leave some files out"],
    ],
    flags: [
      { name: "delete", help: "remove what SOURCE does not have, if SOURCE could be listed whole" },
      { name: "max-delete", value: "N", help: "do nothing at all if more than this would be removed" },
      { name: "dry-run", help: "only say what would be done, and why" },
      { name: "times", help: "give remote files the times of the local ones, in any way that the server has" },
      { name: "watch", help: "go on until Ctrl-C, and mirror again whenever a local SOURCE changes" },
      RESUME,
      SEGMENTS,
      ...TRANSFER_FLAGS,
      ...FILTER_FLAGS,
    ],
    load: async () => (await import("./commands/mirror.ts")).mirror,
  },
  {
    name: "copy",
    summary: "copy from one server to another",
    arguments: "URL URL",
    counts: [2, 2],
    details:
      "The bytes pass through this host, and are stored nowhere here. With --recursive the contents of the first " +
      "directory become contents of the second. Flags such as --tls and --ca are for both servers.",
    examples: [
      ["copy ftp://old.example.org/pub/disk.iso ftp://alice@new.example.org/pub/", "one file"],
      ["copy -r ftp://old.example.org/pub/ ftp://alice@new.example.org/pub/", "all of a directory"],
    ],
    flags: [
      RECURSIVE,
      { name: "fxp", help: "let the second server connect to the first, in clear; both have to allow that" },
      { name: "parallel", value: "N", help: "files at once, 1 to 64", fallback: "4" },
      { name: "limit-rate", value: "SIZE", help: "bytes a second over all connections, such as 500K or 2M" },
      ...FILTER_FLAGS,
    ],
    load: async () => (await import("./commands/copy.ts")).copy,
  },
  {
    name: "ls",
    summary: "list a directory",
    arguments: "URL",
    counts: [1, 1],
    details: "Lists a directory, a file, or what matches a pattern. Times are UTC.",
    examples: [
      ["ls ftp://ftp.example.org/pub/", "for people"],
      ["ls --json ftp://ftp.example.org/pub/ | jq .name", "for programs"],
    ],
    flags: [],
    load: async () => (await import("./commands/ls.ts")).ls,
  },
  {
    name: "cat",
    summary: "print files",
    arguments: "URL…",
    counts: [1, MANY],
    details: "Writes the content of files to standard output, in the order of the URLs.",
    examples: [["cat ftp://ftp.example.org/motd.txt", "print one file"]],
    flags: [],
    stdoutIsData: () => true,
    load: async () => (await import("./commands/get.ts")).cat,
  },
  {
    name: "rm",
    summary: "remove files",
    arguments: "URL…",
    counts: [1, MANY],
    details: "Removes files; with --recursive also directories and all that they have.",
    examples: [["rm 'ftp://alice@ftp.example.org/in/*.tmp'", "all that match"]],
    flags: [RECURSIVE, { name: "dry-run", help: "only say what would be removed" }],
    load: async () => (await import("./commands/files.ts")).rm,
  },
  {
    name: "mv",
    summary: "rename or move a file or directory",
    arguments: "URL PATH",
    counts: [2, 2],
    details: "PATH is the new path on the same server, written as in a URL; if it ends with a slash, the name stays.",
    examples: [["mv ftp://alice@ftp.example.org/in/a.csv done/", "into the directory done"]],
    flags: [],
    load: async () => (await import("./commands/files.ts")).mv,
  },
  {
    name: "mkdir",
    summary: "create a directory",
    arguments: "URL",
    counts: [1, 1],
    details: "Creates a directory.",
    examples: [["mkdir --parents ftp://alice@ftp.example.org/2026/08", "and those above it"]],
    flags: [{ name: "parents", short: "p", help: "also those above it; no error if it is there" }],
    load: async () => (await import("./commands/files.ts")).mkdir,
  },
  {
    name: "chmod",
    summary: "change the permission bits of files",
    arguments: "MODE URL…",
    counts: [2, MANY],
    details: "MODE has three or four octal digits.",
    examples: [["chmod 644 ftp://alice@ftp.example.org/www/index.html", "readable for everybody"]],
    flags: [],
    load: async () => (await import("./commands/files.ts")).chmod,
  },
  {
    name: "du",
    summary: "sum up the sizes of directories",
    arguments: "URL",
    counts: [1, 1],
    details: "Prints the bytes of a directory and of each one right below it, with all that they have.",
    examples: [["du ftp://ftp.example.org/pub/", "what takes the space"]],
    flags: [{ name: "parallel", value: "N", help: "sessions at once, 1 to 64", fallback: "4" }],
    load: async () => (await import("./commands/find.ts")).du,
  },
  {
    name: "find",
    summary: "find files below a directory",
    arguments: "URL [GLOB]",
    counts: [1, 2],
    details: "Prints the paths below a directory; with a pattern, those whose name matches, or whose path if the " +
      "pattern has a slash.",
    examples: [["find ftp://ftp.example.org/pub/ '*.iso'", "all images"]],
    flags: [
      { name: "parallel", value: "N", help: "sessions at once, 1 to 64", fallback: "4" },
      ...FILTER_FLAGS,
    ],
    load: async () => (await import("./commands/find.ts")).find,
  },
  {
    name: "doctor",
    summary: "find out what is wrong with a server",
    arguments: "URL | --self",
    counts: [0, 1],
    details:
      "Acts as a client and prints what is wrong, worst first, with the setting to change in denoftpd, vsftpd, " +
      "ProFTPD or Pure-FTPd. Status 1 if anything was found. Files are written only to a directory that it creates " +
      "in that of the URL and removes at the end.",
    examples: [
      ["doctor ftp://alice@ftp.example.org/", "any server"],
      ["doctor --read-only ftp://ftp.example.org/", "without writing anything"],
      ["doctor --self --config server.json --user alice", "our own, at the address that its configuration names"],
    ],
    flags: [
      { name: "self", help: "the server that the settings of serve describe, at its public address" },
      { name: "config", value: "FILE", help: "with --self: the configuration file of serve" },
      { name: "user", value: "NAME", help: "with --self: the account to log in with" },
      { name: "read-only", help: "write nothing: less is examined" },
      { name: "timeout", value: "SECONDS", help: "for a connection, a handshake or a reply", fallback: "10" },
    ],
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
];
