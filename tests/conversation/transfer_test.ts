import { assertEquals, assertMatch } from "@std/assert";
import { writeAll } from "../../lib/net/connection.ts";
import { parseExtendedPassiveText } from "../../lib/protocol/address.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { conversation, plainConversation, type Stage } from "../helpers/server.ts";
import { readAll, sendData } from "../helpers/wire.ts";

const ten = { "/a": "0123456789" };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

conversation(
  "RETR tells the size in TYPE I, in the form that curl and ftplib read",
  { files: ten },
  async ({ ftp }) => {
    await ftp.expect("TYPE I", 200);
    const data = await ftp.passive();
    const { lines } = await ftp.expect("RETR a", 150);
    assertEquals(lines, ["150 Opening BINARY mode data connection for a (10 bytes)"]);
    assertEquals(text(await readAll(await ftp.protect(data))), "0123456789");
    assertEquals((await ftp.expectReply(226)).lines, ["226 Transfer complete"]);
    await ftp.expect("REST 4", 350);
    const rest = await ftp.passive();
    assertMatch((await ftp.expect("RETR a", 150)).text, /\(6 bytes\)$/);
    assertEquals(text(await readAll(await ftp.protect(rest))), "456789");
    await ftp.expectReply(226);
  },
);

conversation("RETR omits the size in TYPE A", { files: ten }, async ({ ftp }) => {
  const data = await ftp.passive();
  assertEquals((await ftp.expect("RETR a", 150)).text, "Opening ASCII mode data connection for a");
  await readAll(await ftp.protect(data));
  await ftp.expectReply(226);
});

for (
  const [name, content] of [["no bytes", ""], ["one byte", "x"], [
    "a megabyte and seven",
    "y".repeat(1024 * 1024 + 7),
  ]] as const
) {
  conversation(`STOR and RETR carry ${name}`, {}, async ({ ftp, files }) => {
    await ftp.expect("TYPE I", 200);
    await ftp.upload("STOR a", content);
    assertEquals(files.read("/a").length, content.length);
    assertEquals(await ftp.downloadText("RETR a") === content, true);
  });

  conversation(`STOR and RETR carry ${name} when the client connects only after 150`, {}, async ({ ftp, files }) => {
    await ftp.expect("TYPE I", 200);
    const open = async (line: string) => {
      const port = parseExtendedPassiveText((await ftp.expect("EPSV", 229)).text) ?? 0;
      await ftp.expect(line, 150);
      return await ftp.protect(await Deno.connect({ hostname: ftp.hostname, port }));
    };
    await sendData(await open("STOR a"), content);
    await ftp.expectReply(226);
    assertEquals(files.read("/a").length, content.length);
    assertEquals((await readAll(await open("RETR a"))).length, content.length);
    await ftp.expectReply(226);
  });
}

plainConversation("STOR takes what was sent before its own command", {}, async ({ ftp, files }) => {
  const data = await ftp.passive();
  await sendData(data, "early");
  await ftp.expect("STOR a", 150);
  await ftp.expectReply(226);
  assertEquals(text(files.read("/a")), "early");
});

conversation("STOR replaces a file, a shorter content too", { files: ten }, async ({ ftp, files }) => {
  await ftp.upload("STOR a", "xyz");
  assertEquals(text(files.read("/a")), "xyz");
});

conversation(
  "RETR and STOR refuse directories and what is not there",
  { files: { "/d/a": "x", "/f": "x" } },
  async ({ ftp }) => {
    for (
      const [line, code] of [
        ["RETR missing", 550],
        ["RETR d", 550],
        ["RETR d/missing", 550],
        ["STOR d", 550],
        ["STOR /", 550],
        ["STOR missing/a", 550],
        ["STOR f/a", 550],
        ["APPE d", 550],
        ["APPE missing/a", 550],
        ["STOU missing/a", 550],
      ] as const
    ) {
      await ftp.passive();
      await ftp.expect(line, code);
    }
  },
);

conversation(
  "STOR makes missing directories where that is wanted",
  { options: { autoMkdir: true } },
  async ({ ftp, files }) => {
    await ftp.upload("STOR x/y/z/a", "deep");
    await ftp.upload("STOU x/w/b", "unique");
    assertEquals(text(files.read("/x/y/z/a")), "deep");
    assertEquals(text(files.read("/x/w/b")), "unique");
  },
);

conversation("APPE adds to a file, and makes one", { files: ten }, async ({ ftp, files, event }) => {
  await ftp.upload("APPE a", "abc");
  assertEquals(text(files.read("/a")), "0123456789abc");
  assertEquals((await event("transfer")).offset, 10);
  await ftp.upload("APPE new", "abc");
  assertEquals(text(files.read("/new")), "abc");
});

conversation(
  "REST lets STOR write in the middle and truncates nothing",
  { files: ten },
  async ({ ftp, files }) => {
    await ftp.expect("TYPE I", 200);
    await ftp.expect("REST 3", 350);
    await ftp.upload("STOR a", "xx");
    assertEquals(text(files.read("/a")), "012xx56789");
    await ftp.expect("REST 8", 350);
    await ftp.upload("STOR a", "yyyy");
    assertEquals(text(files.read("/a")), "012xx567yyyy");
    await ftp.expect("REST 12", 350);
    await ftp.upload("STOR a", "end");
    assertEquals(text(files.read("/a")), "012xx567yyyyend");
  },
);

conversation(
  "APPE never writes into the middle, whatever REST says",
  { files: ten, options: { autoMkdir: true } },
  async ({ ftp, files, event }) => {
    await ftp.expect("TYPE I", 200);
    for (const [line, code] of [["APPE a", 554], ["APPE new", 550], ["APPE x/new", 550]] as const) {
      await ftp.expect("REST 4", 350);
      await ftp.passive();
      await ftp.expect(line, code);
    }
    assertEquals(text(files.read("/a")), "0123456789");
    assertEquals(await ftp.downloadLines("NLST"), ["a"], "nothing was made");
    await ftp.expect("REST 10", 350);
    await ftp.upload("APPE a", "ABC");
    assertEquals(text(files.read("/a")), "0123456789ABC");
    assertEquals((await event("transfer", ({ verb }) => verb === "APPE")).offset, 10);
    await ftp.upload("APPE a", "D");
    assertEquals(text(files.read("/a")), "0123456789ABCD", "REST counts once");
  },
);

conversation(
  "REST behind the end is refused by the transfer, and REST at the end is an empty one",
  { files: ten },
  async ({ ftp, files }) => {
    await ftp.expect("TYPE I", 200);
    for (const line of ["RETR a", "STOR a", "APPE a", "STOR new"]) {
      await ftp.expect("REST 11", 350);
      await ftp.passive();
      await ftp.expect(line, 554);
    }
    assertEquals(text(files.read("/a")), "0123456789");
    await ftp.expect("REST 10", 350);
    assertEquals(await ftp.downloadText("RETR a"), "");
    assertEquals(await ftp.downloadText("RETR a"), "0123456789", "REST counts once");
  },
);

conversation("REST 0 before STOR is a fresh upload", { files: ten }, async ({ ftp, files }) => {
  await ftp.expect("REST 0", 350);
  await ftp.upload("STOR a", "x");
  assertEquals(text(files.read("/a")), "x");
});

conversation(
  "STOU tells the name before and after, and never replaces",
  { files: { "/taken": "old" } },
  async ({ ftp, files }) => {
    const store = async (line: string, content: string) => {
      const data = await ftp.passive();
      const mark = await ftp.expect(line, 150);
      await sendData(await ftp.protect(data), content);
      const { text } = await ftp.expectReply(226);
      const name = /^FILE: (.+)$/.exec(mark.text)?.[1] ?? "no name";
      assertEquals(text, `Transfer complete, FILE: ${name}`);
      return name;
    };
    const names = [await store("STOU", "1"), await store("STOU", "2"), await store("STOU taken", "3")];
    assertEquals(names, ["upload", "upload.1", "taken.1"]);
    assertEquals(names.map((name) => text(files.read(`/${name}`))), ["1", "2", "3"]);
    assertEquals(text(files.read("/taken")), "old");
    await ftp.expect("TYPE I", 200);
    await ftp.expect("REST 1", 350);
    await ftp.expect("STOU", 450);
  },
);

for (const uploads of ["inPlace", "atomic"] as const) {
  conversation(`ALLO of more than comes is a remark in the event of the upload, ${uploads}`, {
    account: { uploads, brokenUploads: "delete" },
  }, async ({ ftp, files, events }) => {
    await ftp.expect("TYPE I", 200);
    for (const size of [10, 4, 3]) {
      await ftp.expect(`ALLO ${size}`, 200);
      await ftp.upload(`STOR ${size}`, "four");
      assertEquals(text(files.read(`/${size}`)), "four");
    }
    await ftp.upload("STOR a", "four");
    await ftp.expect("ALLO 10", 200);
    await ftp.expect("REST 4", 350);
    await ftp.upload("STOR a", "more");
    await ftp.expect("ALLO 5", 200);
    await ftp.upload("APPE a", "end");
    const short = events.flatMap((each) => each.type === "transfer" ? [[each.path, each.complete, each.short]] : []);
    assertEquals(short, [
      ["/10", true, true],
      ["/4", true, undefined],
      ["/3", true, undefined],
      ["/a", true, undefined],
      ["/a", true, undefined],
      ["/a", true, true],
    ]);
  });
}

conversation("ALLO never prevents an upload that fits the quota", {
  account: { quota: 1000, uploads: "inPlace" },
  files: { "/a": "x".repeat(800) },
}, async ({ ftp, files }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.expect("ALLO 950", 200);
  await ftp.upload("STOR a", "y".repeat(950));
  assertEquals(text(files.read("/a")), "y".repeat(950));
  await ftp.expect("ALLO 1000", 200);
  await ftp.expect("REST 950", 350);
  await ftp.upload("STOR a", "z".repeat(50));
  assertEquals(files.read("/a").length, 1000);
});

conversation("A transfer is one event, with bytes, offset and digest", { files: ten }, async ({ ftp, events }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.upload("STOR b", "abc");
  await ftp.expect("REST 4", 350);
  await ftp.download("RETR a");
  await ftp.download("LIST");
  const seen = events.flatMap((event) => event.type === "transfer" ? [event] : []);
  const facts = seen.map(({ verb, direction, path, bytes, offset, complete, reason, user }) => {
    return [verb, direction, path, verb === "LIST" || bytes, offset, complete, reason, user];
  });
  assertEquals(facts, [
    ["STOR", "upload", "/b", 3, 0, true, "none", "demo"],
    ["RETR", "download", "/a", 6, 4, true, "none", "demo"],
    ["LIST", "listing", "/", true, 0, true, "none", "demo"],
  ]);
  assertEquals(seen[0]?.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assertEquals(seen[1]?.sha256, undefined, "only a part of the file went through");
});

conversation(
  "RETR answers 426 when the client drops the data connection",
  { files: { "/big": "x".repeat(32 << 20) } },
  async ({ ftp, event }) => {
    await ftp.expect("TYPE I", 200);
    const data = await ftp.begin("RETR big");
    await data.read(new Uint8Array(1000));
    data.close();
    await ftp.expectReply(426);
    assertEquals((await event("transfer")).reason, "dataLost");
    await ftp.expect("NOOP", 200);
  },
);

/** Its files turn out shorter than they were when they were opened. */
function shrinking(): MemoryVfs {
  const vfs = new MemoryVfs({ files: ten });
  const openRead = vfs.openRead.bind(vfs);
  vfs.openRead = async (path, offset) => {
    const source = await openRead(path, offset);
    return { size: 100, read: (buffer) => source.read(buffer), close: () => source.close() };
  };
  return vfs;
}

plainConversation(
  "RETR of a file that becomes shorter meanwhile is not complete",
  { vfs: shrinking },
  async ({ ftp, event }) => {
    await ftp.expect("TYPE I", 200);
    assertEquals(text(await readAll(await ftp.begin("RETR a"))), "0123456789");
    await ftp.expectReply(426);
    const { complete, reason } = await event("transfer");
    assertEquals([complete, reason], [false, "storage"]);
  },
);

conversation("RETR goes on while the file is replaced, with the content it began with", {
  files: { "/a": "old".repeat(1 << 20) },
}, async (stage: Stage) => {
  const { ftp, files, connect } = stage;
  await ftp.expect("TYPE I", 200);
  const data = await ftp.begin("RETR a");
  const other = await connect();
  await other.login();
  await other.expect("TYPE I", 200);
  await other.upload("STOR a", "new");
  assertEquals((await readAll(data)).length, 3 << 20);
  await ftp.expectReply(226);
  assertEquals(text(files.read("/a")), "new");
});

conversation("STOR is written as it arrives", {}, async ({ ftp, files }) => {
  const data = await ftp.begin("STOR a");
  await writeAll(data, new TextEncoder().encode("begun"));
  while (!(await ftp.say("STAT")).lines.includes(" STOR a: 5 bytes so far"));
  assertEquals(text(files.read("/a")), "begun");
  await sendData(data, "");
  await ftp.expectReply(226);
});
