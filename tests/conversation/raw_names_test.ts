import { assert, assertEquals, assertMatch } from "@std/assert";
import type { NativeIo } from "../../lib/native/native_io.ts";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { HAS_NATIVE, nativeIo } from "../helpers/native.ts";
import { conversation, rulesOf, type Stage } from "../helpers/server.ts";

/** `café` in Latin-1, as a listing has it, and the byte that is no UTF-8. */
const CAFE = "caf\uefe9";

interface RawStage extends Stage {
  /** The real directory that is `/`. */
  readonly root: string;
}

/**
 * A conversation over a disk where `d` holds a file, a directory with a file, and a link, all with names in Latin-1,
 * and nothing else.
 */
function rawConversation(
  name: string,
  { native, account }: { native: boolean; account?: Parameters<typeof conversation>[1]["account"] },
  talk: (stage: RawStage) => Promise<void>,
): void {
  if (!HAS_NATIVE) return;
  let root = "";
  let io: NativeIo | undefined;
  const vfs = async () => {
    root = await Deno.makeTempDir({ prefix: "denoftpd-" });
    io = native ? nativeIo() : undefined;
    const script = String.raw`mkdir d && cd d && e=$(printf '\351') &&
      printf coffee > "caf$e" && mkdir "th$e" && printf tea > "th$e/oolong" && printf x > "th$e/$e" && ln -s "caf$e" "l$e"`;
    const made = await new Deno.Command("sh", { args: ["-c", script], cwd: root }).output();
    assert(made.success, new TextDecoder().decode(made.stderr));
    return await openDisk(root, { readDirectory: io?.readDirectory, paths: io?.paths });
  };
  conversation(name, { vfs, ...(account && { account }) }, async (stage) => {
    try {
      await talk({ ...stage, root });
    } finally {
      io?.[Symbol.dispose]();
      await Deno.remove(root, { recursive: true });
    }
  });
}

rawConversation("RMD says how many names are not UTF-8", { native: false }, async ({ ftp, event }) => {
  assertEquals(await ftp.downloadLines("NLST d"), []);
  assertEquals(await ftp.downloadLines("LIST d"), []);
  const sentence = "Directory not empty: it holds 3 names that are not UTF-8, which cannot be listed";
  assertEquals((await ftp.expect("RMD d", 550)).text, sentence);
  const { reason, reply, line } = await event("refused");
  assertEquals([reason, reply, line], ["notEmpty", sentence, "RMD d"]);
});

rawConversation("RMD says how many names have a line end", { native: true }, async ({ ftp, root }) => {
  await Deno.mkdir(`${root}/e`);
  await Deno.writeTextFile(`${root}/e/a\nb`, "");
  await Deno.writeTextFile(`${root}/e/a\rb`, "");
  const { text } = await ftp.expect("RMD e", 550);
  assertEquals(text, "Directory not empty: it holds 2 names with a line end, which cannot be listed");
  await Deno.writeTextFile(`${root}/d/ordinary`, "");
  assertEquals((await ftp.expect("RMD d", 550)).text, "Directory not empty");
});

rawConversation(
  "a name that is not UTF-8 is listed, downloaded, renamed and removed",
  { native: true },
  async ({ ftp }) => {
    const names = [CAFE, "l\uefe9", "th\uefe9"].map((name) => `d/${name}`);
    assertEquals((await ftp.downloadLines("NLST d")).toSorted(), names);
    const facts = (await ftp.downloadLines("MLSD d")).filter((line) => !line.endsWith("."));
    assertEquals(facts.map((line) => `d/${line.slice(line.indexOf(" ") + 1)}`).toSorted(), names);
    assertEquals(await ftp.downloadText(`RETR d/${CAFE}`), "coffee");
    assertEquals((await ftp.expect(`SIZE d/${CAFE}`, 213)).text, "6");
    await ftp.expect("TYPE I", 200);
    await ftp.expect("REST 3", 350);
    assertEquals(await ftp.downloadText(`RETR d/${CAFE}`), "fee");
    assertMatch((await ftp.expect(`MLST d/${CAFE}`, 250)).lines[1] ?? "", /type=file.*size=6/);
    await ftp.expect("CWD d/th\uefe9", 250);
    assertEquals((await ftp.downloadLines("NLST")).toSorted(), ["oolong", "\uefe9"]);
    assertEquals(await ftp.downloadText("RETR oolong"), "tea");
    await ftp.expect("MFMT 20010203040506 oolong", 213);
    assertEquals((await ftp.expect("MDTM oolong", 213)).text, "20010203040506");
    await ftp.expect("DELE \uefe9", 250);
    await ftp.expect("RNFR oolong", 350);
    await ftp.expect("RNTO /tea", 250);
    await ftp.expect("CWD /", 250);
    assertEquals(await ftp.downloadText("RETR tea"), "tea");
    await ftp.expect(`RNFR d/${CAFE}`, 350);
    await ftp.expect("RNTO d/café", 250);
    assertEquals(await ftp.downloadText("RETR d/café"), "coffee");
    await ftp.expect("DELE d/l\uefe9", 250);
    await ftp.expect("RMD d/th\uefe9", 250);
    await ftp.expect("DELE d/café", 250);
    await ftp.expect("RMD d", 250);
  },
);

rawConversation("no name that is not UTF-8 is made or written", { native: true }, async ({ ftp, root }) => {
  for (const line of [`STOR d/${CAFE}`, `APPE d/${CAFE}`, "STOR d/new\uefe9", "STOR d/th\uefe9/new"]) {
    await ftp.passive();
    await ftp.expect(line, 550);
  }
  await ftp.expect("MKD d/new\uefe9", 550);
  await ftp.passive();
  await ftp.expect(`RETR d/th\uefe9`, 550);
  assertEquals(await ftp.downloadText(`RETR d/${CAFE}`), "coffee");
  assertEquals([...Deno.readDirSync(`${root}/d`)].length, 3);
});

rawConversation("a name that is UTF-8 has no second spelling that rules do not cover", {
  native: true,
  account: { rules: rulesOf(["/", "rw"], ["/é", "none"]) },
}, async ({ ftp, root }) => {
  await Deno.mkdir(`${root}/é`);
  await Deno.writeTextFile(`${root}/é/file`, "secret");
  await ftp.passive();
  await ftp.expect("RETR é/file", 550);
  for (
    const line of [
      "MLST \uefc3\uefa9/file",
      "SIZE \uefc3\uefa9/file",
      "DELE \uefc3\uefa9/file",
      "RMD \uefc3\uefa9",
      "CWD \uefc3\uefa9",
    ]
  ) {
    await ftp.expect(line, 550);
  }
  await ftp.expect("RNFR d", 350);
  await ftp.expect("RNTO \uefc3\uefa9", 550);
});
