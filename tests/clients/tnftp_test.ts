import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import type { Bench } from "./bench.ts";
import { ALICE } from "./server_under_test.ts";
import { type Change, type Client, type DataMode, testClient, type Transfer } from "./suite.ts";

const MODE_COMMANDS: Readonly<Record<DataMode, readonly string[]>> = {
  PASV: ["epsv4 off"],
  EPSV: [],
  PORT: ["passive off", "epsv4 off"],
  EPRT: ["passive off"],
};

/** As one word of a tnftp command. Between its quotation marks nothing can be escaped, so each odd character is. */
function quote(word: string): string {
  return word.replaceAll(/[^\w./-]/gu, "\\$&");
}

/**
 * Runs `commands` in one session. tnftp ends with status 0 whatever happened, so its transcript is searched for a
 * refusal. Not counted: answers to what it tries out by itself (SIZE in ASCII mode may be refused).
 */
async function tnftp(bench: Bench, commands: readonly string[]): Promise<string> {
  const { host, port } = bench.server;
  const open = [`open ${host} ${port}`, `user ${ALICE.user} ${ALICE.password}`, "epsv4 on"];
  const { stdout, stderr } = await bench.run("tnftp", ["-n", "-i", "-v", "-d", "-g"], {
    stdin: [...open, ...commands, "bye", ""].join("\n"),
  });
  const transcript = stdout + stderr;
  if (/^[45]\d\d[ -](?!.*SIZE)/m.test(transcript)) throw new Error(`tnftp was refused something:\n${transcript}`);
  return transcript;
}

const client: Client = {
  name: "tnftp",
  programs: ["tnftp"],
  modes: ["EPSV", "PASV", "EPRT", "PORT"],
  modes6: ["EPSV", "EPRT"],
  skills: ["resume download", "resume upload", "append", "ascii"],

  async transfer(bench: Bench, transfer: Transfer): Promise<string> {
    const { direction, mode, resume, append, ascii } = transfer;
    const [local, remote] = [quote(transfer.local), quote(transfer.remote)];
    const commands = [...MODE_COMMANDS[mode], ascii ? "ascii" : "binary"];
    if (direction === "download") {
      commands.push(`${resume ? "reget" : "get"} ${remote} ${local}`);
    } else {
      if (resume) commands.push(`restart ${(await Deno.stat(join(bench.remote, transfer.remote))).size}`);
      commands.push(`${append ? "append" : "put"} ${local} ${remote}`);
    }
    return await tnftp(bench, commands);
  },

  async change(bench: Bench, change: Change): Promise<void> {
    const path = quote(change.path);
    await tnftp(bench, [change.verb === "rename" ? `rename ${path} ${quote(change.to)}` : `${change.verb} ${path}`]);
  },

  async list(bench: Bench, directory: string): Promise<string[]> {
    await tnftp(bench, [`cd ${quote(directory)}`, `nlist . names`]);
    const text = await Deno.readTextFile(join(bench.local, "names"));
    return text.split("\n").filter((line) => line !== "").map((line) => line.replace(/^\.\//, ""));
  },
};

const tests = await testClient(client);

tests.test("does a day's work in one session", async (bench) => {
  await Deno.writeTextFile(join(bench.local, "note"), "note");
  const transcript = await tnftp(bench, [
    ...["system", "pwd", "mkdir day", "cd day", "binary", "put note", "size note", "modtime note", "chmod 600 note"],
    ...["mlst note", "mlsd", "dir", "rename note noted", "get noted", "cdup", "rstatus", "features", "rhelp"],
  ]);
  assertEquals(await Deno.readTextFile(join(bench.local, "noted")), "note");
  assertMatch(transcript, /^215 UNIX Type: L8/m);
  assertMatch(transcript, /^250 /m);
});

tests.test("fetches and stores with URLs", async (bench) => {
  await Deno.writeTextFile(join(bench.local, "a b"), "by URL");
  const { host, port } = bench.server;
  const base = `ftp://${ALICE.user}:${ALICE.password}@${host}:${port}`;
  await bench.run("tnftp", ["-u", `${base}/stored`, "a b"]);
  assertEquals(await Deno.readTextFile(join(bench.remote, "stored")), "by URL");
  await bench.run("tnftp", ["-o", "fetched", `${base}/stored`]);
  assertEquals(await Deno.readTextFile(join(bench.local, "fetched")), "by URL");
});

tests.test("fetches and stores what a pattern matches", async (bench) => {
  for (const name of ["a.csv", "b.csv", "c.txt"]) await Deno.writeTextFile(join(bench.remote, name), name);
  await tnftp(bench, ["glob on", "binary", "mget *.csv", "mdelete *.csv", "mkdir back", "cd back", "mput *.csv"]);
  assertEquals([...Deno.readDirSync(bench.local)].map(({ name }) => name).toSorted(), ["a.csv", "b.csv"]);
  assertEquals([...Deno.readDirSync(bench.remote)].map(({ name }) => name).toSorted(), ["back", "c.txt"]);
  assertEquals([...Deno.readDirSync(join(bench.remote, "back"))].map(({ name }) => name).toSorted(), [
    "a.csv",
    "b.csv",
  ]);
});
