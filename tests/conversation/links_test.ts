import { assertEquals, assertMatch } from "@std/assert";
import { dirname } from "@std/path";
import type { NativeIo } from "../../lib/native/native_io.ts";
import type { LinkListing, ServerOptions } from "../../lib/options.ts";
import { PERSONALITIES } from "../../lib/protocol/personality.ts";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { HAS_NATIVE, nativeIo } from "../helpers/native.ts";
import { conversation, type Stage } from "../helpers/server.ts";

interface LinkStage extends Stage {
  /** The real directory that is `/`. */
  readonly root: string;
}

/** A conversation over a tree with links, which is removed at the end. */
function linkConversation(
  name: string,
  options: Partial<Omit<ServerOptions, "tls">>,
  talk: (stage: LinkStage) => Promise<void>,
): void {
  const perform = (native: boolean) => {
    let root = "";
    let io: NativeIo | undefined;
    const vfs = async () => {
      root = await makeTree();
      io = native ? nativeIo() : undefined;
      return await openDisk(root, { readDirectory: io?.readDirectory, paths: io?.paths });
    };
    conversation(native ? `${name}, by the C library` : name, { vfs, options }, async (stage) => {
      try {
        await talk({ ...stage, root });
      } finally {
        io?.[Symbol.dispose]();
        await Deno.remove(dirname(root), { recursive: true });
      }
    });
  };
  perform(false);
  if (HAS_NATIVE) perform(true);
}

/** `job` with links to a directory and a file in `keep`, to nothing, out of the root, and to itself. */
async function makeTree(): Promise<string> {
  const outside = await Deno.makeTempDir({ prefix: "denoftpd-" });
  const root = `${outside}/root`;
  await Deno.mkdir(`${root}/keep`, { recursive: true });
  await Deno.mkdir(`${root}/job`);
  await Deno.writeTextFile(`${root}/keep/file`, "12345");
  await Deno.utime(`${root}/keep/file`, 1_500_000_000, 1_500_000_000);
  await Deno.writeTextFile(`${outside}/secret`, "secret");
  for (
    const [path, target] of Object.entries({
      broken: "nothing",
      directory: "../keep",
      file: "../keep/file",
      out: "../../secret",
      self: ".",
    })
  ) await Deno.symlink(target, `${root}/job/${path}`);
  return root;
}

/** The kind, and what comes after the date: name, and arrow with target. */
const shown = (lines: readonly string[]) => lines.map((line) => `${line[0]} ${line.slice(60)}`).toSorted();

linkConversation("LIST and STAT show links as links, with where they lead inside", {}, async ({ ftp }) => {
  const expected = [
    "l broken -> nothing",
    "l directory -> ../keep",
    "l file -> ../keep/file",
    "l out",
    "l self -> .",
  ];
  assertEquals(shown(await ftp.downloadLines("LIST job")), expected);
  assertEquals(shown((await ftp.expect("STAT job", 212)).lines.slice(1, -1).map((line) => line.slice(1))), expected);
  assertEquals(shown(await ftp.downloadLines("LIST job/file")), ["l file -> ../keep/file"]);
  assertEquals(shown(await ftp.downloadLines("LIST job/broken")), ["l broken -> nothing"]);
  assertEquals(shown(await ftp.downloadLines("LIST job/b*")), ["l broken -> nothing"]);
  assertEquals((await ftp.downloadLines("NLST job")).toSorted(), [
    "job/broken",
    "job/directory",
    "job/file",
    "job/out",
    "job/self",
  ]);
  // A link to a directory is listed as the directory when it is asked for, as with any other server.
  assertEquals((await ftp.downloadLines("LIST job/directory")).length, 1);
});

/** Facts without those that differ from run to run. */
const FACTS = "type;size;perm;";

linkConversation("MLSD and MLST show links with a type of their own", {}, async ({ ftp }) => {
  await ftp.expect(`OPTS MLST ${FACTS}`, 200);
  assertEquals((await ftp.downloadLines("MLSD job")).slice(2).toSorted(), [
    "type=OS.unix=slink:../keep/file;size=5;perm=adfrw; file",
    "type=OS.unix=slink:../keep;perm=cdeflmp; directory",
    "type=OS.unix=slink:.;perm=cdeflmp; self",
    "type=OS.unix=slink:nothing;perm=df; broken",
    "type=OS.unix=symlink;perm=df; out",
  ]);
  const mlst = async (path: string) => (await ftp.expect(`MLST ${path}`, 250)).lines[1];
  assertEquals(await mlst("job/file"), " type=OS.unix=slink:../keep/file;size=5;perm=adfrw; /job/file");
  assertEquals(await mlst("job/directory"), " type=OS.unix=slink:../keep;perm=cdeflmp; /job/directory");
  assertEquals(await mlst("job/out"), " type=OS.unix=symlink;perm=df; /job/out");
  assertEquals(await mlst("job/directory/file"), " type=file;size=5;perm=adfrw; /job/directory/file");
});

linkConversation("DELE removes a link, CWD, RETR and STOR follow it", {}, async ({ ftp, root }) => {
  await ftp.expect("CWD job/directory", 250);
  assertEquals((await ftp.expect("PWD", 257)).text, '"/job/directory" is the working directory');
  assertEquals(await ftp.downloadText("RETR file"), "12345");
  await ftp.expect("CWD /job", 250);
  assertEquals(await ftp.downloadText("RETR file"), "12345");
  assertEquals((await ftp.expect("SIZE file", 213)).text, "5");
  assertEquals((await ftp.expect("MDTM file", 213)).text, "20170714024000");
  await ftp.upload("STOR file", "changed");
  assertEquals(await Deno.readTextFile(`${root}/keep/file`), "changed");
  await ftp.expect("RMD directory", 550);
  for (const name of ["broken", "directory", "file", "out", "self"]) await ftp.expect(`DELE ${name}`, 250);
  await ftp.expect("RMD /job", 250);
  assertEquals(await Deno.readTextFile(`${root}/keep/file`), "changed");
  assertEquals(await Deno.readTextFile(`${dirname(root)}/secret`), "secret");
});

linkConversation("MDTM of a link that leads nowhere is 550, as SIZE and RETR are", {}, async ({ ftp }) => {
  for (const name of ["broken", "out"]) {
    await ftp.expect(`MDTM job/${name}`, 550);
    await ftp.expect(`SIZE job/${name}`, 550);
    await ftp.expect("EPSV", 229);
    await ftp.expect(`RETR job/${name}`, 550);
  }
});

const LISTINGS: Readonly<Record<Exclude<LinkListing, "arrow">, readonly [list: string[], mlsd: string[]]>> = {
  plain: [
    ["l broken", "l directory", "l file", "l out", "l self"],
    [
      "type=OS.unix=symlink; broken",
      "type=OS.unix=symlink; directory",
      "type=OS.unix=symlink; file",
      "type=OS.unix=symlink; out",
      "type=OS.unix=symlink; self",
    ],
  ],
  followed: [
    ["- file", "d directory", "d self", "l broken -> nothing", "l out"],
    [
      "type=OS.unix=slink:nothing; broken",
      "type=OS.unix=symlink; out",
      "type=dir; directory",
      "type=dir; self",
      "type=file; file",
    ],
  ],
};

for (const listing of ["plain", "followed"] as const) {
  linkConversation(`linkListing "${listing}" is for clients that take links wrongly`, {
    linkListing: listing,
  }, async ({ ftp }) => {
    const [list, mlsd] = LISTINGS[listing];
    await ftp.expect("OPTS MLST type;", 200);
    assertEquals(shown(await ftp.downloadLines("LIST job")), list);
    assertEquals((await ftp.downloadLines("MLSD job")).slice(2).toSorted(), mlsd);
  });
}

linkConversation("A listing of MS-DOS shows no link as a directory", {
  personality: PERSONALITIES.windows,
}, async ({ ftp }) => {
  for (const line of await ftp.downloadLines("LIST job")) assertMatch(line, / \d+ (broken|directory|file|out|self)$/);
});
