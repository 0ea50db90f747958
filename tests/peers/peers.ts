/**
 * The servers of others, as Debian has them, and ours: fetched once into `.cache/bench` and started on loopback, each
 * for one test, with a directory of its own.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import type { ClientOptions } from "../../lib/client/mod.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { fetchPackages } from "../../scripts/bench/packages.ts";
import { FROM_SOURCE } from "../../scripts/bench/ours.ts";
import { RunningServer } from "../../scripts/bench/running.ts";
import type { Server } from "../../scripts/bench/server.ts";
import { PEERS as ALL_PEERS } from "../../scripts/bench/servers.ts";

const CACHE = fromFileUrl(new URL("../../.cache/bench/", import.meta.url));

/** A running server. */
export interface Peer {
  /** Reaches and trusts it, and logs in; in clear unless it was started with TLS. */
  readonly client: ClientOptions;
  /** The directory to write to, as the server knows it below that of the login. */
  readonly home: string;
  /** The same directory on this host. */
  readonly root: string;
  /** Another directory on this host, which is not served. */
  readonly local: string;
}

const packages = await fetchPackages(CACHE);

/** The servers that clients are tried with. */
export const PEERS: readonly Server[] = [FROM_SOURCE, ...ALL_PEERS.filter(({ benchOnly }) => !benchOnly)];

/** With `CI=true` a server that cannot be had is a failure, elsewhere its tests are ignored. */
export const ARE_MISSING = !Deno.env.get("CI") && packages.missing.length > 0;

/** Starts `server`, runs `work` with it, and leaves nothing. */
export async function withPeer(server: Server, secure: boolean, work: (peer: Peer) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const [root, local, scratch] = ["root", "local", "scratch"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  try {
    for (const path of [root, local, scratch]) await Deno.mkdir(path);
    // vsftpd refuses a root that its anonymous user may write to.
    const home = join(root, "home");
    await Deno.mkdir(home);
    for (const path of [folder, home, scratch]) await Deno.chmod(path, 0o777);
    const { certificate } = await writeCertificate(scratch);
    await using running = await RunningServer.start(server, { root, secure }, { scratch, packages });
    const [user, password] = server.user === "bench" ? ["bench", "bench"] : ["anonymous", "guest@"];
    const { port } = running;
    const client: ClientOptions = {
      ...{ host: "127.0.0.1", port, user, password },
      tls: secure ? "required" : "off",
      trust: { ca: [certificate] },
    };
    await work({ client, home: "home", root: home, local });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function writeCertificate(folder: string): Promise<{ readonly certificate: string }> {
  const { certificate, privateKey } = await createSelfSigned();
  for (
    const [name, text] of [
      ["cert.pem", certificate],
      ["key.pem", privateKey],
      ["both.pem", `${certificate}\n${privateKey}`],
    ] as const
  ) {
    await Deno.writeTextFile(join(folder, name), text, { mode: name === "cert.pem" ? 0o644 : 0o600 });
  }
  return { certificate };
}

/** Servers that drop root are somebody else then. */
