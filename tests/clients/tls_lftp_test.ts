import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Bench } from "./bench.ts";
import { LFTP_MODES, LFTP_SETTINGS } from "./lftp_settings.ts";
import { makePayload, sha256OfFile } from "./payload.ts";
import type { Finished } from "./process.ts";
import { ALICE } from "./server_under_test.ts";
import { testTlsClient, type TlsClient, type TlsKind, type TlsTransfer, type TlsVersion } from "./tls_suite.ts";

const SETTINGS = [
  ...LFTP_SETTINGS,
  "set ftp:ssl-force yes",
  "set ftp:ssl-protect-data yes",
  "set ftp:ssl-protect-list yes",
  "set ssl:verify-certificate yes",
];

/** As GnuTLS, which Debian's lftp is built with, spells it. */
const PRIORITIES: Readonly<Record<TlsVersion, string>> = {
  "1.2": "NORMAL:-VERS-ALL:+VERS-TLS1.2",
  "1.3": "NORMAL:-VERS-ALL:+VERS-TLS1.3",
};

function lftp(bench: Bench, kind: TlsKind, commands: readonly string[]): Promise<Finished> {
  const { port, implicitPort, certificateFile } = bench.server;
  const url = kind === "implicit" ? `ftps://127.0.0.1:${implicitPort}` : `ftp://127.0.0.1:${port}`;
  const open = `open -u ${ALICE.user},${ALICE.password} ${url}`;
  const lines = [...SETTINGS, `set ssl:ca-file "${certificateFile}"`, open, ...commands];
  return bench.run("lftp", ["--norc", "-c", lines.join("\n")]);
}

const client: TlsClient = {
  name: "lftp",
  programs: ["lftp"],
  kinds: ["explicit", "implicit"],
  modes: ["PASV", "EPSV", "PORT"],
  versions: ["1.2", "1.3"],
  resumes: ["1.2", "1.3"],

  async transfer(bench: Bench, { kind, direction, local, remote, mode, version }: TlsTransfer): Promise<string> {
    const settings = [
      ...LFTP_MODES[mode],
      ...(version === undefined ? [] : [`set ssl:priority "${PRIORITIES[version]}"`]),
    ];
    const command = direction === "upload" ? `put ./${local} -o ./${remote}` : `get ./${remote} -o ./${local}`;
    return (await lftp(bench, kind, [...settings, command])).stderr;
  },
};

const tests = await testTlsClient(client);

tests.test("mirrors a tree up and down, several files at a time", async (bench) => {
  await Deno.mkdir(join(bench.local, "tree", "sub"), { recursive: true });
  const paths = Array.from({ length: 24 }, (_, index) => join(index % 2 === 0 ? "" : "sub", `file ${index}`));
  for (const [index, path] of paths.entries()) {
    await Deno.writeFile(join(bench.local, "tree", path), makePayload(index * 9001, index));
  }
  await lftp(bench, "explicit", ["mirror --reverse --parallel=4 tree copy"]);
  await lftp(bench, "implicit", ["mirror --parallel=4 copy back"]);
  for (const path of paths) {
    const digest = await sha256OfFile(join(bench.local, "tree", path));
    assertEquals(await sha256OfFile(join(bench.remote, "copy", path)), digest, path);
    assertEquals(await sha256OfFile(join(bench.local, "back", path)), digest, path);
  }
});
