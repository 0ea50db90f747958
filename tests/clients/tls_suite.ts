/**
 * What every client must be able to do over TLS, told once, with a server that takes nothing in clear: neither logins
 * nor data.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { type Bench, ClientTests } from "./bench.ts";
import { makePayload, sha256, sha256OfFile, SIZES } from "./payload.ts";
import type { StartOptions } from "./server_under_test.ts";
import { assertRoundTrip, type DataMode, type Transfer } from "./suite.ts";

/** `explicit`: AUTH TLS on the ordinary port. `implicit`: TLS from the first byte on a port of its own. */
export type TlsKind = "explicit" | "implicit";

/** One file to move over TLS. */
export interface TlsTransfer extends Transfer {
  readonly kind: TlsKind;
  /** The only version spoken; whatever the client likes best without it. */
  readonly version?: TlsVersion;
}

/** A version of TLS that a client can be held to. */
export type TlsVersion = "1.2" | "1.3";

/** One client and how it is told what to do. */
export interface TlsClient {
  readonly name: string;
  readonly programs: readonly string[];
  readonly kinds: readonly TlsKind[];
  readonly modes: readonly DataMode[];
  /** Versions that it can be held to. */
  readonly versions: readonly TlsVersion[];
  /** Versions with which its data connections take up the session of the control connection or of each other. */
  readonly resumes: readonly TlsVersion[];
  /** It shows a ticket of TLS 1.3 again that it has used, which the relay (docs/tls.md) takes for a new client. */
  readonly repeatsTickets?: true;
  /**
   * It may cut an upload of nothing before its own TLS handshake is over, which no server can take for an empty file.
   */
  readonly cutsEmptyUploads?: true;
  /** Moves a file. Resolves to what the client told of the conversation; rejects when the client reports a failure. */
  transfer(bench: Bench, transfer: TlsTransfer): Promise<string>;
}

/** How the server is started. */
export const SERVER: StartOptions = {
  tls: true,
  flags: ["--tls", "required", "--tls-data", "required", "--tls-session-reuse", "log"],
};

const NOT_RESUMED = "did not resume a TLS session";

/** Makes the tests that every client shares. Resolves to the maker of more. */
export async function testTlsClient(client: TlsClient): Promise<ClientTests> {
  const tests = await ClientTests.of(`${client.name} over TLS`, client.programs, SERVER);
  for (const kind of client.kinds) {
    for (const mode of client.modes) {
      for (const { title, bytes } of SIZES) {
        if (bytes === 0 && client.cutsEmptyUploads) continue;
        tests.test(`moves ${title} up and down, ${kind}, ${mode}`, (bench) =>
          assertRoundTrip(bench, bound(client, { kind }), { bytes, mode }));
      }
    }
    for (const version of client.versions) {
      tests.test(`moves 1 MiB and 7 bytes up and down, ${kind}, TLS ${version}`, async (bench) => {
        for (const mode of client.modes.slice(0, 1)) {
          await assertRoundTrip(bench, bound(client, { kind, version }), { bytes: 1_048_583, mode });
        }
      });
    }
    testResumption(tests, client, kind);
  }
  return tests;
}

/** A client that has nothing left to choose but the file. */
function bound(client: TlsClient, choice: Pick<TlsTransfer, "kind" | "version">) {
  return { transfer: (bench: Bench, transfer: Transfer) => client.transfer(bench, { ...transfer, ...choice }) };
}

function testResumption(tests: ClientTests, client: TlsClient, kind: TlsKind): void {
  for (const version of client.resumes) {
    tests.test(`resumes TLS sessions on data connections, ${kind}, TLS ${version}`, async (bench) => {
      for (const mode of client.modes) {
        const start = bench.server.logSize();
        const payload = makePayload(4096);
        await Deno.writeFile(join(bench.local, "sent.bin"), payload);
        await client.transfer(bench, {
          ...{ direction: "upload", local: "sent.bin", remote: "sent.bin", mode, kind },
          ...(client.versions.includes(version) && { version }),
        });
        assertEquals(await sha256OfFile(join(bench.remote, "sent.bin")), await sha256(payload));
        const log = await bench.server.untilLogged(/Session closed/, start);
        if (version === "1.3" && client.repeatsTickets && await bench.server.tlsRoute() === "relay") continue;
        assertEquals(log.includes(NOT_RESUMED), false, mode);
      }
    });
  }
}
