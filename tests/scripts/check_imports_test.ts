import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { checkTree } from "../../scripts/check_imports.ts";

const LAW = {
  main: { imports: ["cli"] },
  cli: { imports: ["data"] },
  data: { imports: ["net"], types: ["vfs"] },
  "data/thread": { imports: ["data"] },
  net: { imports: [] },
  vfs: { imports: [] },
};

const WELL_BEHAVED: Readonly<Record<string, string>> = {
  "main.ts": 'import { run } from "./lib/cli/run.ts";\n',
  "lib/cli/run.ts": 'import { pump } from "../data/pump.ts";\nimport { join } from "@std/path";\n',
  "lib/data/pump.ts": [
    'import type { Vfs } from "../vfs/vfs.ts";',
    "import {",
    "  type Entry,",
    "  type Sink,",
    '} from "../vfs/vfs.ts";',
    'export { connect } from "../net/connect.ts";',
    'import { piece } from "./piece.ts";',
  ].join("\n"),
  "lib/data/piece.ts": "",
  "lib/net/connect.ts": '/**\n * import { no } from "../cli/run.ts";\n */\nexport function connect(): void {}\n',
  "lib/vfs/vfs.ts": "",
};

/** Writes {@link WELL_BEHAVED} with `changes` over it, and checks it. */
async function check(changes: Readonly<Record<string, string>>): Promise<string[]> {
  const root = await Deno.makeTempDir();
  try {
    for (const [path, source] of Object.entries({ ...WELL_BEHAVED, ...changes })) {
      await Deno.mkdir(dirname(join(root, path)), { recursive: true });
      await Deno.writeTextFile(join(root, path), source);
    }
    return await checkTree(root, LAW);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const VIOLATIONS: readonly { title: string; changes: Readonly<Record<string, string>>; expected: string[] }[] = [
  { title: "finds nothing in a tree that keeps to the law", changes: {}, expected: [] },
  {
    title: "finds an import against the direction",
    changes: { "lib/net/connect.ts": 'import { run } from "../vfs/vfs.ts";' },
    expected: ["lib/net/connect.ts imports lib/vfs/vfs.ts: net may import nothing of ours, not vfs"],
  },
  {
    title: "finds code where only types are allowed",
    changes: { "lib/data/piece.ts": 'import { type Entry, open } from "../vfs/vfs.ts";' },
    expected: ["lib/data/piece.ts imports lib/vfs/vfs.ts: data may import only types of vfs"],
  },
  {
    title: "finds a re-export against the direction",
    changes: { "lib/vfs/vfs.ts": 'export * from "../net/connect.ts";' },
    expected: ["lib/vfs/vfs.ts imports lib/net/connect.ts: vfs may import nothing of ours, not net"],
  },
  {
    title: "finds a late import against the direction",
    changes: { "lib/vfs/vfs.ts": 'const late = () => import("../net/connect.ts");' },
    expected: ["lib/vfs/vfs.ts imports lib/net/connect.ts: vfs may import nothing of ours, not net"],
  },
  {
    title: "finds a part that the law does not know",
    changes: { "lib/extra.ts": 'import { connect } from "./net/connect.ts";' },
    expected: ['lib/extra.ts: the law has no part "extra"'],
  },
  {
    title: "finds a cycle between files",
    changes: { "lib/data/piece.ts": 'import { Pump } from "./pump.ts";' },
    expected: ["Cycle: lib/data/pump.ts → lib/data/piece.ts → lib/data/pump.ts"],
  },
  {
    title: "finds a cycle of types",
    changes: { "lib/data/piece.ts": 'import type { Pump } from "./pump.ts";' },
    expected: ["Cycle: lib/data/pump.ts → lib/data/piece.ts → lib/data/pump.ts"],
  },
  {
    title: "holds a folder in a folder to its own law",
    changes: {
      "lib/data/thread/run.ts": 'import { pump } from "../pump.ts";\nimport { run } from "../../cli/run.ts";',
      "lib/data/other/run.ts": 'import { pump } from "../pump.ts";\nimport type { Vfs } from "../../vfs/vfs.ts";',
    },
    expected: ["lib/data/thread/run.ts imports lib/cli/run.ts: data/thread may import data, not cli"],
  },
];

for (const { title, changes, expected } of VIOLATIONS) {
  Deno.test(`checkTree ${title}`, async () => {
    assertEquals(await check(changes), expected);
  });
}
