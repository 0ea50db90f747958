/**
 * A server of the directory that the first argument names, by a process that is no root: root may enter everything.
 * By the C library if the second argument is `native`.
 * Prints its port, and ends with its standard input.
 *
 * @module
 */

import process from "node:process";
import { FtpServer } from "../../lib/server/server.ts";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { nativeIo } from "../helpers/native.ts";
import { authenticatorOf } from "../helpers/server.ts";

const NOBODY = 65534;
const [root = ".", how] = Deno.args;

if (Deno.uid() === 0) {
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}
using native = how === "native" ? nativeIo() : undefined;
const paths = native?.paths;
await using server = new FtpServer({
  authenticator: authenticatorOf({ name: "demo" }),
  fileSystem: () => openDisk(root, { paths }),
  port: 0,
  failureDelay: 0,
});
server.listen();
Deno.stdout.writeSync(new TextEncoder().encode(`${server.address.port}\n`));
for await (const _ of Deno.stdin.readable);
