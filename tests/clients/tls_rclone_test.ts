import { assertMatch } from "@std/assert";
import { join } from "@std/path";
import type { Bench } from "./bench.ts";
import { makePayload } from "./payload.ts";
import type { Finished } from "./process.ts";
import { ALICE } from "./server_under_test.ts";
import { testTlsClient, type TlsClient, type TlsKind, type TlsTransfer } from "./tls_suite.ts";

/** Runs rclone with a remote called `server:`, configured by the environment alone. */
async function rclone(bench: Bench, kind: TlsKind, args: readonly string[]): Promise<Finished> {
  const { host, port, implicitPort, certificateFile } = bench.server;
  const { stdout: obscured } = await bench.run("rclone", ["obscure", ALICE.password]);
  const always = ["--config", "/dev/null", "--retries", "1", "--low-level-retries", "1", "--timeout", "20s", "-vv"];
  return await bench.run("rclone", [...always, "--dump", "headers", ...args], {
    environment: {
      // Go's own trust store has no flag in rclone's FTP.
      SSL_CERT_FILE: certificateFile,
      RCLONE_CONFIG_SERVER_TYPE: "ftp",
      RCLONE_CONFIG_SERVER_HOST: host,
      RCLONE_CONFIG_SERVER_PORT: String(kind === "implicit" ? implicitPort : port),
      RCLONE_CONFIG_SERVER_USER: ALICE.user,
      RCLONE_CONFIG_SERVER_PASS: obscured.trim(),
      [kind === "implicit" ? "RCLONE_CONFIG_SERVER_TLS" : "RCLONE_CONFIG_SERVER_EXPLICIT_TLS"]: "true",
    },
  });
}

const client: TlsClient = {
  name: "rclone",
  programs: ["rclone"],
  kinds: ["explicit", "implicit"],
  modes: ["EPSV", "PASV"],
  versions: [],
  resumes: ["1.3"],
  repeatsTickets: true,

  async transfer(bench: Bench, { kind, direction, local, remote, mode }: TlsTransfer): Promise<string> {
    const paths = direction === "upload" ? [`./${local}`, `server:${remote}`] : [`server:${remote}`, `./${local}`];
    const flags = mode === "PASV" ? ["--ftp-disable-epsv"] : [];
    return (await rclone(bench, kind, [...flags, "copyto", ...paths])).stderr;
  },
};

const tests = await testTlsClient(client);

for (const kind of client.kinds) {
  tests.test(`copies a tree over parallel sessions and checks every byte, ${kind}`, async (bench) => {
    await Deno.mkdir(join(bench.local, "tree", "sub"), { recursive: true });
    for (let index = 0; index < 40; index++) {
      const path = join(bench.local, "tree", index % 2 === 0 ? "" : "sub", `${index}.bin`);
      await Deno.writeFile(path, makePayload(index * 9001, index));
    }
    await rclone(bench, kind, ["copy", "--transfers", "8", "tree", "server:copy"]);
    const { stderr } = await rclone(bench, kind, ["check", "--download", "tree", "server:copy"]);
    assertMatch(stderr, /: 40 matching files/);
  });
}
