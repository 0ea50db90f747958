import { assert, assertEquals, assertMatch } from "@std/assert";
import { closeQuietly } from "../../lib/net/connection.ts";
import { authenticatorOf, conversation, plainConversation, type Stage } from "../helpers/server.ts";
import { Wire } from "../helpers/wire.ts";

const big = { "/big": "x".repeat(32 << 20), "/a": "small" };

plainConversation(
  "maxSessions answers 421 to one more, never a silent close",
  { options: { maxSessions: 1 } },
  async (stage) => {
    const { ftp, server, event, connect } = stage;
    await using second = await Wire.connect(server.address.port);
    await second.expectReply(421);
    assertEquals(await second.closed(), "");
    assertMatch((await event("connectionRefused")).reason, /sessions/);
    await ftp.expect("QUIT", 221);
    await event("sessionClosed");
    await (await connect()).login();
  },
);

plainConversation("maxSessionsPerIp counts an address by itself", {
  options: { maxSessionsPerIp: 1, host: "::" },
}, async ({ ftp, server, event, connect }) => {
  await using second = await Wire.connect(server.address.port, { hostname: "::1" });
  assertMatch((await second.expectReply(421)).text, /your address/);
  await (await connect({ hostname: "127.0.0.1" })).login();
  await ftp.expect("QUIT", 221);
  await event("sessionClosed");
  await (await connect({ hostname: "::1" })).login();
});

conversation("An account's maxSessions is answered 530 at PASS, and every way out counts", {
  login: false,
  options: { authenticator: authenticatorOf({ name: "ann", maxSessions: 1 }, { name: "bob" }) },
}, async ({ ftp, connect, event }) => {
  await ftp.login("ann", "ann");
  const second = await connect();
  const refused = async () => {
    await second.expect("USER ann", 331);
    await second.expect("PASS ann", 530);
  };
  await refused();
  await second.login("bob", "bob");
  await refused();
  await ftp.expect("REIN", 220);
  await second.login("ann", "ann");
  await second.expect("USER bob", 331);
  await ftp.login("ann", "ann");
  await refused();
  ftp.close();
  await event("sessionClosed");
  await second.login("ann", "ann");
});

conversation(
  "A session that sends bytes and never a line is idle",
  { options: { idleTimeout: 100 } },
  async (stage) => {
    const { ftp, event } = stage;
    let over = false;
    const closed = event("sessionClosed").then(({ reason }) => {
      over = true;
      return reason;
    });
    for (let count = 0; !over && count < 500; count++) {
      await ftp.sendRaw("x").catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert(over, "500 bytes of one line kept the session");
    assertEquals(await closed, "timed out");
  },
);

/** Sends a byte of an upload every 20 ms, at most `most`. Resolves to how many went before the transfer was over. */
async function trickle({ ftp, event }: Stage, most: number): Promise<number> {
  const data = await ftp.begin("STOR slow");
  let over = false;
  const ended = event("transfer").then(() => over = true);
  let count = 0;
  for (; !over && count < most; count++) {
    await data.write(new Uint8Array(1)).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (!over) await data.closeWrite();
  closeQuietly(data);
  await ended;
  return count;
}

conversation("minRate ends a transfer that trickles", {
  options: { stallTimeout: 200, minRate: 10_000 },
}, async (stage) => {
  assert(await trickle(stage, 500) < 500, "500 bytes in ten seconds were enough");
  assertEquals((await stage.event("transfer")).reason, "stalled");
  await stage.ftp.expectReply(426);
});

for (
  const [what, options, account] of [
    ["an account with a rate limit", { minRate: 10_000 }, { uploadRate: 1_000_000 }],
    ["where it is not set", {}, {}],
  ] as const
) {
  plainConversation(`A transfer may trickle: ${what}`, {
    options: { stallTimeout: 1_000, ...options },
    account,
  }, async (stage) => {
    assertEquals(await trickle(stage, 100), 100);
    await stage.ftp.expectReply(226);
  });
}

for (const [verb, account] of [["RETR", "totalDownloadRate"], ["STOR", "totalUploadRate"]] as const) {
  plainConversation(`${account} holds for all sessions of an account together`, {
    files: { "/one": "x".repeat(60_000), "/two": "x".repeat(60_000) },
    account: { [account]: 100_000 },
  }, async ({ ftp, connect }) => {
    const other = await connect();
    await other.login();
    const began = performance.now();
    await Promise.all([[ftp, "one"] as const, [other, "two"] as const].map(async ([wire, name]) => {
      await wire.expect("TYPE I", 200);
      if (verb === "STOR") assertEquals((await wire.upload(`STOR ${name}`, new Uint8Array(60_000))).code, 226);
      else assertEquals((await wire.download(`RETR ${name}`)).length, 60_000);
    }));
    // 120,000 bytes, of which a tenth of a second is free: no machine is too fast for that.
    const milliseconds = performance.now() - began;
    assert(milliseconds >= 1_000, `Both took ${milliseconds} ms`);
  });
}

conversation("An idle session is answered 421", { options: { idleTimeout: 250 } }, async ({ ftp, event }) => {
  await ftp.expectReply(421);
  assertEquals(await ftp.closed(), "");
  assertEquals((await event("sessionClosed")).reason, "timed out");
});

conversation("A session without a login is answered 421", {
  login: false,
  options: { loginTimeout: 60 },
}, async ({ ftp }) => {
  assertMatch((await ftp.expectReply(421)).text, /Login/);
});

conversation("The login limit does not end a session that is logged in", {
  options: { loginTimeout: 200, stallTimeout: 300 },
  files: big,
}, async ({ ftp }) => {
  await ftp.begin("RETR big");
  // The stall limit is the clock here: it is longer than the login limit.
  await ftp.expectReply(426);
  await ftp.expect("NOOP", 200);
});

conversation("The idle limit pauses during a transfer, and starts again after it", {
  options: { idleTimeout: 300, stallTimeout: 600 },
  files: big,
}, async ({ ftp }) => {
  await ftp.begin("RETR big");
  assertEquals(await ftp.codes(2), [426, 421]);
});

conversation("The idle limit rests while a command runs", {
  options: {
    idleTimeout: 300,
    before: ({ verb }) => verb === "PWD" ? new Promise((resolve) => setTimeout(resolve, 600, undefined)) : undefined,
  },
}, async ({ ftp }) => {
  await ftp.send("PWD");
  assertEquals(await ftp.codes(2), [257, 421]);
});

for (const line of ["RETR big", "STOR new", "LIST"]) {
  const timeouts = { dataTimeout: 400, stallTimeout: 400 };
  const stalls = line !== "LIST";
  conversation(`${line} that ${stalls ? "stands still" : "gets no connection"} ends, and the session lives on`, {
    files: big,
    options: timeouts,
  }, async ({ ftp, event }) => {
    await ftp.expect("TYPE I", 200);
    if (stalls) await ftp.begin(line);
    else {
      await ftp.sendRaw(`EPSV\r\n${line}\r\n`);
      assertEquals(await ftp.codes(2), [229, 150]);
    }
    await ftp.expectReply(stalls ? 426 : 425);
    const { complete, reason } = await event("transfer");
    assertEquals([complete, reason], [false, stalls ? "stalled" : "dataNotOpened"]);
    assertEquals(await ftp.downloadText("RETR a"), "small");
  });
}

conversation("SITE IDLE shows and sets the limit", { options: { idleTimeout: 30_000 } }, async ({ ftp }) => {
  assertMatch((await ftp.expect("SITE IDLE", 200)).text, /\b30 seconds/);
  await ftp.expect("SITE IDLE 600", 200);
  assertMatch((await ftp.expect("SITE IDLE", 200)).text, /\b600 seconds/);
  for (const bad of ["0", "7201", "-1", "x", "1.5"]) await ftp.expect(`SITE IDLE ${bad}`, 501);
  await ftp.expect("REIN", 220);
  await ftp.login();
  assertMatch((await ftp.expect("SITE IDLE", 200)).text, /\b30 seconds/);
});

plainConversation("A client that takes no replies is idle, whatever it sends", {
  options: { idleTimeout: 100 },
}, async ({ server, event }) => {
  await using deaf = await Wire.connect(server.address.port);
  await deaf.expectReply(220);
  await deaf.login();
  // More replies than the sockets in between can hold.
  deaf.sendRaw("HELP\r\n".repeat(60_000)).catch(() => {});
  assertEquals((await event("sessionClosed", ({ session }) => session === "2")).reason, "timed out");
});
