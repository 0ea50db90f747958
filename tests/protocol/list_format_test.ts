import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { formatMode, formatUnixLine, formatWindowsLine, type ListedEntry } from "../../lib/protocol/list_format.ts";
import { Zone } from "../../lib/protocol/zone.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const NOW = Date.parse("2026-06-15T12:00:00Z");

function entry(changes: Partial<ListedEntry> = {}): ListedEntry {
  return {
    name: "a.txt",
    kind: "file",
    size: 1234,
    modified: Date.parse("2026-06-05T08:09:59Z"),
    mode: 0o644,
    links: 1,
    owner: "ftp",
    group: "ftp",
    ...changes,
  };
}

/** What stands between the size and the name. */
function dateOf(modified: string, now: string, zone?: Zone): string {
  const line = formatUnixLine(entry({ modified: Date.parse(modified), name: "|" }), { now: Date.parse(now), zone });
  return line.slice(line.indexOf("1234") + 5, -2);
}

Deno.test("formatUnixLine prints the line of ls -l in fixed columns", () => {
  assertEquals(
    [
      entry(),
      entry({ kind: "directory", name: " a  b ", mode: 0o755, links: 12, owner: "0", size: 4096 }),
      entry({ kind: "link", name: "gone", mode: 0o777, size: 0 }),
      entry({ kind: "link", name: "a b", mode: 0o777, size: 7, target: "../keep" }),
      entry({ kind: "other", name: "-la", mode: 0 }),
      entry({ name: "Ünï 日本", size: 123_456_789_012, modified: Date.parse("2019-12-31T23:59:59Z") }),
    ].map((listed) => formatUnixLine(listed, { now: NOW })),
    [
      "-rw-r--r--    1 ftp      ftp              1234 Jun  5 08:09 a.txt",
      "drwxr-xr-x   12 0        ftp              4096 Jun  5 08:09  a  b ",
      "lrwxrwxrwx    1 ftp      ftp                 0 Jun  5 08:09 gone",
      "lrwxrwxrwx    1 ftp      ftp                 7 Jun  5 08:09 a b -> ../keep",
      "p---------    1 ftp      ftp              1234 Jun  5 08:09 -la",
      "-rw-r--r--    1 ftp      ftp      123456789012 Dec 31  2019 Ünï 日本",
    ],
  );
});

Deno.test("formatUnixLine keeps its columns apart, whatever is in them", () => {
  const odd = entry({ owner: "Domain Users", group: "", links: 123_456, size: Number.MAX_SAFE_INTEGER });
  const columns = formatUnixLine(odd, { now: NOW }).split(/ +/);
  assertEquals(columns.slice(0, 5), ["-rw-r--r--", "123456", "Domain_Users", "-", "9007199254740991"]);
  assertEquals(columns.length, 9);
});

for (
  const [mode, expected] of [
    [0o000, "----------"],
    [0o421, "-r---w---x"],
    [0o777, "-rwxrwxrwx"],
    [0o4755, "-rwsr-xr-x"],
    [0o4655, "-rwSr-xr-x"],
    [0o2755, "-rwxr-sr-x"],
    [0o2745, "-rwxr-Sr-x"],
    [0o1777, "-rwxrwxrwt"],
    [0o1776, "-rwxrwxrwT"],
    [0o7000, "---S--S--T"],
  ] as const
) {
  Deno.test(`formatMode makes ${expected} of ${mode.toString(8)}`, () => {
    assertEquals(formatMode({ kind: "file", mode }), expected);
  });
}

for (
  const [title, modified, now, expected] of [
    ["now", "2026-06-15T12:00:00Z", "2026-06-15T12:00:00Z", "Jun 15 12:00"],
    ["one millisecond ahead", "2026-06-15T12:00:00.001Z", "2026-06-15T12:00:00Z", "Jun 15  2026"],
    ["180 days ago", "2025-12-17T12:00:00Z", "2026-06-15T12:00:00Z", "Dec 17 12:00"],
    ["a millisecond more than 180 days ago", "2025-12-17T11:59:59.999Z", "2026-06-15T12:00:00Z", "Dec 17  2025"],
    ["last second of last year", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "Dec 31 23:59"],
    ["first second of the year", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "Jan  1 00:00"],
    ["29 February, recent", "2024-02-29T10:11:12Z", "2024-03-01T00:00:00Z", "Feb 29 10:11"],
    ["29 February, old", "2024-02-29T10:11:12Z", "2026-03-01T00:00:00Z", "Feb 29  2024"],
    ["before 1970", "1969-07-20T20:17:40Z", "2026-03-01T00:00:00Z", "Jul 20  1969"],
    ["a year of three digits", "0987-01-02T00:00:00Z", "2026-03-01T00:00:00Z", "Jan  2   987"],
    ["far ahead", "9999-12-31T23:59:59Z", "2026-03-01T00:00:00Z", "Dec 31  9999"],
  ] as const
) {
  Deno.test(`formatUnixLine prints the date of a file: ${title}`, () => {
    assertEquals(dateOf(modified, now), expected);
  });
}

Deno.test("formatUnixLine shows an invalid time as 1970", () => {
  for (const modified of [NaN, Infinity, 9e15]) {
    assertMatch(formatUnixLine(entry({ modified }), { now: NOW }), / Jan {2}1 {2}1970 a\.txt$/);
  }
});

Deno.test("formatUnixLine prints the time of day or the year so that every date is unambiguous", () => {
  for (let days = -400; days <= 400; days++) {
    const modified = NOW - days * DAY + (days % 7) * 61 * MINUTE;
    const date = dateOf(new Date(modified).toISOString(), new Date(NOW).toISOString());
    const iso = new Date(modified).toISOString();
    const recent = modified <= NOW && NOW - modified <= 180 * DAY;
    assertEquals(date.length, 12);
    assertEquals(date.slice(7), recent ? iso.slice(11, 16) : ` ${iso.slice(0, 4)}`);
    assertEquals(Number(date.slice(4, 6)), Number(iso.slice(8, 10)));
  }
});

for (
  const [zone, modified, expected] of [
    ["Europe/Berlin", "2026-03-29T00:59:59Z", "Mar 29 01:59"],
    ["Europe/Berlin", "2026-03-29T01:00:00Z", "Mar 29 03:00"],
    ["America/New_York", "2026-03-08T07:00:00Z", "Mar  8 03:00"],
    ["Asia/Kolkata", "2026-04-30T18:45:00Z", "May  1 00:15"],
    ["Australia/Lord_Howe", "2026-04-04T14:59:59Z", "Apr  5 01:59"],
    ["Australia/Lord_Howe", "2026-04-04T15:00:00Z", "Apr  5 01:30"],
    ["UTC", "2026-04-04T15:00:00Z", "Apr  4 15:00"],
  ] as const
) {
  Deno.test(`formatUnixLine prints the local time of ${zone} for ${modified}`, () => {
    assertEquals(dateOf(modified, "2026-06-15T12:00:00Z", new Zone(zone)), expected);
  });
}

Deno.test("formatUnixLine puts a file in the year it had locally", () => {
  assertEquals(dateOf("2024-12-31T23:30:00Z", "2026-06-15T12:00:00Z", new Zone("Asia/Tokyo")), "Jan  1  2025");
  assertEquals(dateOf("2025-01-01T00:30:00Z", "2026-06-15T12:00:00Z", new Zone("America/Lima")), "Dec 31  2024");
});

Deno.test("Zone.offsetAt agrees with the runtime around every change of the clock", () => {
  for (const name of ["Europe/Berlin", "America/St_Johns", "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu"]) {
    const zone = new Zone(name);
    const local = new Intl.DateTimeFormat("sv-SE", { timeZone: name, dateStyle: "short", timeStyle: "medium" });
    const start = Date.parse("2011-01-01T00:00:00Z");
    for (let instant = start; instant < start + 800 * DAY; instant += 5 * 60 * MINUTE) {
      const expected = Date.parse(`${local.format(instant).replace(" ", "T")}Z`);
      assertEquals(instant + zone.offsetAt(instant), expected, `${name} at ${new Date(instant).toISOString()}`);
    }
  }
});

Deno.test("Zone forgets rather than grows", () => {
  const zone = new Zone("Europe/Berlin");
  for (let year = -2000; year < 6000; year++) zone.offsetAt(Date.UTC(year, 6, 1));
  assertEquals(zone.offsetAt(NOW), 2 * 60 * MINUTE);
});

Deno.test("Zone refuses an unknown name", () => {
  assertThrows(() => new Zone("Europe/Nowhere"), RangeError);
});

for (
  const [title, listed, expected] of [
    ["morning", entry(), "06-05-26  08:09AM                 1234 a.txt"],
    [
      "midnight",
      entry({ modified: Date.parse("2026-06-05T00:05:00Z") }),
      "06-05-26  12:05AM                 1234 a.txt",
    ],
    ["noon", entry({ modified: Date.parse("2009-12-25T12:00:00Z") }), "12-25-09  12:00PM                 1234 a.txt"],
    [
      "afternoon",
      entry({ modified: Date.parse("1999-01-02T23:59:00Z") }),
      "01-02-99  11:59PM                 1234 a.txt",
    ],
    [
      "directory",
      entry({ kind: "directory", name: "Program Files" }),
      "06-05-26  08:09AM       <DIR>          Program Files",
    ],
  ] as const
) {
  Deno.test(`formatWindowsLine prints the line of MS-DOS: ${title}`, () => {
    assertEquals(formatWindowsLine(listed), expected);
  });
}

Deno.test("formatWindowsLine prints local time where a zone is given", () => {
  assertMatch(formatWindowsLine(entry(), { zone: new Zone("Europe/Berlin") }), /^06-05-26 {2}10:09AM /);
});
