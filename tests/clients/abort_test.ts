import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { type Bench, ClientTests } from "./bench.ts";
import { runInterrupted } from "./process.ts";
import { ALICE } from "./server_under_test.ts";

const [PYTHON, PERL] = ["./abort_client.py", "./abort_client.pl"].map((name) =>
  fromFileUrl(new URL(name, import.meta.url))
);

/**
 * Bytes of a file that no transfer gets to the end of before it is ended. It is sparse, and goes to or comes from no
 * disk.
 */
const ENDLESS = 64 * 1024 ** 3;

async function makeEndless(path: string): Promise<void> {
  await Deno.writeFile(path, new Uint8Array());
  await Deno.truncate(path, ENDLESS);
}

/** What every test has on both sides. */
async function fill({ local, remote }: Bench): Promise<void> {
  await makeEndless(join(remote, "endless"));
  await makeEndless(join(local, "endless"));
  await Deno.writeTextFile(join(remote, "small"), "small");
}

/**
 * Two clients of one origin. An interrupted `put` is not for here: they close the data connection, say nothing, and the
 * upload is whole.
 */
for (
  const [program, modes] of [
    ["tnftp", { passive: [], active: ["passive off"] }],
    ["inetutils-ftp", { active: [], passive: ["passive"] }],
  ] as const
) {
  const tests = await ClientTests.of(program, [program]);
  for (const [mode, settings] of Object.entries(modes)) {
    tests.test(`ends a download when it is interrupted, ${mode}, and goes on`, async (bench) => {
      await fill(bench);
      const { host, port } = bench.server;
      const login = [`open ${host} ${port}`, `user ${ALICE.user} ${ALICE.password}`];
      const { transcript } = await runInterrupted(program, ["-n", "-i", "-v", "-d", "-g"], {
        cwd: bench.local,
        stdin: [...login, "binary", ...settings, "get endless /dev/null"],
        when: /^150 /m,
        afterwards: ["get small", "bye"],
      });
      assertMatch(transcript, /^426 [^]*^226 Abort/m);
      assertEquals(await Deno.readTextFile(join(bench.local, "small")), "small", transcript);
    });
  }
}

const WHAT = { download: "a download", upload: "an upload", list: "a listing", none: "without a transfer" };

for (const [program, script] of [["python3", PYTHON], ["perl", PERL]] as const) {
  const tests = await ClientTests.of(program === "perl" ? "Net::FTP" : "ftplib", [program]);
  for (const mode of ["passive", "active"]) {
    for (const job of ["download", "upload", "list", "none"] as const) {
      tests.test(`aborts ${WHAT[job]}, ${mode}, and goes on`, async (bench) => {
        await fill(bench);
        const { host, port } = bench.server;
        assert(script);
        const { stdout } = await bench.run(program, [
          script,
          host,
          String(port),
          ALICE.user,
          ALICE.password,
          mode,
          job,
        ]);
        // Of an upload there is a file where a byte of it has arrived before the ABOR.
        const names = stdout.split("\n").filter((name) => name !== "" && name !== "taken");
        assertEquals(names.toSorted(), ["endless", "small"]);
      });
    }
  }
}

const ncftp = await ClientTests.of("ncftp", ["ncftpget"]);
for (const mode of ["-F", "-E"]) {
  ncftp.test(`ends a download when it is interrupted, ${mode === "-F" ? "passive" : "active"}`, async (bench) => {
    await fill(bench);
    const { host, port } = bench.server;
    const login = ["-u", ALICE.user, "-p", ALICE.password, "-P", String(port)];
    await Deno.mkdir(join(bench.local, "taken"));
    const { transcript } = await runInterrupted(
      "ncftpget",
      [...login, "-d", "stdout", "-V", mode, host, "taken", "/endless"],
      { cwd: bench.local, when: /^150: /m },
    );
    assertMatch(transcript, /^226: Abort/m);
  });
}

const curl = await ClientTests.of("curl", ["curl"]);
for (
  const [what, args] of [["download", ["--output", "/dev/null"]], ["upload", ["--upload-file", "endless"]]] as const
) {
  curl.test(`leaves nothing when its ${what} is interrupted`, async (bench) => {
    await fill(bench);
    const { host, port } = bench.server;
    const login = ["--disable", "--no-progress-meter", "--verbose", "--user", `${ALICE.user}:${ALICE.password}`];
    const url = `ftp://${host}:${port}`;
    await runInterrupted("curl", [...login, ...args, `${url}/endless`], { cwd: bench.local, when: /^< 150 /m });
    const { stdout } = await bench.run("curl", [...login, `${url}/small`]);
    assertEquals(stdout, "small");
  });
}
