import { fromFileUrl, join, toFileUrl } from "@std/path";
import type { Bench } from "./bench.ts";
import { run } from "./process.ts";
import { ALICE } from "./server_under_test.ts";
import { testTlsClient, type TlsClient, type TlsTransfer } from "./tls_suite.ts";

const SCRIPT = fromFileUrl(new URL("./tls_basic_ftp_client.mjs", import.meta.url));

let directory: string | undefined;

/** Installs the package, the first time it is needed; resolves to its URL. */
async function basicFtp(): Promise<string> {
  if (directory === undefined) {
    directory = await Deno.makeTempDir({ prefix: "denoftpd-basic-ftp-" });
    const args = ["install", "--prefix", directory, "--no-audit", "--no-fund", "--silent", "basic-ftp@6.0.1"];
    await run("npm", args, { inheritEnvironment: true });
  }
  return toFileUrl(join(directory, "node_modules", "basic-ftp", "dist", "index.js")).href;
}

Deno.test.afterAll(async () => {
  if (directory !== undefined) await Deno.remove(directory, { recursive: true });
});

const client: TlsClient = {
  name: "basic-ftp",
  programs: ["node", "npm"],
  kinds: ["explicit", "implicit"],
  modes: ["EPSV"],
  versions: ["1.2", "1.3"],
  resumes: ["1.2", "1.3"],
  // It takes a cipher for the end of the handshake (`uploadFrom` in its transfer.js), and a resumed session has one
  // from the start.
  cutsEmptyUploads: true,

  async transfer(bench: Bench, { kind, direction: action, local, remote, version }: TlsTransfer): Promise<string> {
    const { host, port, implicitPort, certificateFile } = bench.server;
    const job = {
      ...{ package: await basicFtp(), action, local, remote, host, ...ALICE },
      ...(kind === "implicit" ? { port: implicitPort, secure: "implicit" } : { port, secure: true }),
      secureOptions: {
        ca: await Deno.readTextFile(certificateFile),
        ...(version !== undefined && { minVersion: `TLSv${version}`, maxVersion: `TLSv${version}` }),
      },
    };
    return (await bench.run("node", [SCRIPT, JSON.stringify(job)])).stdout;
  },
};

await testTlsClient(client);
