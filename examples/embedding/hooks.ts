/**
 * A server with hooks: one refuses before a command runs, the other looks at what it did.
 *
 * deno run --allow-net=127.0.0.1 examples/embedding/hooks.ts
 *
 * @module
 */

import { createAccount, FtpServer, MemoryVfs, parseAccess, reply, resolvePath, ROOT } from "../../lib/mod.ts";

const UPLOADS = new Set(["STOR", "APPE", "STOU"]);
/** What every virus scanner is tested with begins like this. */
const SUSPICIOUS = "X5O!P%@AP";

/** Takes CSV files only, and none that look like a virus. */
export function makeServer(files: MemoryVfs = new MemoryVfs()): FtpServer {
  const account = createAccount({ name: "anyone", rootPath: "/", rules: [{ path: "/", ...parseAccess("rw") }] });
  return new FtpServer({
    authenticator: { authenticate: () => ({ ok: true, account }) },
    fileSystem: () => files,
    port: 0,
    before: ({ verb, path = "" }) =>
      UPLOADS.has(verb) && !path.endsWith(".csv") ? reply.nameRefused("Only CSV files are taken here") : undefined,
    after: async ({ verb, path = "" }, { code }) => {
      if (!UPLOADS.has(verb) || code !== 226) return undefined;
      if (!new TextDecoder().decode(files.read(path)).startsWith(SUSPICIOUS)) return undefined;
      await files.remove(resolvePath(ROOT, path));
      return reply.actionRefused("The file was refused by the virus scanner");
    },
  });
}

if (import.meta.main) {
  const server = makeServer();
  server.listen();
  // deno-lint-ignore no-console -- an example speaks to whoever runs it
  console.log(`curl -T FILE.csv ftp://127.0.0.1:${server.address.port}/`);
}
