import { assert, assertEquals, assertRejects } from "@std/assert";
import { HooksError, startFixture } from "../../lib/fixture/fixture.ts";
import { hooked, withFile } from "./hooked.ts";

const TYPES = `import type { Hooks } from "denoftpd";\n`;

hooked("before refuses uploads by their name, and lets all others run", {
  source: `${TYPES}
    enum Code { Refused = 553 }
    export default {
      before: {
        STOR({ path = "" }): { code: number; text: string } | undefined {
          return path.endsWith(".exe") ? { code: Code.Refused, text: \`No programs: \${path}\` } : undefined;
        },
      },
    } satisfies Hooks;`,
}, async ({ ftp, server }) => {
  assertEquals((await ftp.upload("STOR a.txt", "x")).code, 226);
  await ftp.expect("EPSV", 229);
  assertEquals((await ftp.expect("STOR b.exe", 553)).lines, ["553 No programs: /b.exe"]);
  assertEquals(await server.files.list("/"), ["/a.txt"]);
});

hooked("before may answer anything that ends a command, in several lines, and end the session", {
  source: `${TYPES}
    export const before: Hooks["before"] = ({ verb, argument }) => {
      if (verb === "SYST") return { code: 215, text: "MINE" };
      if (verb === "NOOP") return { code: 200, text: "one\\ntwo\\r\\u0007\\n230 three" };
      if (verb === "HELP" && argument === "me") return { code: 421, text: "Go" };
    };`,
}, async ({ ftp }) => {
  assertEquals((await ftp.expect("SYST", 215)).text, "MINE");
  assertEquals((await ftp.expect("NOOP", 200)).lines, ["200-one", " two??", "200 230 three"]);
  await ftp.expect("HELP me", 421);
  await ftp.closed();
});

hooked("before may take its time, and replies stay in order", {
  source: `export const before = {
    PWD: () => new Promise<undefined>((resolve) => setTimeout(resolve, 5, undefined)),
  };`,
}, async ({ ftp }) => {
  await ftp.sendAll("PWD", "NOOP", "PWD", "SYST");
  assertEquals(await ftp.codes(4), [257, 200, 257, 215]);
});

hooked("after sees the reply and may rewrite it; what comes next stays", {
  source: `${TYPES}
    export default {
      after: {
        PWD: ({ user, cwd }, { code, text }) => ({ code, text: \`\${text} (\${user} in \${cwd})\` }),
        DELE: (_, { code }) => code === 550 ? { code: 450, text: "Perhaps later" } : undefined,
        QUIT: () => ({ code: 221, text: "Come back soon" }),
      },
    } satisfies Hooks;`,
}, async ({ ftp }) => {
  assertEquals((await ftp.expect("PWD", 257)).text, `"/" is the working directory (test in /)`);
  await ftp.expect("DELE nothing", 450);
  await ftp.expect("MKD d", 257);
  assertEquals((await ftp.expect("QUIT", 221)).text, "Come back soon");
  await ftp.closed();
});

hooked("events are seen in order, and what is printed is in the log and not on standard output", {
  source: `${TYPES}
    export const events: Hooks["events"] = {
      login: ({ user }) => console.log("login", { user }),
      transfer: async ({ path, bytes }) => { await null; console.warn(path, bytes); },
      fileChanged: () => { throw new Error("I do not like that"); },
    };`,
}, async ({ ftp, printed, problem }) => {
  assertEquals(await printed("login"), `Hooks print: login {"user":"test"}`);
  await ftp.upload("STOR a", "xyz");
  assertEquals(await printed("/a"), "Hooks print: /a 3");
  await ftp.expect("DELE a", 250);
  await problem("I do not like that");
});

hooked("a password is not shown to hooks", {
  source: `export const before = { PASS: (command) => console.log(JSON.stringify(command)) };`,
}, async ({ printed }) => {
  const shown = await printed("");
  assert(shown.includes(`"verb":"PASS"`) && !shown.includes("secret"), shown);
});

for (
  const [what, source, message] of [
    ["a syntax error", "export const before = {", "Cannot use the hooks"],
    ["an import", `import fs from "node:fs"; export const before = () => fs.readFileSync("/x");`, `import "node:fs"`],
    ["a remote import", `import "https://deno.land/x/a.ts"; export const before = {};`, "Hooks cannot import"],
    ["an npm import", `import x from "npm:left-pad"; export const before = x;`, `cannot import "npm:left-pad"`],
    ["an import at another phase", `export const before = () => import/**/.source("npm:x");`, "special phase"],
    ["an unknown verb", "export const before = { STORE() {} };", `"before" has "STORE"`],
    ["an unknown event", "export const events = { logins() {} };", `"events" has "logins"`],
    ["an unknown export", "export const befor = {};", `not "befor"`],
    ["something that is no function", "export const after = { STOR: 1 };", `"after.STOR" must be a function`],
    ["an error of its own", `throw new Error("no luck"); export const before = {};`, "no luck"],
  ] as const
) {
  Deno.test(`startFixture refuses hooks with ${what}`, () =>
    withFile(source, async (file) => {
      const error = await assertRejects(() => startFixture({ hooks: file }), HooksError, message);
      assert(error.message.includes(file), error.message);
    }));
}

Deno.test("startFixture names hooks that are not there", async () => {
  await assertRejects(() => startFixture({ hooks: "/nowhere.ts" }), HooksError, `Cannot read the hooks "/nowhere.ts"`);
});
