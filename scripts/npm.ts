// deno-lint-ignore-file no-console -- a script talks to the person who runs it
/**
 * `deno task npm [--output DIR]`: packs the npm package `denoftpd`, the program with a library for Node, Bun and Deno,
 * as `DIR/denoftpd-VERSION.tgz`, with a line in `DIR/SHA256SUMS`. Without `--output`, DIR is `dist`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { join } from "@std/path";
import { VERSION } from "../lib/version.ts";
import { BUNDLE, bundle } from "./compile/bundle.ts";
import { describeCommit } from "./compile/commit.ts";
import { runArguments } from "./compile/executable.ts";
import { collectNotices } from "./compile/notices.ts";
import { type Member, member, tarGzip, writeChecksums } from "./compile/package.ts";
import { runOrThrow } from "./compile/run.ts";
import { collectDeclarations } from "./npm/declarations.ts";
import { PERMISSIONS, PROGRAM } from "./npm/runtime.ts";

const CACHE = ".cache/npm";

/** Systems that the npm package `deno` has a runtime for, as Node and as Rust name them. */
const SYSTEMS: Readonly<Record<string, string>> = {
  "linux-x64": "x86_64-unknown-linux-gnu",
  "linux-arm64": "aarch64-unknown-linux-gnu",
  "darwin-x64": "x86_64-apple-darwin",
  "darwin-arm64": "aarch64-apple-darwin",
  "win32-x64": "x86_64-pc-windows-msvc",
};

const MANIFEST = {
  name: "denoftpd",
  version: VERSION,
  description: "An FTP server, a client, and an FTP server for tests: one import, files in memory, faults on demand",
  keywords: ["ftp", "ftps", "server", "test", "fixture", "mock", "client"],
  license: "MIT",
  // The registry compares it with where the release workflow runs.
  repository: { type: "git", url: "git+https://github.com/denoftpd/denoftpd.git" },
  homepage: "https://github.com/denoftpd/denoftpd/blob/main/docs/fixture.md",
  bin: { denoftpd: "bin.cjs" },
  main: "index.cjs",
  types: "index.d.cts",
  exports: {
    ".": {
      import: { types: "./index.d.mts", default: "./index.mjs" },
      require: { types: "./index.d.cts", default: "./index.cjs" },
    },
    "./package.json": "./package.json",
  },
  engines: { node: ">=20.5" },
  // Exactly: the program is tested with this one.
  dependencies: { deno: Deno.version.deno },
};

const README = `# denoftpd

An FTP server for tests, in one import: on a free port, with its files in memory, a journal of everything that happened,
and faults on demand. Also the server and the client themselves.

    npm install --save-dev denoftpd

\`\`\`js
import { startFixture } from "denoftpd";

const server = await startFixture({ users: { alice: "secret" }, files: { "/in/hello.txt": "Hello" } });
// … the code under test, with server.users.alice.url …
await server.journal.sequence(["STOR report.txt", 226]);
await server.stop();
\`\`\`

\`npx denoftpd fixture\`, \`serve\`, \`get\`, \`put\`, \`mirror\`, \`ftp\`, \`doctor\` and the other commands: \`npx denoftpd help\`.

The runtime comes with the npm package \`deno\`; nothing is downloaded after the installation. The environment variable
\`DENOFTPD\` names an executable of denoftpd to run instead.
`;

/** CommonJS has the one implementation; the names of the other module are those of this one. */
const ES_MODULE = `import library from "./index.cjs";
export const { connectFixture, FixtureError, SequenceError, startFixture } = library;
`;

async function pack(output: string): Promise<string> {
  const folder = await bundle({ folder: `${CACHE}/program`, build: { commit: await describeCommit() } });
  for (const name of ["index", "bin"]) await bundleForNode(name);
  const permissions = Object.fromEntries(
    Object.entries(SYSTEMS).map(([system, triple]) => [system, runArguments(triple)]),
  );
  const files: [name: string, content: string][] = [
    ["package.json", JSON.stringify(MANIFEST, undefined, 2)],
    ["README.md", README],
    ["THIRD_PARTY_LICENSES", await collectNotices()],
    [PROGRAM, await Deno.readTextFile(join(folder, BUNDLE))],
    [PERMISSIONS, JSON.stringify(permissions)],
    ["index.mjs", ES_MODULE],
    ["index.cjs", await Deno.readTextFile(join(CACHE, "index.cjs"))],
    ["bin.cjs", `#!/usr/bin/env node\n${await Deno.readTextFile(join(CACHE, "bin.cjs"))}`],
    ...await collectDeclarations(),
  ];
  const members: Member[] = files.map(([name, content]) => {
    return {
      name: `package/${name}`,
      mode: name === "bin.cjs" ? 0o755 : 0o644,
      content: new TextEncoder().encode(content),
    };
  });
  members.push(await member("package/LICENSE", { path: "LICENSE", mode: 0o644 }));
  await Deno.mkdir(output, { recursive: true });
  const path = join(output, `denoftpd-${VERSION}.tgz`);
  await Deno.writeFile(path, await tarGzip(members));
  await writeChecksums(output, [path]);
  return path;
}

async function bundleForNode(name: string): Promise<void> {
  await runOrThrow([
    ...[Deno.execPath(), "bundle", "--quiet", "--format", "cjs", "--platform", "deno"],
    ...["--output", join(CACHE, `${name}.cjs`), `scripts/npm/${name}.ts`],
  ]);
}

const { output = "dist" } = parseArgs(Deno.args, { string: ["output"] });
console.log(await pack(String(output)));
