import { assert, assertEquals } from "@std/assert";
import { type ParsedListEntry, parseList, parseListLine } from "../../lib/protocol/list_parser.ts";

const NOW = Date.parse("2026-11-29T12:00:00Z");
const at = (text: string) => Date.parse(`${text}Z`);

type Expected = Partial<ParsedListEntry> & Pick<ParsedListEntry, "name" | "kind">;

function file(
  name: string,
  size: number | undefined,
  modified: string | undefined,
  more: Partial<Expected> = {},
): Expected {
  return { name, kind: "file", size, modified: modified === undefined ? undefined : at(modified), ...more };
}

function directory(name: string, modified: string | undefined, more: Partial<Expected> = {}): Expected {
  return { ...file(name, undefined, modified), kind: "directory", ...more };
}

/** Only the facts that stand here are compared: the names of owners are in a few. */
const LINES: readonly (readonly [line: string, expected: Expected])[] = [
  // Unix, as vsftpd, ProFTPD, Pure-FTPd, wu-ftpd and FileZilla Server print it
  [
    "-rw-r--r--    1 1000     1000         4096 Nov 28 03:26 README",
    file("README", 4096, "2026-11-28T03:26", { mode: 0o644, owner: "1000", group: "1000" }),
  ],
  ["drwxr-xr-x    2 ftp      ftp          4096 Jan 29  2003 pub", directory("pub", "2003-01-29", { mode: 0o755 })],
  ["-rw-r--r--   1 root other 531 Dec 29 03:26 last year", file("last year", 531, "2025-12-29T03:26")],
  ["-rw-r--r--   1 root other 531 Nov 30 03:26 a day ahead", file("a day ahead", 531, "2026-11-30T03:26")],
  ["dr-xr-xr-x   2 root                  512 Apr  8  1994 etc", directory("etc", "1994-04-08", { owner: "root" })],
  ["dr-xr-xr-x   2 512 Apr  8  1994 no owner", directory("no owner", "1994-04-08")],
  [
    "lrwxrwxrwx   1 root     other          7 Jan 25 00:17 bin -> usr/bin",
    { name: "bin", kind: "link", size: 7, modified: at("2026-01-25T00:17"), target: "usr/bin" },
  ],
  ["lrwxrwxrwx 1 root root 7 Jan 25 00:17 a -> b -> c", { name: "a", kind: "link", target: "b -> c" }],
  // Separators of lines and paragraphs in Unicode are characters like others.
  ["-rw-r--r-- 1 u g 5 Jan 25 00:17 a\u2028b\u2029", file("a\u2028b\u2029", 5, "2026-01-25T00:17")],
  ["01-25-26  12:17AM                    5 a\u2028b", file("a\u2028b", 5, "2026-01-25T00:17")],
  ["-rw-r--r-- 1 u g 5 Jan 25 00:17 no -> link", file("no -> link", 5, "2026-01-25T00:17")],
  ["crw-rw---- 1 root uucp 4, 64 Oct  9 10:11 ttyS0", { name: "ttyS0", kind: "other", size: undefined }],
  ["prw-r--r-- 1 root root 0 Oct  9 10:11 pipe", { name: "pipe", kind: "other" }],
  ["-rw-r--r--+ 1 u g 5 Jan 25 00:17 acl", file("acl", 5, "2026-01-25T00:17")],
  ["-rw-r--r--. 1 u g 5 Jan 25 00:17 selinux", file("selinux", 5, "2026-01-25T00:17")],
  ["-rwsr-xr-t 1 u g 5 Jan 25 00:17 special", file("special", 5, "2026-01-25T00:17", { mode: 0o5755 })],
  ["-rw-r--r-- 1 u g 5 Jan 25 00:17  leading space", file(" leading space", 5, "2026-01-25T00:17")],
  ["-rw-r--r-- 1 u g 5 Jan 25 00:17 trailing ", file("trailing ", 5, "2026-01-25T00:17")],
  ["-rw-r--r-- 1 u g 5 Jan 25 00:17 12 Jan 26 00:18 x", file("12 Jan 26 00:18 x", 5, "2026-01-25T00:17")],
  [
    "-rw-r--r-- 1 jo Domain Users 5 Jan 25 00:17 spaced",
    file("spaced", 5, "2026-01-25T00:17", { owner: "jo", group: "Domain Users" }),
  ],
  ["-rw-r--r-- 1 u g 99999999999999 Jan 25 2001 large", file("large", 99999999999999, "2001-01-25")],
  ["-rw-r--r--   1 root  other 531 2005-06-07 21:22 iso", file("iso", 531, "2005-06-07T21:22")],
  [
    "-rw-r--r-- 1 root other 531 2005-06-07 21:22:33.000000000 +0200 full iso",
    file("full iso", 531, "2005-06-07T19:22:33"),
  ],
  ["-rw-r--r-- 1 root other 531 29 Jan 03:26 day first", file("day first", 531, "2026-01-29T03:26")],
  ["-rw-r--r-- 1 root other 531 29. Jan 2003 dotted", file("dotted", 531, "2003-01-29")],
  ["-rw-r--r-- 1 root other 531 2003 Jan 29 year first", file("year first", 531, "2003-01-29")],
  ["-rw-r--r-- 1 root other 531 Jan 09 2003 04:05 both", file("both", 531, "2003-01-09T04:05")],
  // vsftpd, with a size that may be taken for a year.
  ["-rw-rw-rw-    1 65534    65534        1234 Feb 29  2024 file", file("file", 1234, "2024-02-29T00:00")],
  ["-rw-r--r-- 1 root other 531 Feb 29 03:26 leap", file("leap", 531, "2026-03-01T03:26")],
  // Months of other languages
  ["-rw-r--r-- 1 u g 5 Mär 25  2001 deutsch", file("deutsch", 5, "2001-03-25")],
  ["-rw-r--r-- 1 u g 5 25. Dez 2001 deutsch", file("deutsch", 5, "2001-12-25")],
  ["-rw-r--r-- 1 u g 5 25 févr. 2001 français", file("français", 5, "2001-02-25")],
  ["-rw-r--r-- 1 u g 5 août 25 2001 français", file("français", 5, "2001-08-25")],
  ["-rw-r--r-- 1 u g 5 ene 25 2001 español", file("español", 5, "2001-01-25")],
  ["-rw-r--r-- 1 u g 5 paź 25 2001 polski", file("polski", 5, "2001-10-25")],
  // Windows
  ["04-27-00  09:09PM       <DIR>          licensed", directory("licensed", "2000-04-27T21:09")],
  ["07-18-00  12:16AM                  125 midnight.txt", file("midnight.txt", 125, "2000-07-18T00:16")],
  ["04-14-2099  03:47PM              1,589 readme.htm", file("readme.htm", 1589, "2099-04-14T15:47")],
  ["2002-09-02  18:48       <DIR>          year first", directory("year first", "2002-09-02T18:48")],
  ["2002-09-02  19:06                9,730 with space", file("with space", 9730, "2002-09-02T19:06")],
  [
    "10-13-10  02:03PM       <JUNCTION>     Application Data [C:\\Users\\a]",
    directory("Application Data", "2010-10-13T14:03", { target: "C:\\Users\\a" }),
  ],
  // EPLF
  [
    "+i8388621.48594,m825718503,r,s280,\tdjb.html",
    { name: "djb.html", kind: "file", size: 280, modified: 825718503_000 },
  ],
  ["+i8388621.50690,m824255907,/,\t514", { name: "514", kind: "directory", modified: 824255907_000 }],
  ["+r,up644,s0,\ttab\tname", { name: "tab\tname", kind: "file", size: 0, mode: 0o644 }],
  // VMS
  ["vms_dir_1.DIR;1  1 19-NOV-2001 21:41 [root,root] (RWE,RWE,RE,RE)", directory("vms_dir_1", "2001-11-19T21:41")],
  [
    "vms_file_3.PDF;1  155   2-JUL-2003 10:30:13.64",
    file("vms_file_3.PDF", 155 * 512, "2003-07-02T10:30:13"),
  ],
  [
    "ANNOUNCE.TXT;2      4/6   12-MAR-2005 08:44:57 [SYSTEM] (RWED,RWED,RE,)",
    file("ANNOUNCE.TXT", 2048, "2005-03-12T08:44:57"),
  ],
  // OS/400
  ["QSYS            77824 02/23/00 15:09:55 *DIR       Documents/", directory("Documents", "2000-02-23T15:09:55")],
  ["QPGMR           12288 24.02.03 14:01:02 *STMF      note.txt", file("note.txt", 12288, "2003-02-24T14:01:02")],
  // Netware
  ["d [R----F--] supervisor            512       Jan 16 18:53    login", directory("login", "2026-01-16T18:53")],
  ["- [RWCEAFMS] rhesus             214059       Oct 20 15:27 cx.exe", file("cx.exe", 214059, "2026-10-20T15:27")],
  // z/OS
  ["WYOSPT 3420   2003/05/21  1  200  FB      80  8053  PS  48-MVS.FILE", file("48-MVS.FILE", undefined, "2003-05-21")],
  ["WPTA01 3290   2004/03/04  1    3  FB      80  3125  PO  49-MVS.DATASET", directory("49-MVS.DATASET", "2004-03-04")],
  ["NRP004 3390   **NONE**    1   15  NONE     0     0  PO  50-MVS-NONEDATE", directory("50-MVS-NONEDATE", undefined)],
  [
    "Migrated                                                'MY.OLD.DATA'",
    file("'MY.OLD.DATA'", undefined, undefined),
  ],
  [
    " MEMBER    01.01 2004/06/22 2004/06/22 16:32   128   128    0 BOBY12",
    file("MEMBER", undefined, "2004-06-22T16:32"),
  ],
];

for (const [line, expected] of LINES) {
  Deno.test(`parseListLine reads "${line}"`, () => {
    const entry = parseListLine(line, { now: NOW });
    assert(entry);
    assertEquals({ ...entry, ...expected }, entry);
  });
}

for (
  const line of [
    "",
    "total 12",
    "Directory of C:\\",
    "220 Welcome",
    "-rw-r--r-- 1 u g 5 Foo 25 00:17 no month",
    "drwxrwxrwx",
  ]
) {
  Deno.test(`parseListLine reads nothing from "${line}"`, () => {
    assertEquals(parseListLine(line, { now: NOW }), undefined);
  });
}

Deno.test("parseListLine takes local times for UTC with the offset that it is given", () => {
  const entry = parseListLine("-rw-r--r-- 1 u g 5 Jan 25 00:17 f", { now: NOW, offset: 3_600_000 });
  assertEquals(entry?.modified, at("2026-01-24T23:17"));
});

Deno.test("parseList leaves out dots and decoration, and keeps what it cannot read", () => {
  const text = [
    "total 8",
    "drwxr-xr-x 2 u g 4096 Jan 25 00:17 .",
    "drwxr-xr-x 2 u g 4096 Jan 25 00:17 ..",
    "-rw-r--r-- 1 u g 5 Jan 25 00:17 f",
    "something else",
    "",
  ].join("\r\n");
  const { entries, unreadable } = parseList(text, { now: NOW });
  assertEquals(entries.map(({ name }) => name), ["f"]);
  assertEquals(unreadable, ["something else"]);
});

Deno.test("parseList joins a name of VMS that has a line of its own", () => {
  const text =
    "A_NAME_THAT_IS_TOO_LONG_FOR_THE_COLUMN.TXT;1\r\n     8/9     12-MAR-2005 08:44:57 [SYSTEM] (RWED,RWED,RE,)\r\n";
  const { entries, unreadable } = parseList(text, { now: NOW });
  assertEquals(entries.map(({ name, size }) => ({ name, size })), [
    { name: "A_NAME_THAT_IS_TOO_LONG_FOR_THE_COLUMN.TXT", size: 4096 },
  ]);
  assertEquals(unreadable, []);
});

Deno.test("parseListLine spends little on a line that is made to be slow", () => {
  // Not a matter of milliseconds: a pattern that backtracks would need hours for these.
  for (const filler of [" 1", " 1 Jan", " 12 Jan 1", "- [A] b 1 ", "1-1-11 ", "x;1 "]) {
    parseListLine(`-rw-r--r--${filler.repeat(2000)}`, { now: NOW });
    parseListLine(filler.repeat(4000), { now: NOW });
  }
});
