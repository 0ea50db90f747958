import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { connect } from "node:net";
import { PortRange } from "../../../lib/data/port_range.ts";
import { patternOf } from "../helpers.ts";
import { authenticatorOf } from "../../helpers/server.ts";
import { HAS_NATIVE } from "../../helpers/native.ts";
import { resetAtOnce } from "../../helpers/reset.ts";
import { protect, testEndpoint } from "../../helpers/tls.ts";
import { readAll, sendData, type Wire } from "../../helpers/wire.ts";
import { withDataThread } from "./stage.ts";

const LARGE = patternOf(5_000_000);
const files = { large: LARGE, small: patternOf(4096) };
/** More than both ends of a connection hold on the way. */
const huge = new Uint8Array(64 * 2 ** 20);

/** The port that EPSV gives. */
async function epsv(ftp: Wire): Promise<number> {
  return Number(/\|(\d+)\|/.exec((await ftp.expect("EPSV", 229)).text)?.[1]);
}

/** A range of the one port that was just free. */
function singlePort(): PortRange {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return new PortRange(listener.addr.port, listener.addr.port);
}

/** Where files are, and who sends them. */
const PLACES = [
  { place: "in memory", setup: { memory: true } },
  { place: "on disk", setup: {} },
  ...HAS_NATIVE ? [{ place: "on disk by the C library", setup: { native: true } }] : [],
] as const;

for (const { place, setup } of PLACES) {
  Deno.test(`DataThreads sends files ${place}, from anywhere in them`, async () => {
    await withDataThread({ ...setup, files }, async ({ ftp, asked }) => {
      assertEquals(await ftp.download("RETR large"), LARGE);
      await ftp.expect("REST 1000001", 350);
      assertEquals(await ftp.download("RETR large"), LARGE.slice(1_000_001));
      await ftp.expect("RANG 5 3000004", 350);
      assertEquals(await ftp.download("RETR large"), LARGE.slice(5, 3_000_005));
      assertEquals(await ftp.download("RETR small"), files.small);
      assertEquals(asked.count, 4);
    });
  });

  Deno.test(`DataThreads stores files ${place}`, async () => {
    await withDataThread({ ...setup, files }, async ({ ftp, asked }) => {
      await ftp.upload("STOR copy", LARGE);
      assertEquals(asked.count, 1);
      assertEquals(await ftp.download("RETR copy"), LARGE);
      await ftp.upload("APPE copy", files.small);
      await ftp.expect("REST 5000000", 350);
      assertEquals(await ftp.download("RETR copy"), files.small);
    });
  });
}

Deno.test("DataThreads sends listings, empty files and converted lines", async () => {
  const text = new TextEncoder().encode("one\ntwo\n".repeat(200_000));
  await withDataThread({ files: { empty: new Uint8Array(), text } }, async ({ ftp }) => {
    assertEquals((await ftp.downloadLines("NLST")).toSorted(), ["empty", "text"]);
    assertEquals(await ftp.download("RETR empty"), new Uint8Array());
    assertEquals((await ftp.downloadLines("LIST")).length, 2);
    await ftp.expect("TYPE A", 200);
    assertEquals(await ftp.downloadText("RETR text"), "one\r\ntwo\r\n".repeat(200_000));
  });
});

Deno.test("DataThreads is asked for the next download after a large one, and not after a small one", async () => {
  await withDataThread({ files }, async ({ ftp, asked }) => {
    await ftp.downloadLines("NLST");
    await ftp.download("RETR large");
    await ftp.download("RETR small");
    assertEquals(asked.count, 3);
    await ftp.download("RETR large");
    assertEquals(asked.count, 3);
    await ftp.download("RETR small");
    assertEquals(asked.count, 4);
  });
});

for (const { place, setup } of PLACES) {
  Deno.test(`DataThreads ends a download at ABOR, files ${place}, and the session goes on`, async () => {
    await withDataThread({ ...setup, files: { ...files, huge } }, async ({ ftp, event }) => {
      await ftp.begin("RETR huge");
      await ftp.send("ABOR");
      assertEquals(await ftp.codes(2), [426, 226]);
      assert((await event("transfer")).bytes < huge.length);
      assertEquals(await ftp.download("RETR large"), LARGE);
    });
  });

  Deno.test(`DataThreads notices a client that reads no more, and one that is gone, files ${place}`, async () => {
    const options = { stallTimeout: 200 };
    await withDataThread({ ...setup, files: { huge }, options }, async ({ ftp, event }) => {
      await ftp.begin("RETR huge");
      await ftp.expectReply(426);
      assertEquals((await event("transfer")).reason, "stalled");
      const data = await ftp.begin("RETR huge");
      await data.read(new Uint8Array(1000));
      data.close();
      await ftp.expectReply(426);
      await event("transfer", ({ reason }) => reason === "dataLost");
    });
  });

  Deno.test(`DataThreads abandons a transfer whose control connection is gone, files ${place}`, async () => {
    await withDataThread({ ...setup, files: { huge } }, async ({ ftp, event }) => {
      await ftp.begin("RETR huge");
      ftp.close();
      assertEquals((await event("transfer")).reason, "controlLost");
    });
  });
}

Deno.test("DataThreads ends an upload at ABOR", async () => {
  await withDataThread({}, async ({ ftp }) => {
    const data = await ftp.begin("STOR part");
    await data.write(patternOf(1000));
    await ftp.send("ABOR");
    assertEquals(await ftp.codes(2), [426, 226]);
  });
});

Deno.test("DataThreads keeps to a range of one port, which is busy while in use and free afterwards", async () => {
  await withDataThread({ files, options: { passivePorts: singlePort() } }, async ({ ftp, connect }) => {
    const first = await epsv(ftp);
    const other = await connect();
    await other.expect("EPSV", 425);
    assertEquals(await epsv(ftp), first);
    for (let times = 0; times < 3; times++) assertEquals(await ftp.download("RETR large"), LARGE);
    assertEquals(await epsv(other), first);
  });
});

Deno.test("DataThreads turns strangers away and goes on waiting", async () => {
  await withDataThread({ files }, async ({ ftp, event }) => {
    const port = await epsv(ftp);
    const stranger = connect({ host: "127.0.0.1", port, localAddress: "127.0.0.2" });
    const gone = new Promise((resolve) => stranger.once("close", resolve));
    stranger.on("error", () => {});
    stranger.resume();
    await gone;
    const data = await Deno.connect({ hostname: "127.0.0.1", port });
    await ftp.expect("RETR large", 150);
    assertEquals(await readAll(data), LARGE);
    await ftp.expectReply(226);
    assertMatch((await event("problem", ({ message }) => message.includes("Rejected"))).message, /127\.0\.0\.2/);
  });
});

Deno.test("DataThreads releases a passive port that no client connects to", async () => {
  await withDataThread({ files, options: { dataTimeout: 20 } }, async ({ ftp, event }) => {
    await epsv(ftp);
    await event("notice", ({ message }) => message.includes("Released a passive port"));
    await ftp.expect("RETR large", 425);
  });
});

Deno.test("DataThreads does not wait for long once a data connection was reset before it was accepted", async () => {
  await withDataThread({ files, options: { dataTimeout: 0 } }, async ({ ftp }) => {
    resetAtOnce(await epsv(ftp));
    await ftp.expect("RETR large", 150);
    const { code } = await ftp.reply();
    // The other thread may have been quick enough to accept it.
    assert(code === 425 || code === 426, String(code));
  });
});

Deno.test("DataThreads answers 425 if no client connects, and accepts one after the command", async () => {
  await withDataThread({ files, options: { dataTimeout: 300 } }, async ({ ftp }) => {
    await epsv(ftp);
    await ftp.expect("RETR large", 150);
    await ftp.expectReply(425);
    const port = await epsv(ftp);
    await ftp.send("RETR large");
    const data = await Deno.connect({ hostname: "127.0.0.1", port });
    await ftp.expectReply(150);
    assertEquals(await readAll(data), LARGE);
    await ftp.expectReply(226);
  });
});

Deno.test("DataThreads connects to the client, and answers 425 when nothing listens there", async () => {
  await withDataThread({ files }, async ({ ftp, asked }) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    await ftp.expect(`EPRT |1|127.0.0.1|${port}|`, 200);
    await ftp.send("RETR large");
    const data = await listener.accept();
    listener.close();
    assertEquals(await readAll(data), LARGE);
    assertEquals(await ftp.codes(2), [150, 226]);
    await ftp.expect(`EPRT |1|127.0.0.1|${port}|`, 200);
    await ftp.expect("RETR large", 150);
    await ftp.expectReply(425);
    assertEquals(asked.count, 2);
  });
});

Deno.test("DataThreads listens on IPv6", async () => {
  await withDataThread({ files, options: { host: "::1" } }, async ({ ftp, asked }) => {
    assertEquals(await ftp.download("RETR large"), LARGE);
    assertEquals(asked.count, 1);
  });
});

Deno.test("DataThreads carries TLS that was asked for after the port", async () => {
  const tls = { endpoint: await testEndpoint() };
  await withDataThread({ files, options: { tls } }, async ({ connect, asked }) => {
    for (const [line, talk] of [["RETR large", readAll], ["STOR copy", send]] as const) {
      const ftp = await connect();
      await ftp.startTls(protect);
      await ftp.login();
      await ftp.expect("TYPE I", 200);
      await ftp.expect("PROT C", 200);
      const data = await ftp.passive();
      await ftp.expect("PROT P", 200);
      await ftp.expect(line, 150);
      assertEquals(await talk(await ftp.protect(data)), LARGE);
      await ftp.expectReply(226);
      // TLS has passed through this thread anyway, so the next one stays here.
      assertEquals(await ftp.download("RETR large"), LARGE);
    }
    assertEquals(asked.count, 2);
  });

  async function send(data: Parameters<typeof sendData>[0]): Promise<Uint8Array> {
    await sendData(data, LARGE);
    return LARGE;
  }
});

Deno.test("DataThreads that dies ends its transfers, and the sessions go on", async () => {
  await withDataThread(
    { module: "./mortal_thread.ts", files: { ...files, huge } },
    async ({ ftp, connect, problems }) => {
      const other = await connect();
      const data = await ftp.begin("RETR huge");
      // Before that the thread may not have taken the connection.
      await data.read(new Uint8Array(1));
      await killOne(other);
      await ftp.expectReply(426);
      assertMatch(String(problems[0]?.error), /Asked to die/);
      assertMatch(String(problems[0]?.message), /starting a replacement/);
      for (const wire of [ftp, other]) assertEquals(await wire.download("RETR large"), LARGE);
    },
  );
});

Deno.test("DataThreads takes the thread with the least to do, and the others survive its death", async () => {
  await withDataThread(
    { threads: 2, module: "./mortal_thread.ts", files: { ...files, huge } },
    async ({ ftp, connect, problems }) => {
      const other = await connect();
      const data = await ftp.begin("RETR huge");
      await data.read(new Uint8Array(1));
      await killOne(other);
      assertEquals(problems.length, 1);
      assertEquals((await readAll(data)).length, huge.length - 1);
      await ftp.expectReply(226);
    },
  );
});

/** Asks for a data connection that `mortal_thread.ts` dies of. */
async function killOne(wire: Wire): Promise<void> {
  await wire.expect("EPRT |1|127.0.0.1|1024|", 200);
  await wire.expect("RETR large", 150);
  await wire.expectReply(425);
}

Deno.test("DataThreads that cannot start says so once, and this thread moves the bytes", async () => {
  await withDataThread({ threads: 2, module: "./no_such_thread.ts", files }, async ({ ftp, problems }) => {
    assertEquals(problems.length, 1);
    assertMatch(String(problems[0]?.message), /Cannot start data threads/);
    assertEquals(await ftp.download("RETR large"), LARGE);
  });
});

Deno.test("DataThreads gets a port back that a session asked for and did not wait for", async () => {
  await withDataThread({ files, options: { passivePorts: singlePort() } }, async ({ ftp, connect, event }) => {
    const hasty = await connect();
    // EPSV is heard beside the transfer that fails for want of a data port.
    await hasty.send("RETR small\r\nEPSV");
    hasty.close();
    await event("sessionClosed");
    let tries = 0;
    while ((await ftp.say("EPSV")).code !== 229) assert(++tries < 100, "The port is gone for good");
  });
});

Deno.test("DataThreads has the first transfers of sessions once those of others were large downloads", async () => {
  await withDataThread({ expectsBulk: false, files }, async ({ ftp, connect, asked }) => {
    const [second, third, fourth] = [await connect(), await connect(), await connect()];
    for (const wire of [ftp, second]) assertEquals(await wire.download("RETR large"), LARGE);
    assertEquals(asked.count, 0);
    await third.download("RETR small");
    assertEquals(asked.count, 1);
    await fourth.download("RETR large");
    assertEquals(asked.count, 1);
  });
});

Deno.test("DataThreads begins with the first large download that keeps another session waiting", async () => {
  await withDataThread({ started: false, threads: 2, files }, async ({ ftp, connect, threads, asked }) => {
    await ftp.download("RETR large");
    assertEquals(asked.starts, 0);
    const other = await connect();
    await other.download("RETR small");
    await ftp.downloadLines("NLST");
    assertEquals([asked.starts, threads.freest], [0, undefined]);
    await ftp.download("RETR large");
    assertEquals(asked.starts, 1);
    await threads.start();
    assertNotEquals(threads.freest, undefined);
    assertEquals(await ftp.download("RETR large"), LARGE);
  });
});

Deno.test("DataThreads is of no use to a download that is converted, slowed down or under TLS", async () => {
  const tls = { endpoint: await testEndpoint() };
  await withDataThread({ started: false, files, options: { tls } }, async ({ ftp, connect, asked }) => {
    const other = await connect();
    await other.startTls(protect);
    await other.login();
    await other.expect("TYPE I", 200);
    assertEquals(await other.download("RETR large"), LARGE);
    await ftp.expect("TYPE A", 200);
    await ftp.downloadText("RETR large");
    assertEquals(asked.starts, 0);
  });
  const slow = { authenticator: authenticatorOf({ name: "demo", downloadRate: 2 ** 30 }) };
  await withDataThread({ started: false, files, options: slow }, async ({ ftp, connect, asked }) => {
    await connect();
    assertEquals(await ftp.download("RETR large"), LARGE);
    assertEquals(asked.starts, 0);
  });
});

Deno.test("DataThreads releases everything when it ends during a transfer", async () => {
  await withDataThread({ files: { huge } }, async ({ ftp }) => {
    await ftp.begin("RETR huge");
  });
});
