import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Wire } from "../helpers/wire.ts";
import { startServe } from "./serve_process.ts";

async function withSite(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-metrics-" }));
  try {
    await Deno.mkdir(join(directory, "root"));
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const FLAGS = ["--anonymous", "root", "--port", "0", "--allow-root", "--metrics", "127.0.0.1:0"];

/** Starts `serve` with metrics, and finds where they are. */
async function start(cwd: string, flags: readonly string[], permissions: readonly string[] = ["--allow-all"]) {
  const server = await startServe({ permissions, flags: [...FLAGS, ...flags], cwd });
  const base = new URL("/", await server.logged(/Metrics are at (http:\S+)/));
  return { server, ask: (path: string, init?: RequestInit) => fetch(new URL(path, base), init) };
}

async function status(asked: Promise<Response>): Promise<string> {
  const response = await asked;
  return `${response.status} ${(await response.text()).trim()}`;
}

const WORKERS = Deno.build.os === "linux" ? ["1", "2"] : ["1"];

for (const workers of WORKERS) {
  Deno.test(`serve --metrics shows what ${workers} event loops have counted`, () =>
    withSite(async (cwd) => {
      const { server, ask } = await start(cwd, ["--workers", workers, "--passive-ports", "61200-61299"]);
      await using _ = server;
      for (let session = 0; session < 8; session++) {
        await using wire = await Wire.connect(server.port);
        await wire.expectReply(220);
        await wire.login("anonymous");
        await wire.expect("QUIT", 221);
      }
      const response = await ask("/metrics");
      assertStringIncludes(response.headers.get("content-type") ?? "", "text/plain; version=0.0.4");
      const text = await response.text();
      assertMatch(text, /^denoftpd_sessions_opened_total 8$/m);
      assertMatch(text, /^denoftpd_logins_total\{result="accepted"\} 8$/m);
      assertMatch(text, /^denoftpd_commands_total\{verb="QUIT"\} 8$/m);
      assertMatch(text, /^denoftpd_passive_ports\{state="free"\} 100$/m);
      assertMatch(text, /^denoftpd_build_info\{version="[^"]+",runtime="deno [^"]+"\} 1$/m);
      assert(!text.includes("anonymous"), "No account is named, unless asked for");
      assertEquals(text.match(/^denoftpd_event_loop_lag_seconds\{/gm)?.length, Number(workers));
      const open = await ask("/metrics", { headers: { accept: "application/openmetrics-text; version=1.0.0" } });
      assertStringIncludes(open.headers.get("content-type") ?? "", "application/openmetrics-text");
      assert((await open.text()).endsWith("# EOF\n"));
    }));
}

for (const workers of WORKERS) {
  Deno.test(`serve --metrics shows how many addresses are shut out now, ${workers} event loops`, () =>
    withSite(async (cwd) => {
      const admin = ["--admin", "127.0.0.1:0", "--admin-token-file", "token"];
      const { server, ask } = await start(cwd, ["--workers", workers, ...admin]);
      await using _ = server;
      const origin = await server.logged(/Administered at (http:\S+)/);
      const token = (await Deno.readTextFile(join(cwd, "token"))).trim();
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const change = async (method: string, path: string, body?: unknown) => {
        const response = await fetch(`${origin}/api/bans${path}`, {
          method,
          headers,
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        assertEquals(response.status, 200, await response.text());
      };
      const shown = async () => /^denoftpd_bans (\d+)$/m.exec(await (await ask("/metrics")).text())?.[1];
      assertEquals(await shown(), "0");
      // The second and the third share a /64.
      for (const address of ["192.0.2.7", "2001:db8::1", "2001:db8::2"]) await change("POST", "", { address });
      assertEquals(await shown(), "2");
      await change("DELETE", "/192.0.2.7");
      assertEquals(await shown(), "1");
    }));
}

for (const workers of WORKERS) {
  Deno.test(`serve --metrics-accounts names accounts, ${workers} event loops`, () =>
    withSite(async (cwd) => {
      await Deno.writeTextFile(join(cwd, "root", "f"), "hello");
      const { server, ask } = await start(cwd, ["--workers", workers, "--metrics-accounts"]);
      await using _ = server;
      for (let session = 0; session < 4; session++) {
        await using wire = await Wire.connect(server.port);
        await wire.expectReply(220);
        await wire.login("anonymous");
        assertEquals(await wire.downloadText("RETR f"), "hello");
      }
      await using stranger = await Wire.connect(server.port);
      await stranger.expectReply(220);
      await stranger.expect("USER secret", 331);
      await stranger.expect("PASS x", 530);
      const wanted = [
        'denoftpd_account_logins_total{account="anonymous"} 4',
        'denoftpd_account_transfers_total{account="anonymous",direction="download"} 4',
        'denoftpd_account_transfer_bytes_total{account="anonymous",direction="download"} 20',
      ];
      // What workers report comes soon.
      for (;;) {
        const text = await (await ask("/metrics")).text();
        assert(!text.includes("secret"));
        if (wanted.every((line) => text.includes(`${line}\n`))) break;
      }
    }));
}

Deno.test("serve --metrics answers probes, and nothing that a web page asks", () =>
  withSite(async (cwd) => {
    const { server, ask } = await start(cwd, []);
    await using _ = server;
    for (const path of ["/livez", "/healthz", "/readyz"]) assertEquals(await status(ask(path)), "200 ok");
    for (const headers of [{ origin: "http://evil.example" }, { "sec-fetch-site": "same-origin" }]) {
      assertMatch(await status(ask("/metrics", { headers })), /^403 /);
    }
    assertMatch(await status(ask("/other")), /^404 /);
    assertMatch(await status(ask("/metrics", { method: "POST" })), /^405 /);
  }));

Deno.test("serve --drain-delay says that it is not ready, and still takes sessions until the time is over", () =>
  withSite(async (cwd) => {
    const { server, ask } = await start(cwd, ["--drain-delay", "600"]);
    await using _ = server;
    server.kill("SIGTERM");
    // The signal arrives when it arrives.
    let ready = await status(ask("/readyz"));
    while (ready === "200 ok") ready = await status(ask("/readyz"));
    assertEquals(ready, "503 draining");
    assertEquals(await status(ask("/livez")), "200 ok");
    await using wire = await Wire.connect(server.port);
    await wire.expectReply(220);
    // Another signal ends the wait.
    server.kill("SIGTERM");
    assertEquals(await server.code, 0);
  }));

for (
  const [value, message] of [
    ["9273", 'must be an IP address and a port such as 127.0.0.1:9273 or [::1]:9273, not "9273"'],
    ["localhost:9273", "must be an IP address and a port"],
    ["127.0.0.1:70000", "must be an IP address and a port"],
  ] as const
) {
  Deno.test(`serve --metrics ${value} is refused`, () =>
    withSite(async (cwd) => {
      const ended = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "main.ts", "serve", "--anonymous", cwd, "--port", "0", "--metrics", value],
      }).output();
      assertEquals(ended.code, 2);
      assertStringIncludes(new TextDecoder().decode(ended.stderr), message);
    }));
}
