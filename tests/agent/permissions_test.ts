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
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--no-check", "--unstable-net", ...granted, MAIN, ...args],
        env: { HOME: home, DENO_DIR: Deno.env.get("DENO_DIR") ?? "" },
        clearEnv: true,
        stdout: "null",
      }).output();
      return { code, text: new TextDecoder().decode(stderr) };
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
