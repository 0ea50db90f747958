import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { AgentError } from "../../lib/agent/errors.ts";
import { findCredentials } from "../../lib/agent/site/credentials.ts";
import { findInNetrc } from "../../lib/agent/site/netrc.ts";
import { findPlaces } from "../../lib/agent/site/places.ts";

// The rules of curl, from its tests 130 to 134 and 480 to 486 and its documentation of the file.
const NETRC = `# a comment with machine words
machine one.example login alice password secret
machine two.example
  login bob
  password "with \\"quotes\\" and blanks \\t"
  account a1
macdef init
  machine not.example login eve password none

machine one.example login carol password other
default login anonymous password guest@
`;

Deno.test("findInNetrc reads the file as curl does", () => {
  assertEquals(findInNetrc(NETRC, "one.example"), { login: "alice", password: "secret" });
  assertEquals(findInNetrc(NETRC, "one.example", "carol"), { login: "carol", password: "other" });
  assertEquals(findInNetrc(NETRC, "two.example"), {
    login: "bob",
    password: 'with "quotes" and blanks \t',
    account: "a1",
  });
  assertEquals(findInNetrc(NETRC, "not.example"), { login: "anonymous", password: "guest@" });
  assertEquals(findInNetrc(NETRC, "one.example", "nobody"), undefined);
  assertEquals(findInNetrc("machine a\npassword p#1\n", "a", "u"), { password: "p#1" });
  assertEquals(findInNetrc("machine a login x password y", "b"), undefined);
});

Deno.test("findInNetrc refuses a broken file without quoting it", () => {
  for (
    const text of ["machine", "machine a login", 'machine a password "secret', "password secret", "machine a secret"]
  ) {
    const { message } = assertThrows(() => findInNetrc(text, "a"), AgentError);
    assertEquals(message.includes("secret"), false, message);
  }
});

const nothing = { get: () => undefined };
const passwordOf = async (...args: Parameters<typeof findCredentials>) =>
  await (await findCredentials(...args)).password();

Deno.test({
  name: "findCredentials refuses a .netrc that others may read if it has a password",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await withNetrc(NETRC, async (netrc) => {
      const url = { host: "one.example", user: undefined, password: undefined };
      const sources = { environment: nothing, netrc };
      for (const mode of [0o640, 0o604, 0o666]) {
        await Deno.chmod(netrc, mode);
        const { message } = await assertRejects(() => findCredentials(url, sources), AgentError);
        assertStringIncludes(message, `chmod 600 ${netrc}`);
        assertEquals(message.includes("secret"), false);
      }
      await Deno.chmod(netrc, 0o600);
      const { user, password } = await findCredentials(url, sources);
      assertEquals([user, await password()], ["alice", "secret"]);
      // Nothing is read that is not needed.
      await Deno.chmod(netrc, 0o666);
      assertEquals(await passwordOf({ ...url, user: "x", password: "y" }, sources), "y");
      await Deno.writeTextFile(netrc, "machine one.example login alice\n");
      assertEquals((await findCredentials(url, sources)).user, "alice");
    });
  },
});

Deno.test("findCredentials asks URL, environment, .netrc and a person, in this order", async () => {
  await withNetrc("machine h login u password fromNetrc\n", async (netrc) => {
    const environment = { get: (name: string) => name === "DENOFTPD_PASSWORD" ? "fromEnvironment" : undefined };
    const asked: string[] = [];
    const prompt = (message: string) => {
      asked.push(message);
      return "typed";
    };
    const url = { host: "h", user: "u", password: undefined };
    assertEquals(await passwordOf({ ...url, password: "fromUrl" }, { environment, netrc, prompt }), "fromUrl");
    assertEquals(await passwordOf(url, { environment, netrc, prompt }), "fromEnvironment");
    assertEquals(await passwordOf(url, { environment: nothing, netrc, prompt }), "fromNetrc");
    assertEquals(asked, []);
    const { password } = await findCredentials({ ...url, user: "other" }, { environment: nothing, netrc, prompt });
    assertEquals([await password(), await password()], ["typed", "typed"]);
    assertEquals(asked, ["Password for other at h:"]);
    // A password for somebody is not sent with the name "anonymous".
    assertEquals(await passwordOf({ ...url, user: undefined, host: "x" }, { environment, prompt }), "anonymous@");
  });
});

Deno.test("findCredentials says what to do where nobody can be asked", async () => {
  const url = { host: "h", user: "u", password: undefined };
  const { message } = await assertRejects(() => passwordOf(url, { environment: nothing }), AgentError);
  assertStringIncludes(message, "DENOFTPD_PASSWORD");
  await assertRejects(() => passwordOf(url, { environment: nothing, prompt: () => null }), AgentError, "No password");
});

Deno.test("findPlaces follows the XDG variables, and ignores relative ones", () => {
  const of = (variables: Record<string, string>) => findPlaces({ get: (name) => variables[name] });
  assertEquals(of({ HOME: "/h" }).knownHosts, "/h/.config/denoftpd/known_hosts.json");
  assertEquals(of({ HOME: "/h", XDG_STATE_HOME: "rel" }).servers, "/h/.local/state/denoftpd/servers.json");
  const both = of({ HOME: "/h", XDG_CONFIG_HOME: "/c", XDG_STATE_HOME: "/s" });
  assertEquals([both.bookmarks, both.history, both.netrc], [
    "/c/denoftpd/bookmarks.json",
    "/s/denoftpd/history",
    "/h/.netrc",
  ]);
  assertThrows(() => of({}), AgentError, "HOME");
});

async function withNetrc(text: string, body: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const path = join(directory, ".netrc");
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    await body(path);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
