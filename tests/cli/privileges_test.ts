import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { parseUser, resolveIdentity } from "../../lib/cli/serve/privileges.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { serve } from "./serve_process.ts";

const unix = Deno.build.os !== "windows";
const root = unix && Deno.uid() === 0;

for (
  const [text, user, group, files] of [
    ["ftp", "ftp", undefined, ["/etc/passwd"]],
    ["ftp:www", "ftp", "www", ["/etc/passwd", "/etc/group"]],
    ["ftp:33", "ftp", "33", ["/etc/passwd"]],
    ["1000:www", "1000", "www", ["/etc/group"]],
    ["1000", "1000", undefined, ["/etc/passwd"]],
    ["1000:1000", "1000", "1000", []],
  ] as const
) {
  Deno.test(`parseUser reads "${text}"`, () => {
    assertEquals(parseUser(text), { user, group, filesNeeded: new Set<string>(files) });
  });
}

for (const text of ["", ":", "ftp:", ":ftp", "a:b:c"]) {
  Deno.test(`parseUser refuses "${text}"`, () => {
    assertThrows(() => parseUser(text), UsageError, `not "${text}"`);
  });
}

Deno.test({
  name: "resolveIdentity finds names and numbers, and refuses root and strangers",
  ignore: !root || Deno.build.os !== "linux",
  fn: () => {
    assertEquals(resolveIdentity({ user: "1000:1001" }), { uid: 1000, gid: 1001 });
    const [, , uid, gid] = Deno.readTextFileSync("/etc/passwd").match(/^nobody:.*/m)?.[0].split(":") ?? [];
    assertEquals(resolveIdentity({ user: "nobody" }), { uid: Number(uid), gid: Number(gid) });
    assertEquals(resolveIdentity({ user: "nobody:7" }), { uid: Number(uid), gid: 7 });
    assertThrows(() => resolveIdentity({ user: "root" }), UsageError, "a user other than root");
    assertThrows(() => resolveIdentity({ user: "0:5" }), UsageError, "a user other than root");
    assertThrows(() => resolveIdentity({ user: "no such user" }), UsageError, "is not in /etc/passwd");
    assertThrows(() => resolveIdentity({ user: "1:no such group" }), UsageError, "is not in /etc/group");
  },
});

Deno.test({
  name: "resolveIdentity refuses root unless it is allowed",
  ignore: !root,
  fn: () => {
    assertThrows(() => resolveIdentity({}), UsageError, "Refusing to serve as root");
    assertEquals(resolveIdentity({ allowRoot: true }), undefined);
  },
});

Deno.test({
  name: "resolveIdentity needs root to become another user, and nothing to stay the same",
  ignore: !unix || root,
  fn: () => {
    assertEquals(resolveIdentity({}), undefined);
    assertEquals(resolveIdentity({ user: `${Deno.uid()}:${Deno.gid()}` }), undefined);
    assertThrows(() => resolveIdentity({ user: "1:1" }), UsageError, "needs root");
  },
});

Deno.test({
  name: "serve --user checks the roots again as the user it has become",
  ignore: !root || Deno.build.os !== "linux",
  fn: async () => {
    const cwd = await Deno.makeTempDir();
    await Deno.mkdir(`${cwd}/pub`);
    const flags = ["--port", "0", "--anonymous", "pub", "--user", "65534:65534"];
    const { code, stdout, stderr } = await serve({ permissions: ["--allow-all"], flags, cwd });
    await Deno.remove(cwd, { recursive: true });
    assertEquals({ code, stdout }, { code: 2, stdout: "" });
    assertMatch(stderr, /denoftpd: Flag "--anonymous": [^\n]+\n$/);
  },
});

Deno.test({
  name: "serve --user refuses to keep groups of root",
  ignore: !root || Deno.build.os !== "linux",
  fn: async () => {
    const main = fromFileUrl(new URL("../../main.ts", import.meta.url));
    const start = async (groups: string) => {
      const flags = ["--port", "0", "--anonymous", "/usr/no-such-directory", "--user", "65534:65534"];
      const args = [groups, Deno.execPath(), "run", "--allow-all", "--no-prompt", "--quiet", main, "serve", ...flags];
      const { code, stdout, stderr } = await new Deno.Command("setpriv", { args }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, stdout: text(stdout), stderr: text(stderr) };
    };
    const kept = await start("--groups=4,65534");
    assertEquals([kept.code, kept.stdout], [2, ""]);
    assertMatch(kept.stderr, /^denoftpd: Flag "--user" cannot give up root's groups 4: start with "setpriv --clear-g/);
    // The group that it is to have, and none: what is wrong is the next thing.
    for (const groups of ["--groups=65534", "--clear-groups"]) {
      assertMatch((await start(groups)).stderr, /^denoftpd: Flag "--anonymous"/);
    }
  },
});
