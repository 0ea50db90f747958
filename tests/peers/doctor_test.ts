/**
 * The doctor with the servers of others in the settings that the client's tests use: what it says of each.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { examine } from "../../lib/doctor/doctor.ts";
import type { FindingId } from "../../lib/doctor/kinds.ts";
import { ARE_MISSING, PEERS, withPeer } from "./peers.ts";

/** What is so with the settings of these tests, which are those of Debian where they need not be others. */
const EXPECTED: Readonly<Record<string, readonly FindingId[]>> = {
  denoftpd: [],
  vsftpd: ["asciiUnchanged"],
  "vsftpd, TLS": ["reuseDemanded", "asciiUnchanged"],
  ProFTPD: ["noUploadResume"],
  "ProFTPD, TLS": ["reuseDemanded", "clearLogin", "noUploadResume"],
  "Pure-FTPd": ["quoteNotDoubled", "namesChanged"],
  pyftpdlib: [],
};
/** Pure-FTPd answers ABOR in some runs, and in others not. */
const MAYBE: readonly FindingId[] = ["abortSilent", "abortOutOfStep"];

for (const server of PEERS) {
  for (const secure of server.tls ? [false, true] : [false]) {
    const name = `${server.name}, ${secure ? "TLS" : "clear"}`;
    Deno.test({
      name: `The doctor finds what is so with ${name}`,
      ignore: ARE_MISSING,
      // The process and its pipe end with the test, but not within its last turn of the event loop.
      sanitizeResources: false,
      sanitizeOps: false,
      fn: () =>
        withPeer(server, secure, async ({ client, home }) => {
          const findings = await examine({ ...client, timeout: 5_000, directory: home });
          const found = findings.map(({ id }) => id).filter((id) => !MAYBE.includes(id));
          const expected = EXPECTED[name] ?? [...(EXPECTED[server.name] ?? []), ...(secure ? ["clearLogin"] : [])];
          assertEquals(found, expected, findings.map(({ id, seen }) => `${id}: ${seen}`).join("\n"));
        }),
    });
  }
}
