import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runAdmins } from "../../lib/cli/admin/admins.ts";
import { readAdminUsers } from "../../lib/admin/users.ts";

Deno.test("admins adds, replaces, lists and removes users, in a file that only its owner can read", async () => {
  const directory = await Deno.makeTempDir({ prefix: "denoftpd-admins-" });
  try {
    const file = join(directory, "admins.json");
    const run = async (line: string, input = ""): Promise<[status: number, text: string]> => {
      let text = "";
      const status = await runAdmins([...line.split(" "), "--admin-users", file], {
        stdout: (more) => text += more,
        stderr: (more) => text += more,
        stdin: { readable: new Blob([input]).stream(), isTerminal: () => false },
        hash: { ln: 1 },
      });
      return [status, text];
    };
    const [, added] = await run("add ann --roles view,sessions --totp --generate");
    assertMatch(
      added,
      /^Added "ann" to ".*": view, sessions\nPassword: \w{16}\n.*otpauth:\/\/totp\/denoftpd:ann\?.*secret=\w{32}/,
    );
    assertEquals((await run("add bob --password-stdin", "a long password\n"))[0], 0);
    assertEquals((await run("add ann --roles config --password-stdin", "another password\n"))[0], 0);
    assertEquals(readAdminUsers(file).map(({ name, roles, totp }) => [name, roles, totp]), [
      ["bob", ["view"], undefined],
      ["ann", ["config"], undefined],
    ]);
    if (Deno.build.os !== "windows") assertEquals(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
    assertEquals((await run("list"))[1], "NAME  ROLES   CODE\nbob   view    no\nann   config  no\n");
    const [status, text] = await run("add ftp --password-stdin", "a long password\n");
    assertEquals(status, 2);
    assertStringIncludes(text, `File "${file}": users[2].name: Must not be anonymous, nor ftp`);
    assertEquals((await run("add cy --roles root --password-stdin", "a long password\n"))[0], 2);
    assertEquals((await run("add cy --password-stdin", "short\n"))[0], 2);
    assertEquals((await run("remove bob"))[0], 0);
    assertEquals((await run("remove bob"))[0], 1);
    assertEquals((await run("change bob"))[0], 2);
    assertEquals(readAdminUsers(file).map(({ name }) => name), ["ann"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
