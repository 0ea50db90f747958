import { assertEquals } from "@std/assert";
import { commandTable } from "../../lib/commands/table.ts";
import { conversation, plainConversation, rulesOf } from "../helpers/server.ts";
import type { Wire } from "../helpers/wire.ts";

/** Commands that look at a name, or would change what has it. `%` is the name. */
const LOOKING: readonly string[] = [
  ...["CWD %", "XCWD %", "SIZE %", "MDTM %", "MLST %", "MLSD %", "LIST %", "LIST -a %", "LIST %*", "NLST %", "STAT %"],
  ...["STAT -l %", "RETR %", "HASH %", "XCRC %", 'XCRC "%" 0 1', "XMD5 %", "XSHA %", "XSHA1 %", "XSHA256 %"],
  ...["XSHA512 %", "AVBL %", "RNFR %", "DELE %", "RMD %", "XRMD %", "MDTM 20200101000000 %", "MFMT 20200101000000 %"],
  ...["MFF Modify=20200101000000; %", "SITE CHMOD 644 %", "SITE UTIME 20200101000000 %"],
];

/** Verbs that make a name, and so find out whether it is taken; and those that are about no name that is there. */
const MAKING = new Set(["STOR", "STOU", "APPE", "MKD", "XMKD", "RNTO"]);
const NAMELESS = new Set([
  ...["USER", "PASS", "ACCT", "REIN", "QUIT", "HOST", "AUTH", "PBSZ", "PROT", "CCC", "CDUP", "XCUP", "PWD", "XPWD"],
  ...["TYPE", "STRU", "MODE", "ALLO", "REST", "RANG", "OPTS", "CLNT", "CSID", "PASV", "EPSV", "PORT", "EPRT", "ABOR"],
  ...["SYST", "FEAT", "HELP", "NOOP", "SMNT", "LANG", "PRET"],
]);

/** A file, a directory, what is below them, and what is not there. */
const NAMES = ["file", "directory", "file/below", "directory/inner", "missing", "missing/below", "x".repeat(20)];

const files = { "/in/file": "content", "/in/directory/inner": "content" };

/** What `line` is answered, for each name. */
async function answers(ftp: Wire, line: string): Promise<string[]> {
  const replies = [];
  for (const name of NAMES) {
    await ftp.expect("EPSV", 229);
    const path = `/in/${name}`;
    const { code, lines } = await ftp.say(line.replace("%", path));
    replies.push(`${code} ${lines.join("\n").replaceAll(path, "%")}`);
  }
  return replies;
}

plainConversation("A drop box is tested with every verb that takes a name", {}, () => {
  const tested = new Set(LOOKING.map((line) => line.split(" ", 1).join()));
  const verbs = commandTable.commands.flatMap(({ verb, aliases = [] }) => [verb, ...aliases]);
  assertEquals(verbs.filter((verb) => !tested.has(verb) && !MAKING.has(verb) && !NAMELESS.has(verb)), []);
  return Promise.resolve();
});

for (
  const [title, rules] of [
    ["dropbox", rulesOf(["/", "dropbox"])],
    ["ro with a dropbox", rulesOf(["/", "ro"], ["/in", "dropbox"])],
    ["write and rename", rulesOf(["/", "write rename"])],
  ] as const
) {
  conversation(`${title}: queries answer the same for names that exist and for names that do not`, {
    files,
    account: { rules },
  }, async ({ ftp }) => {
    for (const line of LOOKING) {
      const replies = await answers(ftp, line);
      assertEquals(new Set(replies).size, 1, `${line}: ${replies.join(" | ")}`);
    }
  });
}

conversation("A drop box can be entered by any name, which is created when something is stored there", {
  files,
  account: { rules: rulesOf(["/", "ro"], ["/in", "dropbox"]) },
}, async ({ ftp, files }) => {
  await ftp.expect("CWD /missing", 550);
  await ftp.expect("CWD /in/new/deep", 250);
  assertEquals((await ftp.expect("PWD", 257)).text, '"/in/new/deep" is the working directory');
  await ftp.upload("STOR mine", "mine");
  assertEquals(new TextDecoder().decode(files.read("/in/new/deep/mine")), "mine");
  await ftp.expect("CWD /in/other", 250);
  await ftp.expect("MKD sub", 257);
  await ftp.expect("CWD sub", 250);
  await ftp.upload("STOU", "unique");
  await ftp.expect("CDUP", 250);
  await ftp.expect("CWD /in/directory", 250);
  await ftp.upload("STOR handed-in", "x");
  assertEquals(new TextDecoder().decode(files.read("/in/directory/handed-in")), "x");
  // Who makes a name has to hear that it is taken.
  await ftp.expect("EPSV", 229);
  await ftp.expect("STOR inner", 553);
  await ftp.expect("MKD /in/directory", 550);
  // The place itself is listed above, and so may be looked at.
  await ftp.expect("MLST /in", 250);
});

conversation("A drop box without mkdir makes no directories", {
  files,
  account: { rules: rulesOf(["/", "write no-overwrite"]) },
}, async ({ ftp }) => {
  await ftp.expect("CWD /in/missing", 250);
  await ftp.expect("EPSV", 229);
  await ftp.expect("STOR mine", 550);
  await ftp.expect("CWD /in/directory", 250);
  await ftp.upload("STOR mine", "mine");
});

conversation("Where everything may be seen, missing directories stay missing", {
  files,
  account: { rules: rulesOf(["/", "rw"]) },
}, async ({ ftp }) => {
  await ftp.expect("CWD /in/missing", 550);
  await ftp.expect("EPSV", 229);
  await ftp.expect("STOR /in/missing/mine", 550);
  await ftp.expect("MKD /in/missing/sub", 550);
});

conversation("An account that may rename but not look renames what it names", {
  files,
  account: { rules: rulesOf(["/", "write rename"]) },
}, async ({ ftp, files }) => {
  await ftp.upload("STOR /in/report.part", "whole");
  await ftp.expect("RNFR /in/report.part", 350);
  await ftp.expect("RNTO /in/report", 250);
  assertEquals(new TextDecoder().decode(files.read("/in/report")), "whole");
  await ftp.expect("RNFR /in/missing", 350);
  await ftp.expect("RNTO /in/other", 550);
});

conversation("mkdExisting takes what cannot be seen for a directory", {
  files,
  account: { rules: rulesOf(["/", "dropbox"]) },
  options: { mkdExisting: "accept" },
}, async ({ ftp }) => {
  await ftp.expect("MKD /in/directory", 257);
  await ftp.expect("MKD /in/new", 257);
});
