import { assert, assertEquals, assertMatch } from "@std/assert";
import { closeQuietly, writeAll } from "../../lib/net/connection.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { conversation, rulesOf, type Stage } from "../helpers/server.ts";
import { sendData, type Wire } from "../helpers/wire.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const names = async (files: MemoryVfs) => (await Array.fromAsync(files.names("/" as never))).flat().toSorted();

/** Begins an upload and waits until the first bytes are stored. */
async function begin(ftp: Wire, line: string): Promise<Awaited<ReturnType<Wire["begin"]>>> {
  await ftp.expect("TYPE I", 200);
  const data = await ftp.begin(line);
  await writeAll(data, new TextEncoder().encode("half"));
  while (!(await ftp.say("STAT")).lines.includes(` ${line}: 4 bytes so far`));
  return data;
}

async function abort(ftp: Wire): Promise<void> {
  await ftp.send("ABOR");
  assertEquals(await ftp.codes(2), [426, 226]);
}

conversation("An atomic upload cannot be seen until it is complete", {
  account: { uploads: "atomic" },
  files: { "/old": "old content" },
}, async ({ ftp, connect, files }: Stage) => {
  const other = await connect();
  await other.login();
  await other.expect("TYPE I", 200);
  for (const name of ["new", "old"]) {
    const data = await begin(ftp, `STOR ${name}`);
    assertEquals((await other.downloadLines("NLST")).toSorted(), name === "new" ? ["old"] : ["new", "old"]);
    if (name === "new") await other.expect("SIZE new", 550);
    else assertEquals(await other.downloadText("RETR old"), "old content");
    const hidden = (await names(files)).find((each) => each.endsWith(".denoftpd-part")) ?? "none";
    for (const line of [`SIZE ${hidden}`, `DELE ${hidden}`, `RNFR ${hidden}`]) await other.expect(line, 550);
    await sendData(data, "whole");
    await ftp.expectReply(226);
    assertEquals(await other.downloadText(`RETR ${name}`), "halfwhole");
  }
  assertEquals(await names(files), ["new", "old"]);
});

conversation("A broken atomic upload leaves the old file, and itself only where that is wanted", {
  account: { uploads: "atomic", brokenUploads: "delete" },
  files: { "/old": "old content" },
}, async ({ ftp, files, event }) => {
  for (const name of ["old", "new"]) {
    await begin(ftp, `STOR ${name}`);
    await abort(ftp);
    assertEquals(await names(files), ["old"]);
  }
  assertEquals(text(files.read("/old")), "old content");
  assertEquals((await event("transfer")).complete, false);
});

conversation(
  "A broken atomic upload that is kept stays hidden",
  { account: { uploads: "atomic", brokenUploads: "keep" } },
  async ({ ftp, files }) => {
    await begin(ftp, "STOR new");
    await abort(ftp);
    assertEquals(await ftp.downloadLines("NLST"), []);
    assertEquals((await names(files)).length, 1);
  },
);

conversation("APPE and REST work in place under atomic uploads", {
  account: { uploads: "atomic" },
  files: { "/a": "0123" },
}, async ({ ftp, files }) => {
  await ftp.expect("TYPE I", 200);
  await ftp.upload("APPE a", "45");
  await ftp.expect("REST 2", 350);
  await ftp.upload("STOR a", "xx");
  assertEquals(text(files.read("/a")), "01xx45");
});

conversation("A broken upload in place is kept, so that it can be resumed", {}, async ({ ftp, files }) => {
  await begin(ftp, "STOR a");
  await abort(ftp);
  assertEquals((await ftp.expect("SIZE a", 213)).text, "4");
  await ftp.expect("REST 4", 350);
  await ftp.upload("STOR a", "whole");
  assertEquals(text(files.read("/a")), "halfwhole");
});

conversation("A broken upload in place is deleted where that is wanted, never a file that was there", {
  account: { brokenUploads: "delete" },
  files: { "/old": "x" },
}, async ({ ftp, files }) => {
  await begin(ftp, "STOR new");
  await abort(ftp);
  assertEquals(await names(files), ["old"]);
  await begin(ftp, "APPE old");
  await abort(ftp);
  assertEquals(text(files.read("/old")), "xhalf");
});

/** A port at which there is no listener. */
function closedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

for (const uploads of ["safe", "inPlace", "atomic"] as const) {
  for (const brokenUploads of ["keep", "delete"] as const) {
    const policy = `${uploads}, ${brokenUploads}`;
    conversation(`What an upload has made goes away again where no byte has come: ${policy}`, {
      account: { uploads, brokenUploads },
      files: { "/old": "old content" },
    }, async ({ ftp, files }) => {
      await ftp.expect("TYPE I", 200);
      const closed = closedPort();
      for (const line of ["STOR new", "APPE new", "STOU new", "APPE old", "STOR old"]) {
        await ftp.expect(`EPRT |1|127.0.0.1|${closed}|`, 200);
        await ftp.expect(line, 150);
        await ftp.expectReply(425);
        // Connected, and aborted before the first byte.
        await ftp.begin(line);
        await abort(ftp);
        assertEquals(await names(files), ["old"], line);
      }
      assertEquals(text(files.read("/old")), "old content");
      await ftp.upload("STOR empty", "");
      assertEquals(await names(files), ["empty", "old"], "an empty file that ended in good order stays");
    });
  }
}

conversation("An append that comes to nothing leaves what another has appended to the file that it made", {
  account: { brokenUploads: "delete" },
}, async (stage) => {
  const { ftp, files } = stage;
  const other = await another(stage);
  await ftp.expect("TYPE I", 200);
  for (const content of ["", "half"]) {
    const name = `log ${content}`;
    const data = content === "" ? await ftp.begin(`APPE ${name}`) : await begin(ftp, `APPE ${name}`);
    await other.upload(`APPE ${name}`, "a line");
    await abort(ftp);
    closeQuietly(data);
    assertEquals(text(files.read(`/${name}`)), `${content}a line`);
  }
});

conversation("A full disk is answered 452, and nothing else is harmed", {
  vfs: () => new MemoryVfs({ capacity: 1000, files: { "/a": "x".repeat(900) } }),
}, async ({ ftp, event, connect }) => {
  await ftp.expect("TYPE I", 200);
  const data = await ftp.begin("STOR b");
  // The server hangs up as soon as there is no room, maybe before everything is sent.
  await sendData(data, "y".repeat(500)).catch(() => {});
  await ftp.expectReply(452);
  const { complete, reason } = await event("transfer");
  assertEquals([complete, reason], [false, "storage"]);
  assertEquals(await ftp.downloadText("RETR a"), "x".repeat(900));
  await ftp.upload("STOR b", "z".repeat(100));
  const other = await connect();
  await other.login();
  assertEquals(await other.downloadText("RETR b"), "z".repeat(100));
});

conversation("An upload beyond the quota is answered 552", {
  account: { quota: 1000 },
  files: { "/a": "x".repeat(900) },
}, async (stage) => {
  const { ftp, event } = stage;
  await ftp.expect("TYPE I", 200);
  assertEquals((await ftp.expect("AVBL", 213)).text, "100");
  await sendData(await ftp.begin("STOR b"), "y".repeat(500)).catch(() => {});
  await ftp.expectReply(552);
  assertEquals((await event("transfer")).reason, "quota");
  await ftp.expect("DELE a", 250);
  await ftp.upload("STOR b", "y".repeat(500));
});

conversation(
  "A disk that fails is answered 451, and the session lives on",
  { vfs: failing },
  async ({ ftp, event, events }) => {
    await ftp.expect("TYPE I", 200);
    await sendData(await ftp.begin("STOR a"), "y".repeat(500)).catch(() => {});
    const { text } = await ftp.expectReply(451);
    assert(!text.includes("sda1"));
    assertEquals((await event("transfer")).reason, "storage");
    assert(events.some((each) => each.type === "problem" && String(each.error).includes("sda1")));
    await ftp.expect("NOOP", 200);
  },
);

function failing(): MemoryVfs {
  const vfs = new MemoryVfs();
  const openWrite = vfs.openWrite.bind(vfs);
  vfs.openWrite = async (path, options) => {
    const sink = await openWrite(path, options);
    sink.write = () => Promise.reject(new Error("I/O error on /dev/sda1"));
    return sink;
  };
  return vfs;
}

conversation("SITE UMASK sets the mode of what is created afterwards", {}, async ({ ftp }) => {
  const mode = async (path: string) =>
    /UNIX\.mode=(\d+);/.exec((await ftp.expect(`MLST ${path}`, 250)).lines[1] ?? "")?.[1];
  await ftp.expect("SITE UMASK 027", 200);
  await ftp.upload("STOR a", "x");
  await ftp.expect("MKD d", 257);
  assertEquals([await mode("a"), await mode("d")], ["0640", "0750"]);
  await ftp.expect("SITE CHMOD 600 a", 200);
  await ftp.upload("STOR a", "y");
  assertEquals(await mode("a"), "0600", "the file was there before");
});

/** Another session, logged in. */
async function another({ connect }: Stage): Promise<Wire> {
  const ftp = await connect();
  await ftp.login();
  await ftp.expect("TYPE I", 200);
  return ftp;
}

for (const name of ["old", "new"]) {
  conversation(
    `What a lost client had sent does not spoil what it sends again, over a file that was ${
      name === "old" ? "" : "not "
    }there`,
    { account: { brokenUploads: "delete" }, files: { "/old": "old content" } },
    async (stage) => {
      const lost = await another(stage);
      const late = await lost.begin(`STOR ${name}`);
      lost.hangUp();
      const { ftp, files } = stage;
      await ftp.expect("TYPE I", 200);
      const data = await ftp.passive();
      await ftp.send(`STOR ${name}`);
      // Not 150 yet: the file is still the other one's.
      for (let count = 0; count < 3; count++) await ftp.expect("STAT", 211);
      await sendData(late, "too late");
      await ftp.expectReply(150);
      await sendData(await ftp.protect(data), "again");
      await ftp.expectReply(226);
      assertEquals(text(files.read(`/${name}`)), "again");
    },
  );
}

conversation("ABOR ends a wait for another upload of the same file", { files: { "/a": "x" } }, async (stage) => {
  const { ftp, files } = stage;
  const busy = await another(stage);
  const data = await busy.begin("APPE a");
  await ftp.expect("TYPE I", 200);
  await ftp.passive();
  await ftp.send("STOR a");
  await ftp.expect("STAT", 211);
  await ftp.send("ABOR");
  assertEquals(await ftp.codes(2), [450, 226]);
  await sendData(data, "y");
  await busy.expectReply(226);
  assertEquals(text(files.read("/a")), "xy");
});

conversation("DELE and RNTO answer 450 about a file that is being uploaded", {
  files: { "/f": "old", "/g": "other" },
}, async (stage) => {
  const { ftp, files } = stage;
  const other = await another(stage);
  const data = await begin(ftp, "STOR f");
  await other.expect("DELE f", 450);
  await other.expect("RNFR g", 350);
  await other.expect("RNTO f", 450);
  await other.expect("RNFR f", 350);
  await other.expect("RNTO h", 450);
  await sendData(data, "whole");
  await ftp.expectReply(226);
  assertEquals(text(files.read("/f")), "halfwhole");
  await other.expect("DELE f", 250);
  assertEquals(await names(files), ["g"]);
});

conversation("An upload whose file is gone at its end is answered 451", {}, async ({ ftp, files, event }) => {
  const data = await begin(ftp, "STOR f");
  files.restore(new MemoryVfs());
  await sendData(data, "whole");
  await ftp.expectReply(451);
  assertEquals((await event("transfer")).complete, false);
});

for (const uploads of ["safe", "inPlace", "atomic"] as const) {
  conversation(`STOU never gives two uploads the same name, ${uploads}`, { account: { uploads } }, async (stage) => {
    const wires = [stage.ftp, ...await Promise.all([1, 2, 3, 4, 5].map(() => another(stage)))];
    const running = [];
    for (const ftp of wires) {
      const data = await ftp.passive();
      const { text } = await ftp.expect("STOU report", 150);
      running.push({ ftp, data: await ftp.protect(data), name: text.replace("FILE: ", "") });
    }
    await Promise.all(running.map(({ data, name }) => sendData(data, `content of ${name}`)));
    for (const { ftp } of running) await ftp.expectReply(226);
    const given = running.map(({ name }) => name).toSorted();
    assertEquals(await names(stage.files), given);
    assertEquals(new Set(given).size, wires.length);
    for (const name of given) assertEquals(text(stage.files.read(`/${name}`)), `content of ${name}`);
  });
}

conversation(
  "STOU takes a random name where many are taken, and one that is not too long",
  {},
  async ({ ftp, files }) => {
    const long = "x".repeat(255);
    files.write(`/${long}`, "");
    for (let number = 0; number < 25; number++) files.write(number === 0 ? "/a" : `/a.${number}`, "");
    const store = async (name: string) => /FILE: (.+)$/.exec((await ftp.upload(`STOU ${name}`, "new")).text)?.[1] ?? "";
    assertMatch(await store("a"), /^a\.[0-9a-f]{8}$/);
    const cut = await store(long);
    assertEquals([cut.length, cut.endsWith("x.1")], [255, true]);
  },
);

for (const uploads of ["safe", "inPlace", "atomic"] as const) {
  conversation(`Of uploads and renames to one new name that end together one is kept, ${uploads}`, {
    account: { uploads, rules: rulesOf(["/", "rw no-overwrite"]) },
    files: Object.fromEntries([1, 2, 3, 4, 5, 6].map((index) => [`/${index}`, `content of ${index}`])),
  }, async (stage) => {
    const wires = await Promise.all([1, 2, 3, 4, 5, 6].map(() => another(stage)));
    for (const [index, ftp] of wires.entries()) await ftp.expect(`RNFR ${index + 1}`, 350);
    for (const ftp of wires) await ftp.send("RNTO new");
    const codes = (await Promise.all(wires.map((ftp) => ftp.reply()))).map(({ code }) => code);
    assertEquals(codes.toSorted(), [250, 553, 553, 553, 553, 553]);
    assertEquals(text(stage.files.read("/new")), `content of ${codes.indexOf(250) + 1}`);
    assertEquals((await names(stage.files)).length, wires.length);
    if (uploads !== "atomic") return;
    const data = await Promise.all(wires.map((ftp) => ftp.begin("STOR one")));
    await Promise.all(data.map((each, index) => sendData(each, `upload ${index}`)));
    const ends = (await Promise.all(wires.map((ftp) => ftp.reply()))).map(({ code }) => code);
    assertEquals(ends.toSorted(), [226, 553, 553, 553, 553, 553]);
    assertEquals(text(stage.files.read("/one")), `upload ${ends.indexOf(226)}`);
  });
}
