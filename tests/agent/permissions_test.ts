import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runPermissions } from "../../lib/cli/permissions/command.ts";
import { agentNeeds } from "../../lib/cli/agent/permissions.ts";
import { findAgentCommand } from "../../lib/cli/agent/main.ts";
import { permissionFlags } from "../../lib/cli/permissions/query.ts";
import { agentTest } from "./helpers.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

async function flagsOf(args: readonly string[], variables: Record<string, string>): Promise<string[]> {
  const [name = "", ...rest] = args;
  const command = findAgentCommand(name);
  assert(command);
  const addressesOf = () => Promise.resolve(["192.0.2.7", "2001:db8::7"]);
  return permissionFlags(
    await agentNeeds(command, rest, { environment: { get: (key) => variables[key] }, addressesOf }),
  );
}

Deno.test("permissions of a client command name the host with its addresses, and the files", async () => {
  assertEquals(await flagsOf(["get", "ftp://u@ftp.example.org/f", "-o", "/data/f"], { HOME: "/h" }), [
    "--allow-net=ftp.example.org,192.0.2.7,[2001:db8::7]",
    "--allow-read=/data,/h/.config/denoftpd,/h/.local/state/denoftpd,/h/.netrc",
    "--allow-write=/data,/h/.config/denoftpd,/h/.local/state/denoftpd",
    "--allow-env=HOME",
  ]);
  assertEquals(await flagsOf(["cat", "ftp://[::1]/f", "--proxy", "socks5://proxy:1080"], {}), [
    "--allow-net=proxy:1080",
  ]);
  assertEquals(await flagsOf(["put", "/a/b", "-", "ftp://127.0.0.1/", "--ca", "/c.pem"], {}), [
    "--allow-net=127.0.0.1",
    "--allow-read=/a/b,/c.pem",
  ]);
  assertEquals(await flagsOf(["mirror", "/site", "ftp://127.0.0.1/", "--active"], {}), [
    "--allow-net",
    "--allow-read=/site",
  ]);
});

Deno.test("denoftpd permissions refuses a wrong client command line", async () => {
  let stderr = "";
  const io = { stdout: () => {}, stderr: (text: string) => void (stderr += text) };
  assertEquals(await runPermissions(["get", "nonsense://x", "--unknown"], io), 2);
  assertMatch(stderr, /--unknown/);
});

async function runWith(granted: readonly string[], args: readonly string[], home: string) {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--unstable-net", ...granted, MAIN, ...args],
    env: { HOME: home, DENO_DIR: Deno.env.get("DENO_DIR") ?? "" },
    clearEnv: true,
    stdout: "null",
  }).output();
  return { code, text: new TextDecoder().decode(stderr) };
}

// Each value of each flag taken away once: nothing that is printed is superfluous.
agentTest(
  "permissions of get are enough, and none can go",
  { files: { "/f": "content" }, tls: true },
  async (grounds) => {
    const { run, url, home, local, server } = grounds;
    assertEquals((await run(["cat", `${url}f`], { ask: () => Promise.resolve("y") })).status, 0);
    await Deno.writeTextFile(join(home, ".netrc"), "machine 127.0.0.1 login demo password demo\n", { mode: 0o600 });
    const args = ["get", `ftp://127.0.0.1:${server.address.port}/f`, "-o", `${local}/`];
    const flags = await flagsOf(args, { HOME: home });
    const attempt = async (granted: readonly string[]) => {
      // What a first contact leaves: it has to be written then.
      await Deno.remove(join(home, ".local"), { recursive: true });
      await Deno.mkdir(join(home, ".local/state/denoftpd"), { recursive: true });
      return await runWith(granted, args, home);
    };
    const enough = await attempt(flags);
    assertEquals([enough.code, enough.text], [0, ""]);
    assertEquals(await Deno.readTextFile(join(local, "f")), "content");
    for (const flag of flags) {
      const [name = "", values = ""] = flag.split("=");
      for (const value of values.split(",")) {
        const rest = values.split(",").filter((each) => each !== value);
        const others = flags.filter((each) => each !== flag);
        const granted = rest.length === 0 ? others : [...others, `${name}=${rest.join(",")}`];
        // A certificate that is known needs no writing, and a new one only a person could accept.
        if (name === "--allow-write" && value.includes(".config")) continue;
        const { code, text } = await attempt(granted);
        assert(code !== 0 || text.includes("cannot be written"), `${flag} without ${value}: ${code} ${text}`);
      }
    }
  },
);

/** Command lines by their names, given the URL of the server and a local directory with `f` and `serve.json`. */
const LINES: Readonly<Record<string, (url: string, local: string) => string[]>> = {
  put: (url, local) => [join(local, "f"), `${url}stored`],
  "mirror up": (url, local) => [join(local, "up"), `${url}up`],
  "mirror down": (url, local) => [`${url}d`, join(local, "down")],
  copy: (url) => [`${url}f`, `${url}copied`],
  ls: (url) => [url],
  cat: (url) => [`${url}f`],
  mkdir: (url) => [`${url}new`],
  mv: (url) => [`${url}m`, "moved"],
  chmod: (url) => ["644", `${url}f`],
  du: (url) => [url],
  find: (url) => [url],
  rm: (url) => [`${url}r`],
  doctor: (url) => [url],
  "doctor of ourselves": (_url, local) => ["--self", "--config", join(local, "serve.json"), "--user", "demo"],
};

// What all of them may write and read of the user is the same as for get, which shows it.
for (const [what, lineOf] of Object.entries(LINES)) {
  agentTest(
    `permissions of ${what} are enough, and none that is its own can go`,
    { files: { "/f": "1", "/m": "2", "/r": "3", "/d/g": "4" } },
    async ({ home, local, server }) => {
      const { port } = server.address;
      await Deno.mkdir(join(local, "up"));
      await Deno.writeTextFile(join(local, "f"), "local");
      await Deno.writeTextFile(join(local, "serve.json"), JSON.stringify({ port }));
      await Deno.writeTextFile(join(home, ".netrc"), "machine 127.0.0.1 login demo password demo\n", { mode: 0o600 });
      const [name = ""] = what.split(" ");
      const args = [name, ...lineOf(`ftp://127.0.0.1:${port}/`, local), "--tls", "off"];
      const flags = await flagsOf(args, { HOME: home });
      for (const flag of flags) {
        const [kind = "", values = ""] = flag.split("=");
        const all = values.split(",");
        for (const value of all.filter((value) => !value.startsWith(home) && kind !== "--allow-env")) {
          const rest = all.filter((each) => each !== value);
          const others = flags.filter((each) => each !== flag);
          const granted = rest.length === 0 ? others : [...others, `${kind}=${rest.join(",")}`];
          const { code, text } = await runWith(granted, args, home);
          assert(code !== 0, `${flag} without ${value}: ${text}`);
          // The doctor has a finding for it; the others say in one line what is missing.
          if (name !== "doctor") assertMatch(text, /^denoftpd: [^\n]+\n$/, `${flag} without ${value}: ${text}`);
        }
      }
      const enough = await runWith(flags, args, home);
      assertEquals([enough.code, enough.text], [0, ""]);
    },
  );
}
