import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { createHmac } from "node:crypto";
import { runConfig } from "../../lib/cli/config.ts";
import { runWebhooks } from "../../lib/cli/operations/webhooks_command.ts";
import { runPermissions } from "../../lib/cli/permissions/command.ts";
import { hashPassword } from "../../lib/auth/password.ts";
import { Wire } from "../helpers/wire.ts";
import { Receiver, SECRET } from "../webhooks/receiver.ts";
import { type Serving, startServe } from "./serve_process.ts";

/** A directory with an account "demo", its root, and a secret. */
async function withSite(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-webhooks-" }));
  try {
    await Deno.mkdir(join(directory, "root"));
    await Deno.writeTextFile(join(directory, "secret"), `${SECRET}\n`);
    const password = await hashPassword("demo", { ln: 1 });
    const accounts = [{ name: "demo", password, root: "./root", permissions: "rw" }];
    await Deno.writeTextFile(join(directory, "users.json"), JSON.stringify({ accounts }));
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const FLAGS = ["--port", "0", "--allow-root", "--state", "state"];

function start(cwd: string, flags: readonly string[], permissions: readonly string[] = ["--allow-all"]) {
  return startServe({ permissions, flags: [...FLAGS, ...flags], cwd });
}

const webhook = (url: string): string[] => ["--webhook", url, "--webhook-secret-file", "secret"];

async function visit({ port }: Serving): Promise<Wire> {
  const wire = await Wire.connect(port);
  await wire.expectReply(220);
  await wire.login();
  return wire;
}

for (const workers of Deno.build.os === "linux" ? ["1", "2"] : ["1"]) {
  Deno.test(`serve --webhook loses no event of an upload that was answered before a kill, ${workers} workers`, () =>
    withSite(async (cwd) => {
      // Nothing is taken before the server is killed.
      let isUp = false;
      await using service = new Receiver(() => isUp ? 200 : 500);
      const flags = [...webhook(service.url), "--workers", workers];
      const stored: string[] = [];
      {
        await using server = await start(cwd, flags);
        const visitors = await Promise.all(Array.from({ length: 4 }, () => visit(server)));
        await Promise.all(visitors.map(async (wire, visitor) => {
          for (let number = 0; number < 5; number++) {
            assertEquals((await wire.upload(`STOR ${visitor}-${number}`, "x")).code, 226);
            stored.push(`/${visitor}-${number}`);
          }
        }));
        server.kill("SIGKILL");
        for (const wire of visitors) wire.close();
      }
      isUp = true;
      await using server = await start(cwd, flags);
      const uploads = () => service.taken.filter(({ type }) => type === "transfer");
      await service.until(() => uploads().length >= stored.length);
      assertEquals(uploads().map(({ path }) => path).toSorted(), stored.toSorted());
      for (const session of new Set(uploads().map((event) => event.session))) {
        const paths = uploads().filter((event) => event.session === session).map(({ path }) => path);
        assertEquals(paths, paths.toSorted());
      }
      server.kill("SIGTERM");
      assertEquals(await server.code, 0);
      // Of the first server its start, of the second all.
      await service.until(() => service.taken.some(({ type }) => type === "stopped"));
      assertEquals(service.taken.filter(({ type }) => type === "started").length, 2);
    }));
}

for (const kills of [1, 9, 23]) {
  Deno.test(`serve --webhook loses no event when it is killed while event ${kills} is on its way`, () =>
    withSite(async (cwd) => {
      let kill = (): void => {};
      let seen = 0;
      await using service = new Receiver(() => {
        if (++seen >= kills) kill();
        return 200;
      });
      const flags = webhook(service.url);
      const stored: string[] = [];
      {
        await using server = await start(cwd, flags);
        await using wire = await visit(server);
        kill = () => {
          kill = () => {};
          server.kill("SIGKILL");
        };
        try {
          for (;;) {
            const path = `/${String(stored.length).padStart(4, "0")}`;
            if ((await wire.upload(`STOR ${path}`, "x")).code === 226) stored.push(path);
          }
        } catch {
          // The server was killed.
        }
      }
      await using _ = await start(cwd, flags);
      const uploads = () => [...new Set(service.taken.flatMap(({ type, path }) => type === "transfer" ? [path] : []))];
      await service.until(() => stored.every((path) => uploads().includes(path)));
      // One more may have been stored, whose 226 did not leave any more.
      assertEquals(uploads().slice(0, stored.length), stored);
    }));
}

Deno.test("serve posts to several webhooks, each with its own filters", () =>
  withSite(async (cwd) => {
    await using all = new Receiver();
    await using more = new Receiver();
    await using csv = new Receiver();
    const webhooks = [{ url: csv.url, secretFile: "secret", types: ["transfer"], paths: ["/**/*.csv"] }];
    await Deno.writeTextFile(join(cwd, "config.json"), JSON.stringify({ webhooks }));
    await using server = await start(cwd, [...webhook(all.url), "--webhook", more.url, "--config", "config.json"]);
    await using wire = await visit(server);
    for (const name of ["a.txt", "b.csv"]) assertEquals((await wire.upload(`STOR ${name}`, "x")).code, 226);
    await wire.expect("DELE a.txt", 250);
    await csv.until(() => csv.taken.length > 0);
    for (const service of [all, more]) {
      await service.until(() => service.taken.some(({ type }) => type === "fileChanged"));
      const types = service.taken.filter(({ session }) => session !== undefined).map(({ type }) => type);
      assertEquals(types, ["login", "transfer", "transfer", "fileChanged"]);
    }
    assertEquals(csv.taken.map(({ path }) => path), ["/b.csv"]);
    assertEquals(csv.taken[0]?.id, all.taken.find(({ path }) => path === "/b.csv")?.id);
  }));

Deno.test({
  name: "a secret that has changed signs from the next SIGHUP on, and one that cannot be read changes nothing",
  ignore: Deno.build.os === "windows",
}, () =>
  withSite(async (cwd) => {
    const keys: string[] = [];
    let heard = Promise.withResolvers<void>();
    await using service = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
      const [text, at] = [await request.text(), request.headers.get("x-denoftpd-timestamp")];
      const sign = (key: string) => `sha256=${createHmac("sha256", key).update(`${at}.${text}`).digest("hex")}`;
      const given = request.headers.get("x-denoftpd-signature");
      if (text.includes('"fileChanged"')) {
        keys.push([SECRET, "another secret"].find((key) => sign(key) === given) ?? "none");
        heard.resolve();
      }
      return new Response();
    });
    await using server = await start(cwd, webhook(`http://127.0.0.1:${service.addr.port}/`));
    await using wire = await visit(server);
    const next = async (directory: string) => {
      heard = Promise.withResolvers();
      await wire.expect(`MKD ${directory}`, 257);
      await heard.promise;
    };
    await next("a");
    await Deno.writeTextFile(join(cwd, "secret"), "another secret\n");
    server.kill("SIGHUP");
    await server.logged(/Reloaded the secrets of webhooks/);
    await next("b");
    await Deno.remove(join(cwd, "secret"));
    server.kill("SIGHUP");
    await server.logged(/Cannot read the secret of a webhook in "secret": .*; keeping the current secrets/);
    await next("c");
    assertEquals(keys, [SECRET, "another secret", "another secret"]);
  }));

Deno.test("webhooks lists what a service has refused, and has the server send it once more", () =>
  withSite(async (cwd) => {
    let status = 404;
    await using service = new Receiver(({ type }) => type === "fileChanged" ? status : 200);
    const state = join(cwd, "state");
    const run = async (...args: readonly string[]): Promise<string> => {
      let text = "";
      const write = (more: string) => void (text += more);
      const code = await runWebhooks([...args, "--state", state], { stdout: write, stderr: write });
      return `${code} ${text}`;
    };
    assertMatch(await run("list"), /^2 denoftpd: Flag "--state": there is no ".*state\.db"/);
    await using server = await start(cwd, webhook(service.url));
    await using wire = await visit(server);
    await wire.expect("MKD d", 257);
    await server.logged(
      /warning .*Event \S+ for "http:\/\/127\.0\.0\.1:\d+\/events" became a dead letter: It answered 404/,
    );
    const listed = await run("list");
    assertMatch(
      listed,
      /^0 \S+ {2}\S+Z {2}fileChanged {2}"http\S+" {2}after 1 attempt: It answered 404\n1 dead, \d+ waiting\n$/,
    );
    const [line = ""] = (await run("list", "--json")).split("\n");
    assertEquals(JSON.parse(line.slice(2)).event.path, "/d");
    status = 200;
    assertMatch(await run("replay", "unknown"), /^1 denoftpd: No dead letter has such an ID/);
    assertEquals(await run("replay"), "0 1 event is sent once more\n");
    await service.until(() => service.taken.some(({ type }) => type === "fileChanged"));
    assertEquals(await run("list", "--json"), "0 ");
    assertMatch(await run(), /^2 denoftpd: Say what to do/);
  }));

Deno.test("webhooks --admin asks a running server for the same", () =>
  withSite(async (cwd) => {
    let status = 404;
    await using service = new Receiver(({ type }) => type === "fileChanged" ? status : 200);
    const flags = [...webhook(service.url), "--admin", "127.0.0.1:0", "--admin-token-file", "token"];
    await using server = await start(cwd, flags);
    const address = await server.logged(/Administered at (http:\S+)/);
    const run = async (...args: readonly string[]): Promise<string> => {
      let text = "";
      const write = (more: string) => void (text += more);
      const admin = ["--admin", address, "--admin-token-file", join(cwd, "token")];
      const code = await runWebhooks([...args, ...admin], { stdout: write, stderr: write });
      return `${code} ${text}`;
    };
    await using wire = await visit(server);
    await wire.expect("MKD d", 257);
    await server.logged(/became a dead letter: It answered 404/);
    assertMatch(
      await run("list"),
      /^0 \S+ {2}\S+Z {2}fileChanged {2}"http\S+" {2}after 1 attempt: It answered 404\n1 dead, \d+ waiting\n$/,
    );
    status = 200;
    assertMatch(await run("replay", "unknown"), /^1 denoftpd: No dead letter has such an ID/);
    const [letter = ""] = (await run("list", "--json")).slice(2).split("\n");
    assertEquals(JSON.parse(letter).event.path, "/d");
    assertEquals(await run("replay", JSON.parse(letter).event.id), "0 1 event is sent once more\n");
    await service.until(() => service.taken.some(({ path }) => path === "/d"));
    assertMatch(await run("list", "--state", "state"), /^2 denoftpd: One of "--state" and "--admin", not both/);
  }));

Deno.test("permissions has what webhooks need, and a server runs with that", () =>
  withSite(async (cwd) => {
    await using service = new Receiver();
    const flags = [
      ...["--users", join(cwd, "users.json"), "--port", "0", "--allow-root", "--state", join(cwd, "state")],
      ...["--webhook", service.url, "--webhook-secret-file", join(cwd, "secret"), "--active", "off"],
    ];
    let text = "";
    const io = { stdout: (more: string) => void (text += more), stderr: (more: string) => assert(false, more) };
    assertEquals(await runPermissions(flags, io), 0);
    assertMatch(text, new RegExp(`--allow-net=\\S*127\\.0\\.0\\.1:${service.port}`));
    assertStringIncludes(text, join(cwd, "secret"));
    await using server = await startServe({ permissions: text.trim().split("\n"), flags, cwd });
    await using wire = await visit(server);
    assertEquals((await wire.upload("STOR a", "x")).code, 226);
    await service.until(() => service.taken.some(({ path }) => path === "/a"));
    assertEquals(server.stderr.match(/^\S+ (warning|error).*/gm), null, server.stderr);
  }));

Deno.test("config --check refuses a webhook whose secret cannot be read, as serve does", () =>
  withSite(async (cwd) => {
    for (
      const [secret, expected] of [["secret", /^0 serve would start/], ["none", /^2 .*Cannot read the secret/]] as const
    ) {
      let text = "";
      const flags = [
        ...["--check", "--users", join(cwd, "users.json"), "--allow-root", "--state", join(cwd, "state")],
        ...["--webhook", "https://a.example/", "--webhook-secret-file", join(cwd, secret)],
      ];
      const code = await runConfig(flags, {
        stdout: (more) => void (text += more),
        stderr: (more) => void (text += more.includes("warning") ? "" : more),
      });
      assertMatch(`${code} ${text}`, expected);
    }
  }));

const WRONG: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
  "no --state": [["--webhook", "https://a.example/", "--webhook-secret-file", "secret"], /needs "--state DIR"/],
  "no secret": [["--webhook", "https://a.example/", "--state", "s"], /needs "--webhook-secret-file FILE"/],
  "a URL that others can read": [["--webhook", "http://a.example/"], /must be https URLs .*, or http of loopback/],
  "a URL twice": [
    [
      "--webhook",
      "https://a.example/",
      "--webhook",
      "https://a.example/",
      "--webhook-secret-file",
      "secret",
      "--state",
      "s",
    ],
    /"https:\/\/a\.example\/" is given twice/,
  ],
  "a secret that is not there": [
    ["--webhook", "https://a.example/", "--webhook-secret-file", "none", "--state", "s"],
    /Cannot read the secret of a webhook in "none"/,
  ],
  "an empty secret": [
    ["--webhook", "https://a.example/", "--webhook-secret-file", "empty", "--state", "s"],
    /secret of a webhook in "empty" is empty/,
  ],
  "an unknown type": [
    ["--webhooks", '[{"url": "https://a.example/", "secretFile": "secret", "types": ["uploads"]}]'],
    /must have as "types" some of sessionOpened, /,
  ],
};

for (const [what, [flags, message]] of Object.entries(WRONG)) {
  Deno.test(`serve refuses webhooks with ${what} in one line`, () =>
    withSite(async (cwd) => {
      await Deno.writeTextFile(join(cwd, "empty"), "\n");
      const given = ["--port", "0", "--allow-root", ...flags];
      const failed = await startServe({ permissions: ["--allow-all"], flags: given, cwd }).then(
        async (server) => {
          await server[Symbol.asyncDispose]();
          return "It started";
        },
        ({ message }: Error) => message,
      );
      const lines = failed.trimEnd().split("\n").filter((line) => line.includes("denoftpd: "));
      assertEquals(lines.length, 1, failed);
      assertMatch(lines[0] ?? "", message);
    }));
}
