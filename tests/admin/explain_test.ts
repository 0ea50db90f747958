import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { explain, EXPLAINED_VERBS } from "../../lib/admin/explain.ts";
import { createAccount } from "../../lib/auth/accounts.ts";
import { runExplain } from "../../lib/cli/admin/explain.ts";
import { sentence } from "../../lib/log/sentences.ts";
import { plainConversation, rulesOf } from "../helpers/server.ts";

const FIELDS = {
  rules: rulesOf(["/", "ro"], ["/in", "add"], ["/box", "dropbox"], ["/all", "rw"], ["/all/shut", "none"]),
  deny: ["*.exe"],
};
const ACCOUNT = createAccount({ name: "demo", rootPath: "/", ...FIELDS });

/** Where there is a file, a directory, and nothing. */
const FILES = Object.fromEntries(
  ["/a", "/in/a", "/box/a", "/all/a", "/all/shut/a", "/all/a.exe"].flatMap((
    path,
  ) => [[path, "x"], [`${path}d/b`, "x"]]),
);
const PARENTS = ["", "/in", "/box", "/all", "/all/shut"] as const;
const [ON_FILES, ON_DIRECTORIES, ON_NOTHING] = [
  ["RETR", "SIZE", "MDTM", "MLST", "RNFR", "HASH", "DELE"],
  ["CWD", "MLSD", "LIST"],
  ["MKD", "STOR", "APPE"],
] as const;

const OVER_DATA: ReadonlySet<string> = new Set(["RETR", "STOR", "APPE", "MLSD", "LIST"]);

plainConversation("explain says of every verb what a session is answered", {
  account: FIELDS,
  files: FILES,
}, async ({ ftp, event }) => {
  await ftp.expect("TYPE I", 200);
  const compare = async (verb: string, path: string): Promise<void> => {
    const { allowed, text } = await explain(ACCOUNT, verb, path);
    const data = OVER_DATA.has(verb) ? await ftp.passive() : undefined;
    const { code } = await ftp.say(`${verb} ${path}`);
    data?.close();
    if (code === 150) await ftp.reply();
    assertEquals(code < 500, allowed, `${verb} ${path}: ${code}, ${text}`);
    if (allowed || code !== 550) return;
    const refused = await event("refused", ({ line }) => line === `${verb} ${path}`);
    assertStringIncludes(sentence(refused), text.replace("Denied: ", ""));
  };
  for (const parent of PARENTS) {
    // A file is deleted last.
    for (const verb of ON_FILES) await compare(verb, `${parent}/a`);
    for (const verb of ON_DIRECTORIES) await compare(verb, `${parent}/ad`);
    for (const verb of ON_NOTHING) await compare(verb, `${parent}/new-${verb}`);
    await ftp.expect("CWD /", 250);
  }
  await compare("RETR", "/all/a.exe");
  await compare("STOR", "/all/new.exe");
});

Deno.test("explain tells where an answer depends on what is there, and refuses other verbs", async () => {
  const { allowed, text, rule } = await explain(ACCOUNT, "stor", "/in/a");
  assertEquals([allowed, rule], [true, "/in"]);
  assertEquals(text, 'Allowed by the rule for "/in", but not where a file is already, which may not be replaced');
  assertEquals((await explain(ACCOUNT, "STOR", "/all/a")).text, 'Allowed by the rule for "/all"');
  assertEquals((await explain(ACCOUNT, "RETR", "/all/a.exe")).field, "deny");
  const disabled = await explain({ ...ACCOUNT, enabled: false }, "RETR", "/a");
  assertEquals([disabled.allowed, disabled.text], [false, "The account is disabled"]);
  await assertRejects(() => explain(ACCOUNT, "NOOP", "/a"), RangeError, "Verb must be one of RETR, ");
  for (const verb of EXPLAINED_VERBS) {
    const open = createAccount({ name: "open", rootPath: "/", rules: rulesOf(["/", "rw"]) });
    assert((await explain(open, verb, "/a")).allowed, verb);
  }
});

const HASH = "$scrypt$ln=14,r=8,p=1$v4LEZTvw8/Xbwtq5jxgWdQ$GQuWuSXJhNbqXcUnp229g1tk9n9IWbQrAnIGTshPC1c";
const USERS = `{
  "groups": { "staff": { "root": "./r", "permissions": [
    { "path": "/", "allow": "ro" },
    { "path": "/in", "allow": "add" } ] } },
  "accounts": [
    { "name": "ann", "password": "${HASH}",
      "group": "staff",
      "deny": ["*.exe"] },
    { "name": "cy", "password": "${HASH}",
      "root": "./r", "permissions": "rw", "comment": "a \\"quoted\\" [one] {two}",
      "mounts": [
        { "at": "/m", "root": "./m", "permissions": [
          { "path": "/", "allow": "none" },
          { "path": "/x", "allow": "rw" } ] } ] }
  ]
}
`;

Deno.test("denoftpd explain names the line of the file: in the account, its group or a mount", async () => {
  const directory = await Deno.makeTempDir({ prefix: "denoftpd-explain-" });
  try {
    const file = join(directory, "users.json");
    await Deno.writeTextFile(file, USERS);
    const ask = async (question: string): Promise<[number, string]> => {
      let output = "";
      const io = { stdout: (text: string) => void (output += text), stderr: (text: string) => void (output += text) };
      const status = await runExplain([...question.split(" "), "--users", file], io);
      return [status, output.replace(`${file}:`, "").trimEnd()];
    };
    assertEquals(await ask("ann RETR /a"), [0, 'Allowed by the rule for "/" (3)']);
    assertEquals(await ask("ann DELE /in/a"), [1, 'Denied: no right to delete at "/in/a" by the rule for "/in" (4)']);
    assertEquals(await ask("ann RETR /b.exe"), [1, 'Denied: by its field deny at "/b.exe" (8)']);
    assertEquals(await ask("cy SITE CHMOD /a"), [0, 'Allowed by the rule for "/" (10)']);
    assertEquals(await ask("cy RETR /m/a"), [1, 'Denied: no right to read at "/m/a" by the rule for "/m" (13)']);
    assertEquals(await ask("cy RETR /m/x/a"), [0, 'Allowed by the rule for "/m/x" (14)']);
    assertEquals((await ask("nobody RETR /a"))[0], 2);
    assertEquals((await ask("ann NOOP /a"))[0], 2);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
