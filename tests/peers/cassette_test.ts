/**
 * A cassette of a real server, recorded with one client and played to others. Where the server or a client cannot be
 * had, the test is ignored, except in CI.
 */

import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { find, run } from "../clients/process.ts";
import { runFixtureCommand } from "../helpers/fixture_command.ts";
import { ARE_MISSING, PEERS, withPeer } from "./peers.ts";

const LINES = "one\ntwo\n";
const FRESH = "fresh\n";
const clients = (relative: string) => fromFileUrl(new URL(`../clients/${relative}`, import.meta.url));
const programs = await Promise.all(["lftp", "curl", "python3"].map(find));
const isMissing = ARE_MISSING || (!Deno.env.get("CI") && programs.includes(undefined));

/** With `secure`, the server speaks TLS, which ends at the recorder. */
const recordAndReplay = (secure: boolean) => ({
  name: `a cassette of ProFTPD${secure ? " with TLS" : ""}, recorded with lftp, serves curl, ftplib and basic-ftp`,
  ignore: isMissing,
  fn: async () => {
    const server = PEERS.find(({ name }) => name === "ProFTPD");
    if (server === undefined) throw new Error("No ProFTPD");
    const folder = await Deno.makeTempDir();
    const path = (name: string) => join(folder, name);
    try {
      await Deno.writeTextFile(path("fresh.txt"), FRESH);
      await withPeer(server, secure, async ({ client, root }) => {
        await Deno.writeTextFile(join(root, "lines.txt"), LINES);
        await Deno.writeTextFile(path("ca"), client.trust?.ca?.join("\n") ?? "");
        const upstream = `${secure ? "ftpes" : "ftp"}://${client.user}:${client.password}@127.0.0.1:${client.port}`;
        const recorded = await runFixtureCommand(
          ["--record", path("cassette"), "--upstream", upstream, "--upstream-ca", path("ca")],
          async ({ port }) => {
            const commands = [
              ...["set net:max-retries 1", "set net:timeout 20", "set ftp:sync-mode yes"],
              `open -u any,thing -p ${port} 127.0.0.1`,
              `get home/lines.txt -o ${path("lftp.txt")}`,
              `put ${path("fresh.txt")} -o home/fresh.txt`,
              "cls -1 home",
            ];
            await run("lftp", ["--norc", "-c", commands.join("\n")]);
          },
        );
        assertEquals(recorded, { status: 0, stderr: "" });
        assertEquals(await Deno.readTextFile(path("lftp.txt")), LINES);
        assertEquals(await Deno.readTextFile(join(root, "fresh.txt")), FRESH);
      });
      const cassette = await Deno.readTextFile(path("cassette"));
      assertMatch(cassette, /C: RETR home\/lines\.txt\nS: 150 .*\nD: one\nD: two\nS: 226 /);
      assertMatch(cassette, /C: STOR home\/fresh\.txt\nS: 150 .*\nD: fresh\nS: 226 /);
      assertMatch(cassette, /S: 331 Password required for \{\{user\}\}\n/);
      assertNotMatch(cassette, /C: (?:USER|PASS) (?!\{\{)|127\.0\.0\.1/);

      const played = await runFixtureCommand(
        ["--replay", path("cassette"), "--replay-order", "loose"],
        async ({ port }) => {
          const url = `ftp://127.0.0.1:${port}/home`;
          const asked = ["--silent", "--show-error", "--user", "bob:word", "--ftp-method", "nocwd"];
          assertEquals((await run("curl", [...asked, `${url}/lines.txt`])).stdout, LINES);
          await run("curl", [...asked, "--upload-file", path("fresh.txt"), `${url}/fresh.txt`]);

          const account = { host: "127.0.0.1", port, user: "bob", password: "word" };
          const job = { ...account, mode: "EPSV", ascii: false, resume: false, append: false };
          const moves = [
            { action: "download", local: "lines.txt", remote: "home/lines.txt" },
            { action: "upload", local: "fresh.txt", remote: "home/fresh.txt" },
          ];
          for (const { action, local, remote } of moves) {
            const argument = JSON.stringify({ ...job, action, local: path(local), remote });
            await run("python3", [clients("ftplib_client.py"), argument]);
          }
          assertEquals(await Deno.readTextFile(path("lines.txt")), LINES);
          await Deno.remove(path("lines.txt"));
          for (const { action, local, remote } of moves) {
            const argument = JSON.stringify({ ...job, action, local: path(local), remote });
            const script = clients("basic_ftp_client.ts");
            await run(Deno.execPath(), ["run", "--allow-all", "--no-lock", script, argument], {
              inheritEnvironment: true,
            });
          }
          assertEquals(await Deno.readTextFile(path("lines.txt")), LINES);
        },
      );
      // What lftp has no use for, and the others do without.
      const unrecorded = [...played.stderr.matchAll(/seen "(\w+ \w+).*"/g)].map(([, command]) => command);
      assertEquals(new Set(unrecorded), new Set(["STRU F", "OPTS MLST"]));
      assertEquals(played.status, 0);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test(recordAndReplay(false));
Deno.test(recordAndReplay(true));
