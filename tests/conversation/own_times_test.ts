import { assertEquals } from "@std/assert";
import { authenticatorOf, conversation, rulesOf } from "../helpers/server.ts";
import type { Wire } from "../helpers/wire.ts";

const TIME = Date.UTC(2020, 0, 2, 3, 4, 5);
/** Every way to set the time of a file, and what it is answered where that is possible. */
const WAYS = [
  ["MFMT 20200102030405 %", 213],
  ["MDTM 20200102030405 %", 213],
  ["MFF Modify=20200102030405; %", 213],
  ["SITE UTIME 20200102030405 %", 200],
] as const;

async function refuseAll(ftp: Wire, name: string): Promise<void> {
  for (const [line] of WAYS) await ftp.expect(line.replace("%", name), 550);
}

for (const grant of ["add", "dropbox"]) {
  for (const uploads of ["inPlace", "atomic"] as const) {
    conversation(
      `The time of what was just uploaded can be set by an account that may only add: ${grant}, ${uploads}`,
      {
        files: { "/there": "x" },
        account: { rules: rulesOf(["/", grant]), uploads },
      },
      async ({ ftp, files, connect }) => {
        const other = await connect();
        await other.login();
        for (const [index, [line, code]] of WAYS.entries()) {
          await ftp.upload(`STOR new ${index}`, "mine");
          await (index % 2 ? other : ftp).expect(line.replace("%", `new ${index}`), code);
          assertEquals((await files.stat(`/new ${index}` as never)).modified, TIME, line);
        }
        const { text } = await ftp.upload("STOU", "mine");
        await ftp.expect(`MFMT 20200102030405 ${text.replace(/^.*: /, "")}`, 213);
        await refuseAll(ftp, "there");
        await refuseAll(ftp, "missing");
        await ftp.expect("SITE CHMOD 600 new 0", 550);
        await ftp.expect("MFF UNIX.mode=600; new 0", 550);
      },
    );
  }
}

conversation("Only the account and address that have uploaded a file set its time, and only if it is still that file", {
  options: {
    host: "::",
    authenticator: authenticatorOf(
      { name: "demo", rules: rulesOf(["/", "add"]) },
      { name: "other", rules: rulesOf(["/", "add"]) },
    ),
  },
}, async ({ ftp, files, connect }) => {
  await ftp.upload("STOR mine", "mine");
  const [elsewhere, other] = [await connect({ hostname: "127.0.0.1" }), await connect()];
  await elsewhere.login();
  await other.login("other", "other");
  await refuseAll(elsewhere, "mine");
  await refuseAll(other, "mine");
  await ftp.expect("MFMT 20200102030405 mine", 213);
  await files.remove("/mine" as never);
  await refuseAll(ftp, "mine");
  files.write("/mine", "mine");
  await refuseAll(ftp, "mine");
});

let minutes = 0;

conversation("The time of an upload can be set for a minute or two", {
  account: { rules: rulesOf(["/", "add"]) },
  options: { clock: () => Date.UTC(2026, 0) + minutes * 60_000 },
}, async ({ ftp }) => {
  minutes = 0;
  await ftp.upload("STOR new", "mine");
  minutes = 1;
  await ftp.expect("MFMT 20200102030405 new", 213);
  minutes = 2;
  await refuseAll(ftp, "new");
});

conversation("The time of an upload that broke off cannot be set", {
  account: { rules: rulesOf(["/", "add"]) },
}, async ({ ftp }) => {
  const data = await ftp.begin("STOR new");
  await data.write(new TextEncoder().encode("half"));
  await ftp.expect("ABOR", 426);
  await ftp.expectReply(226);
  await refuseAll(ftp, "new");
});
