import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runPermissions } from "../../lib/cli/permissions/command.ts";
import { hashPassword } from "../../lib/auth/password.ts";
import { freeRange } from "../helpers/free_range.ts";
import { serve } from "../cli/serve_process.ts";

/** A directory with accounts that can only read, so that what is written is what the control plane writes. */
async function withSite(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-admin-" }));
  try {
    await Deno.mkdir(join(directory, "conf"));
    await Deno.mkdir(join(directory, "root"));
    const password = await hashPassword("a password", { ln: 1 });
    const account = { name: "ann", password, root: "../root", permissions: "ro" };
    await Deno.writeTextFile(join(directory, "conf/users.json"), JSON.stringify({ accounts: [account] }));
    const users = { users: [{ name: "ann", password, roles: ["view"] }] };
    await Deno.writeTextFile(join(directory, "admins.json"), JSON.stringify(users), { mode: 0o600 });
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function printed(flags: readonly string[]): Promise<string[]> {
  let text = "";
  const io = { stdout: (more: string) => void (text += more), stderr: (message: string) => assert(false, message) };
  assertEquals(await runPermissions(flags, io), 0);
  return text.trimEnd().split("\n");
}

Deno.test("permissions prints what --admin HOST:PORT needs with its files, and no more", async () => {
  await withSite(async (directory) => {
    const at = (name: string) => join(directory, name);
    const { first: port } = freeRange(1);
    const base = ["--users", at("conf/users.json"), "--active", "off", "--port", "0"];
    const flags = [
      ...[...base, "--admin", `127.0.0.1:${port}`, "--admin-token-file", at("token")],
      ...["--admin-users", at("admins.json"), "--admin-audit", at("audit.jsonl")],
    ];
    const permissions = await printed(flags);
    assertEquals(permissions, [
      `--allow-net=127.0.0.1:0,127.0.0.1:${port}`,
      `--allow-read=${[at("admins.json"), at("audit.jsonl"), at("conf"), at("root")]}`,
      `--allow-write=${[at("token"), at("audit.jsonl"), at("conf")]}`,
    ]);
    const run = (granted: readonly string[], whenReady?: () => Promise<void>) =>
      serve({
        permissions: granted,
        flags: [...flags, "--allow-root"],
        cwd: directory,
        ...(whenReady && { whenReady }),
      });
    const ask = async (method: string, path: string, body?: unknown): Promise<Response> => {
      const authorization = `Bearer ${(await Deno.readTextFile(at("token"))).trim()}`;
      return await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    };
    const { code, stderr } = await run(permissions, async () => {
      const changed = await ask("PATCH", "/api/accounts/ann", { comment: "changed" });
      assertEquals([changed.status, (await changed.json()).fields.comment], [200, "changed"]);
      const login = await ask("GET", "/api/openapi.json");
      assertEquals((await login.json()).openapi, "3.1.0");
    });
    assertEquals(code, 0, stderr);
    // Of each kind, without the last scope that is about the control plane, it does not start.
    for (const missing of [`,127.0.0.1:${port}`, at("admins.json"), at("token"), at("audit.jsonl")]) {
      const less = permissions.map((flag) => flag.replace(missing, "").replace(/=,|,,/, (text) => text[0] ?? ""));
      const refused = await run(less);
      assertEquals(refused.code, 2, missing);
      assertMatch(refused.stderr, /Deno does not permit /, missing);
    }
    // To change accounts is not required: it is shown why it cannot be done.
    const readOnly = permissions.map((flag) =>
      flag.startsWith("--allow-write") ? flag.replace(`,${at("conf")}`, "") : flag
    );
    const { stderr: warnings } = await run(readOnly, async () => {
      const about = await (await ask("GET", "/api/about")).json();
      assertStringIncludes(about.accountsReadOnly, `start with --allow-write=${at("conf")}`);
      assertEquals((await ask("PATCH", "/api/accounts/ann", { comment: "no" })).status, 409);
    });
    assertEquals(/NotCapable/.test(warnings), false, warnings);
  });
});

Deno.test({
  name: "permissions prints what --admin unix:PATH needs, and no more",
  ignore: Deno.build.os === "windows",
}, async () => {
  await withSite(async (directory) => {
    const at = (name: string) => join(directory, name);
    const base = ["--users", at("conf/users.json"), "--active", "off", "--port", "0"];
    assertEquals(await printed([...base, "--admin", `unix:${at("socket")}`]), [
      `--allow-net=127.0.0.1:0,unix:${at("socket")}`,
      `--allow-read=${[at("socket"), at("conf"), at("root")]}`,
      `--allow-write=${[at("socket"), at("conf")]}`,
    ]);
  });
});

Deno.test("serve refuses settings of --admin that let anybody in, or have no effect", async () => {
  await withSite(async (directory) => {
    const refuse = async (flags: readonly string[], message: RegExp): Promise<void> => {
      const all = ["--users", join(directory, "conf/users.json"), "--port", "0", "--allow-root", ...flags];
      const { code, stderr } = await serve({ permissions: ["--allow-all"], flags: all, cwd: directory });
      assertEquals(code, 2, stderr);
      assertMatch(stderr, message);
    };
    await refuse(["--admin", "127.0.0.1:0"], /an address needs --admin-token-file FILE, or --admin-users FILE/);
    await refuse(["--admin", "0.0.0.0:0", "--admin-token-file", "t"], /other machines can reach that address/);
    await refuse(
      ["--admin", "0.0.0.0:0", "--admin-users", "admins.json"],
      /it needs TLS: add --tls-cert and --tls-key/,
    );
    await refuse(["--admin", "somewhere"], /must be an IP address with a port/);
    await refuse(["--admin-token-file", "t"], /Flag "--admin-token-file" needs "--admin"/);
    await refuse(["--admin", "unix:conf"], /is there, and is not a socket/);
    await Deno.chmod(join(directory, "admins.json"), 0o644);
    await refuse(["--admin", "127.0.0.1:0", "--admin-users", "admins.json"], /Others can read it: run chmod 600/);
  });
});
