import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import type { Command } from "../../lib/commands/command.ts";
import { commandTable } from "../../lib/commands/table.ts";
import { conversation, plainConversation, tlsConversation } from "../helpers/server.ts";
import { readAll } from "../helpers/wire.ts";

/** Rows that are there only with a certificate. */
const TLS_ROWS: ReadonlySet<string> = new Set(["AUTH", "PBSZ", "PROT", "CCC"]);
/** Rows that end or change the session, and so stand in tests of their own. */
const APART: ReadonlySet<string> = new Set(["QUIT", "REIN", "USER"]);

const plainRows = commandTable.commands.filter(({ verb }) => !TLS_ROWS.has(verb) && !APART.has(verb));
const names = ({ verb, aliases = [] }: Command) => [verb, ...aliases];

plainConversation(
  "commandTable answers 530 before login to every row that is not open",
  { login: false },
  async ({ ftp }) => {
    for (const row of plainRows) {
      for (const verb of names(row)) {
        const { code } = await ftp.say(verb);
        if (row.open) assertNotEquals(code, 530, `${verb} is open`);
        else assertEquals(code, 530, `${verb} is not open`);
      }
    }
  },
);

plainConversation("commandTable opens no rows but those of RFC 959 section 4.2 and its kin", {}, () => {
  const open = commandTable.commands.filter((row) => row.open).map(({ verb }) => verb).sort();
  assertEquals(open, [
    ...["ACCT", "AUTH", "CCC", "CLNT", "CSID", "FEAT", "HELP", "HOST", "NOOP", "OPTS", "PASS", "PBSZ", "PROT", "QUIT"],
    ...["REIN", "STAT", "SYST", "USER"],
  ]);
  return Promise.resolve();
});

plainConversation("commandTable answers 501 where a required argument is missing", {}, async ({ ftp }) => {
  for (const row of [...plainRows, ...commandTable.commands.filter(({ verb }) => verb === "USER")]) {
    for (const verb of names(row)) {
      const { code } = await ftp.say(verb);
      // PASS, HOST and HOST-like rows check their argument first, too.
      if (row.argumentName === "required") assertEquals(code, 501, `${verb} without an argument`);
      else assert(code !== 500 && code !== 501, `${verb} needs no argument but was answered ${code}`);
    }
  }
});

plainConversation("commandTable has the rows of TLS only with a certificate", {}, async ({ ftp }) => {
  const { lines } = await ftp.expect("FEAT", 211);
  for (const verb of TLS_ROWS) {
    await ftp.expect(`${verb} X`, 502);
    assert(!lines.some((line) => line.startsWith(` ${verb}`)), `${verb} is in FEAT`);
  }
});

plainConversation("FEAT lists exactly this, one space before each", {}, async ({ ftp }) => {
  const { lines } = await ftp.expect("FEAT", 211);
  assertEquals(lines, [
    "211-Features:",
    ...[" UTF8", " TVFS", " HOST", " REST STREAM", " RANG STREAM", " CLNT", " CSID", " EPSV", " EPRT"],
    " MLST type*;size*;modify*;perm*;unique*;UNIX.mode*;UNIX.owner*;UNIX.group*;",
    ...[" SIZE", " MDTM", " MFMT", " MFF Modify;UNIX.mode;", " AVBL"],
    " HASH SHA-512;SHA-256*;SHA-1;MD5;CRC32",
    ...[" XCRC", " XMD5", " XSHA", " XSHA1", " XSHA256", " XSHA512"],
    "211 End",
  ]);
});

/** A line that shows that a feature of FEAT is there, and the code that says so. */
const PROOFS: Readonly<Record<string, readonly [line: string, code: number]>> = {
  "UTF8": ["OPTS UTF8 ON", 200],
  "TVFS": ["CWD /", 250],
  "HOST": ["HOST example.org", 503],
  "REST STREAM": ["REST 1", 350],
  "RANG STREAM": ["RANG 0 1", 350],
  "CLNT": ["CLNT me", 200],
  "CSID": ["CSID Name=me;", 200],
  "EPSV": ["EPSV", 229],
  "EPRT": ["EPRT |1|127.0.0.1|50000|", 200],
  "MLST": ["MLST a", 250],
  "SIZE": ["SIZE a", 213],
  "MDTM": ["MDTM a", 213],
  "MFMT": ["MFMT 20200102030405 a", 213],
  "MFF": ["MFF Modify=20200102030405;UNIX.mode=0600; a", 213],
  "AVBL": ["AVBL", 213],
  "HASH": ["HASH a", 213],
  "XCRC": ["XCRC a", 250],
  "XMD5": ["XMD5 a", 250],
  "XSHA": ["XSHA a", 250],
  "XSHA1": ["XSHA1 a", 250],
  "XSHA256": ["XSHA256 a", 250],
  "XSHA512": ["XSHA512 a", 250],
};

plainConversation("FEAT lists nothing that does not work", { files: { "/a": "x" } }, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  const { lines } = await ftp.expect("FEAT", 211);
  for (const line of lines.slice(1, -1)) {
    const feature = line.trim();
    const [command, code] = PROOFS[feature] ?? PROOFS[feature.split(" ")[0] ?? ""] ?? [`${feature} is not proved`, 0];
    await ftp.expect(command, code);
  }
});

Deno.test("FEAT has a line for every row that RFC 959 does not have", () => {
  /**
   * RFC 2389 section 3.2 keeps FEAT and OPTS out; MLST stands for MLSD (RFC 3659 section 7.8); CCC is always refused;
   * PRET is not needed.
   */
  const without = new Set(["FEAT", "OPTS", "MLSD", "CCC", "PRET"]);
  for (const { verb, source, feature } of commandTable.commands) {
    if (source.startsWith("959") || without.has(verb)) assertEquals(feature, undefined, verb);
    else assert(feature !== undefined, `${verb} of ${source} has no line in FEAT`);
  }
});

conversation("FEAT shows the facts and the algorithm that OPTS has chosen", {}, async ({ ftp }) => {
  await ftp.expect("OPTS MLST size;type;", 200);
  await ftp.expect("OPTS HASH CRC32", 200);
  const { lines } = await ftp.expect("FEAT", 211);
  assert(lines.includes(" MLST type*;size*;modify;perm;unique;UNIX.mode;UNIX.owner;UNIX.group;"));
  assert(lines.includes(" HASH SHA-512;SHA-256;SHA-1;MD5;CRC32*"));
});

plainConversation("FEAT and HELP leave out what is switched off", { options: { active: false } }, async ({ ftp }) => {
  await ftp.expect("PORT 127,0,0,1,200,0", 502);
  await ftp.expect("EPRT |1|127.0.0.1|50000|", 502);
  await ftp.expect("HELP PORT", 502);
  assert(!(await ftp.expect("FEAT", 211)).lines.includes(" EPRT"));
  assert(!(await ftp.expect("HELP", 214)).lines.some((line) => /\b(PORT|EPRT)\b/.test(line)));
});

plainConversation("HELP lists every row and explains each", {}, async ({ ftp }) => {
  const { lines } = await ftp.expect("HELP", 214);
  const listed = lines.slice(1, -1).flatMap((line) => line.trim().split(/ +/)).sort();
  const rows = commandTable.commands.filter(({ verb }) => !TLS_ROWS.has(verb));
  assertEquals(listed, rows.flatMap(names).sort());
  for (const row of rows) {
    const { text } = await ftp.expect(`HELP ${row.verb.toLowerCase()}`, 214);
    assertStringIncludes(text, row.verb);
    assertStringIncludes(text, row.summary);
  }
  await ftp.expect("HELP FROBNICATE", 502);
});

tlsConversation("HELP lists no command that is always refused, but explains it", {}, async ({ ftp }) => {
  const { lines } = await ftp.expect("HELP", 214);
  assert(lines.some((line) => /\bPROT\b/.test(line)));
  assert(!lines.some((line) => /\bCCC\b/.test(line)));
  assertStringIncludes((await ftp.expect("HELP CCC", 214)).text, "Refused");
});

conversation("PRET is accepted and changes nothing", { files: { "/a": "0123456789" } }, async ({ ftp }) => {
  await ftp.expect("TYPE I", 200);
  const data = await ftp.passive();
  await ftp.expect("REST 4", 350);
  await ftp.expect("PRET RETR a", 200);
  await ftp.expect("PRET", 501);
  await ftp.expect("RETR a", 150);
  assertEquals(new TextDecoder().decode(await readAll(await ftp.protect(data))), "456789");
  await ftp.expectReply(226);
});

conversation("commandTable has a second name for the experimental verbs of RFC 1123", {}, async ({ ftp }) => {
  await ftp.expect("XMKD d", 257);
  await ftp.expect("XCWD d", 250);
  assertEquals((await ftp.expect("XPWD", 257)).lines, ['257 "/d" is the working directory']);
  await ftp.expect("XCUP", 250);
  await ftp.expect("XRMD d", 250);
});

conversation("Verbs are read in any case", {}, async ({ ftp }) => {
  await ftp.expect("noop", 200);
  await ftp.expect("pWd", 257);
});

conversation("An unknown verb is answered 500, one of the RFCs that is not here 502", {}, async ({ ftp }) => {
  await ftp.expect("FROBNICATE now", 500);
  for (const verb of commandTable.foreign) {
    assertEquals(commandTable.find(verb), undefined);
    await ftp.expect(`${verb} x`, 502);
  }
});

conversation("SYST answers what clients look for", {}, async ({ ftp }) => {
  assertEquals((await ftp.expect("SYST", 215)).lines, ["215 UNIX Type: L8"]);
});

conversation("NOOP is answered 200", {}, async ({ ftp }) => void await ftp.expect("NOOP", 200));
