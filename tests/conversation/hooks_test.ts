import { assert, assertEquals } from "@std/assert";
import type { PendingCommand } from "../../lib/options.ts";
import { conversation } from "../helpers/server.ts";

const files = { "/a": "x", "/d/b": "y" };

conversation("before may refuse a command with a reply of its own", {
  files,
  options: {
    before: ({ verb, path }) => verb === "DELE" && path === "/a" ? { code: 550, text: "Not this one" } : undefined,
  },
}, async ({ ftp, files }) => {
  assertEquals((await ftp.expect("DELE a", 550)).lines, ["550 Not this one"]);
  await ftp.expect("DELE d/b", 250);
  assertEquals(files.read("/a").length, 1);
});

{
  let seen: PendingCommand[] = [];
  conversation("before sees verb, path, session and user of each command", {
    files,
    login: false,
    options: { before: (command) => void seen.push(command) },
  }, async ({ ftp }) => {
    seen = [];
    await ftp.login();
    await ftp.expect("CWD d", 250);
    await ftp.expect("SIZE b", 213);
    assertEquals(seen.map(({ verb }) => verb).filter((verb) => verb !== "PBSZ" && verb !== "PROT"), [
      "USER",
      "PASS",
      "CWD",
      "SIZE",
    ]);
    const { session, address, user, path } = seen.at(-1) ?? {};
    assertEquals([session, address, user, path], ["1", "127.0.0.1", "demo", "/d/b"]);
    assert(!JSON.stringify(seen.filter(({ verb }) => verb === "PASS")).includes("demo"), "no password is shown");
  });
}

conversation("before may take its time, and replies stay in order", {
  files,
  options: {
    before: ({ verb }) => verb === "PWD" ? new Promise((resolve) => setTimeout(resolve, 5, undefined)) : undefined,
  },
}, async ({ ftp }) => {
  await ftp.sendAll("PWD", "NOOP", "PWD", "SIZE a");
  assertEquals(await ftp.codes(4), [257, 200, 257, 213]);
});

conversation("before that fails is answered 451, and says so to the log only", {
  files,
  options: {
    before: ({ verb }) => {
      if (verb === "SIZE") throw new Error("database is gone");
      return undefined;
    },
  },
}, async ({ ftp, event }) => {
  assertEquals((await ftp.expect("SIZE a", 451)).text.includes("database"), false);
  assertEquals((await event("problem")).level, "error");
  await ftp.expect("NOOP", 200);
});

conversation("before that refuses a transfer releases the data port", {
  files,
  options: { before: ({ verb }) => verb === "STOR" ? { code: 553, text: "No uploads today" } : undefined },
}, async ({ ftp }) => {
  await ftp.expect("EPSV", 229);
  await ftp.expect("STOR x", 553);
  await ftp.expect("RETR a", 425);
  assertEquals(await ftp.downloadText("RETR a"), "x");
});

conversation("before is asked before LIST, with the path", {
  files,
  options: {
    before: ({ verb, path }) => verb === "MLSD" && path === "/d" ? { code: 550, text: "Private" } : undefined,
  },
}, async ({ ftp }) => {
  await ftp.passive();
  await ftp.expect("MLSD d", 550);
  assertEquals((await ftp.downloadLines("MLSD")).length, 4);
});

conversation("after may change the answer, once the command has run", {
  files,
  options: {
    after: ({ verb }, { code }) => verb === "DELE" && code === 250 ? { code: 250, text: "Gone for good" } : undefined,
  },
}, async ({ ftp, files }) => {
  assertEquals((await ftp.expect("DELE a", 250)).text, "Gone for good");
  assertEquals((await Array.fromAsync(files.names("/" as never))).flat(), ["d"]);
  await ftp.expect("DELE a", 550);
});

conversation("after sees what the file system refuses like any other reply", {
  files,
  options: { after: (_command, { code }) => code === 550 ? { code, text: "Seen" } : undefined },
}, async ({ ftp }) => {
  assertEquals((await ftp.expect("DELE nothing", 550)).text, "Seen");
  assertEquals((await ftp.expect("MKD a/b", 550)).text, "Seen");
});

conversation("after sees a refusal like any other reply", {
  files,
  options: { after: (_command, { code }) => code === 425 || code === 501 ? { code, text: "Seen" } : undefined },
}, async ({ ftp }) => {
  assertEquals((await ftp.expect("RETR a", 425)).text, "Seen");
  assertEquals((await ftp.expect("PORT 127,0,0,1,0,21", 501)).text, "Seen");
});

{
  let verbs: string[] = [];
  conversation("before is asked about SITE once, with its whole argument", {
    files,
    options: {
      before: ({ verb, argument }) =>
        void (verb === "SITE" || verb === "CHMOD" ? verbs.push(`${verb} ${argument}`) : 0),
    },
  }, async ({ ftp }) => {
    verbs = [];
    await ftp.expect("SITE CHMOD 600 a", 200);
    assertEquals(verbs, ["SITE CHMOD 600 a"]);
  });
}
