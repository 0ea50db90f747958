import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { AccountJson } from "../../../lib/auth/file/schema.ts";
import { editAccounts } from "../../../lib/auth/file/edit.ts";
import { AccountsFileError, readAccountsFile } from "../../../lib/auth/file/read.ts";
import { formatJson } from "../../../lib/auth/file/json_format.ts";
import { type DocumentChange, ofAccounts } from "../../../lib/auth/place.ts";

function account(name: string): AccountJson {
  return {
    name,
    password: "$scrypt$ln=4,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    root: ".",
    permissions: "rw",
  };
}

const add = (name: string): DocumentChange => ofAccounts((accounts) => [...accounts, account(name)]);

/** Runs `body` in a directory of its own, and checks that nothing but the accounts file is left in it. */
async function inDirectory(
  body: (path: string, directory: string) => Promise<void>,
  left = ["users.json"],
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(join(directory, "users.json"), directory);
    assertEquals(Array.from(Deno.readDirSync(directory), ({ name }) => name).sort(), left);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("editAccounts makes a new file for its owner alone", () =>
  inDirectory(async (path) => {
    await assertRejects(() => editAccounts(path, add("bob")), AccountsFileError, "Does not exist");
    await editAccounts(path, add("bob"), { create: true });
    assertEquals((await readAccountsFile(path)).map(({ name }) => name), ["bob"]);
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("editAccounts keeps order, indentation, mode and $schema", () =>
  inDirectory(async (path) => {
    const { password } = account("");
    const text = `{
    "$schema": "./x.json",
    "accounts": [
        {
            "root": ".",
            "permissions": [{ "path": "/", "allow": ["list", "read"] }],
            "name": "bob",
            "password": ${JSON.stringify(password)}
        }
    ]
}
`;
    await Deno.writeTextFile(path, text, { mode: 0o640 });
    await editAccounts(path, (document) => document);
    assertEquals(await Deno.readTextFile(path), text);
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o640);
  }));

Deno.test("editAccounts does not touch a broken file, nor if the change throws or would break the file", () =>
  inDirectory(async (path) => {
    await Deno.writeTextFile(path, "{");
    await assertRejects(() => editAccounts(path, add("bob")), AccountsFileError, "Not valid JSON");
    assertEquals(await Deno.readTextFile(path), "{");
    const good = formatJson({ accounts: [account("bob")] }, { indent: "  " });
    await Deno.writeTextFile(path, good);
    await assertRejects(() => editAccounts(path, add("bob")), AccountsFileError, "Another account has the same name");
    const throws = () => {
      throw new RangeError("No");
    };
    await assertRejects(() => editAccounts(path, throws), RangeError);
    assertEquals(await Deno.readTextFile(path), good);
  }));

Deno.test("editAccounts loses nothing when several run at a time", () =>
  inDirectory(async (path) => {
    const names = Array.from({ length: 12 }, (_, index) => `user${index}`);
    await Promise.all(names.map((name) => editAccounts(path, add(name), { create: true })));
    assertEquals((await readAccountsFile(path)).map(({ name }) => name).sort(), [...names].sort());
  }));

Deno.test("editAccounts overwrites the draft left by a crash", () =>
  inDirectory(async (path, directory) => {
    await Deno.writeTextFile(join(directory, ".users.json.new"), "x".repeat(100_000), { mode: 0o666 });
    await editAccounts(path, add("bob"), { create: true });
    assertEquals((await readAccountsFile(path)).length, 1);
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("editAccounts changes the target of a symbolic link and keeps the link", () =>
  inDirectory(async (path, directory) => {
    await Deno.writeTextFile(join(directory, "real.json"), `{"accounts": []}`);
    await Deno.symlink("real.json", path);
    await editAccounts(path, add("bob"));
    assert((await Deno.lstat(path)).isSymlink);
    assertEquals((await readAccountsFile(join(directory, "real.json"))).length, 1);
  }, ["real.json", "users.json"]));

Deno.test("formatJson puts small things on one line and large ones on several", () => {
  const names = Array.from({ length: 12 }, (_, index) => `permission ${index}`);
  assertEquals(
    formatJson({ accounts: [{ a: ["x"], b: {}, c: [{ d: 1 }], e: names }, {}] }, { indent: "\t" }),
    `{
\t"accounts": [
\t\t{
\t\t\t"a": ["x"],
\t\t\t"b": {},
\t\t\t"c": [{ "d": 1 }],
\t\t\t"e": [
${names.map((name) => `\t\t\t\t"${name}"`).join(",\n")}
\t\t\t]
\t\t},
\t\t{}
\t]
}
`,
  );
});
