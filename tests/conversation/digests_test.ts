import { assert, assertEquals } from "@std/assert";
import { conversation } from "../helpers/server.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import type { Entry, FileSource, VirtualPath } from "../../lib/vfs/vfs.ts";

/** `/endless` takes for ever to read; `/a` is small. */
class EndlessFile extends MemoryVfs {
  /** Resolves once somebody reads of it. */
  readonly reading: Promise<void>;
  readonly #begin: () => void;
  /** How many have it open. */
  open = 0;
  /** Reads at once: now, and at most so far. */
  reads = 0;
  mostReads = 0;

  constructor() {
    super({ files: { "/endless": "x", "/a": "123456789" } });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.reading = promise;
    this.#begin = resolve;
  }

  override async openRead(path: VirtualPath, offset = 0): Promise<FileSource> {
    if (path !== "/endless") return await super.openRead(path, offset);
    const source = await super.openRead(path);
    this.open++;
    return {
      size: Number.MAX_SAFE_INTEGER,
      read: (buffer) => this.#read(buffer),
      close: () => {
        source.close();
        this.open--;
      },
    };
  }

  override async stat(path: VirtualPath): Promise<Entry> {
    const entry = await super.stat(path);
    return path === "/endless" ? { ...entry, size: Number.MAX_SAFE_INTEGER } : entry;
  }

  #read({ length }: Uint8Array): Promise<number> {
    this.#begin();
    this.mostReads = Math.max(this.mostReads, ++this.reads);
    return new Promise((resolve) => {
      setTimeout(() => {
        this.reads--;
        resolve(length);
      }, 1);
    });
  }
}

const ENTRY: Entry = {
  name: "a",
  kind: "file",
  size: 0,
  modified: 0,
  mode: 0o644,
  links: 1,
  owner: "ftp",
  group: "ftp",
};

/** A directory that takes half a minute to list. */
class LongDirectory extends MemoryVfs {
  readonly #listing = Promise.withResolvers<void>();
  /** Resolves once somebody lists it. */
  readonly listed = this.#listing.promise;
  /** How many list it. */
  open = 0;

  override async *list(): AsyncGenerator<readonly Entry[]> {
    this.open++;
    this.#listing.resolve();
    try {
      for (let entry = 0; entry < 30_000; entry++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield [{ ...ENTRY }];
      }
    } finally {
      this.open--;
    }
  }
}

/** Of the conversation that runs. */
let directory = new LongDirectory();

conversation("STAT of a directory ends by ABOR and with the client that has asked for it", {
  vfs: () => directory = new LongDirectory(),
}, async ({ ftp, server, connect }) => {
  await ftp.send("STAT *nothing");
  await directory.listed;
  await ftp.send("ABOR");
  assertEquals(await ftp.codes(2), [426, 226]);
  await ftp.sendAll("STAT *nothing", "NOOP");
  ftp.hangUp();
  const other = await connect();
  for (let tries = 0; tries < 1000 && server.sessionCount > 1; tries++) await other.expect("NOOP", 200);
  assertEquals([server.sessionCount, directory.open], [1, 0]);
});

/** Of the conversation that runs. */
let disk = new EndlessFile();
const endless = { vfs: () => disk = new EndlessFile() };

for (const command of ["HASH endless", "XCRC endless", 'XSHA512 "endless" 5 9000000000']) {
  conversation(`${command}: ABOR ends it, with 426 and then 226`, endless, async ({ ftp }) => {
    await ftp.send(command);
    await disk.reading;
    await ftp.send("ABOR");
    assertEquals(await ftp.codes(2), [426, 226]);
    assertEquals(disk.open, 0);
    await ftp.expect("XCRC a", 250);
  });
}

conversation("A digest ends with the client that has asked for it", endless, async ({ ftp, server, connect }) => {
  await ftp.send("XCRC endless");
  await disk.reading;
  ftp.hangUp();
  const other = await connect();
  for (let tries = 0; tries < 1000 && server.sessionCount > 1; tries++) await other.expect("NOOP", 200);
  assertEquals([server.sessionCount, disk.open], [1, 0]);
});

conversation("STAT reports a digest, and commands after it wait for its end", endless, async ({ ftp }) => {
  await ftp.send("XMD5 endless");
  await disk.reading;
  const { lines } = await ftp.expect("STAT", 211);
  assert(lines.some((line) => line.includes("XMD5 endless")), lines.join("\n"));
  await ftp.sendAll("NOOP", "ABOR", "XCRC a", "NOOP");
  assertEquals(await ftp.codes(5), [426, 226, 200, 250, 200]);
});

conversation("A digest leaves the data port to the next transfer", endless, async ({ ftp }) => {
  const data = await ftp.passive();
  await ftp.expect("XCRC a", 250);
  await ftp.expect("NLST", 150);
  await ftp.protect(data);
  await ftp.expectReply(226);
});

conversation(
  "Two digests go on at once, and a small file does not wait for large ones to end",
  endless,
  async ({ ftp, connect }) => {
    const others = await Promise.all(Array.from({ length: 5 }, () => connect()));
    for (const other of others) {
      await other.login();
      await other.send("XSHA1 endless");
    }
    await disk.reading;
    assertEquals((await ftp.expect("XCRC a", 250)).text, "cbf43926");
    assertEquals(disk.mostReads, 2);
    for (const other of others) {
      await other.send("ABOR");
      assertEquals(await other.codes(2), [426, 226]);
    }
    assertEquals(disk.open, 0);
  },
);
