import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { checkSources } from "../../scripts/check_sources.ts";

const LONG = "x".repeat(121);

/** Writes a tree and checks it. */
async function check(files: Readonly<Record<string, string>>): Promise<string[]> {
  const root = await Deno.makeTempDir();
  try {
    const all = { "lib/a.ts": "", "scripts/a.ts": "", "tests/a.ts": "", ...files };
    for (const [path, source] of Object.entries(all)) {
      await Deno.mkdir(dirname(join(root, path)), { recursive: true });
      await Deno.writeTextFile(join(root, path), source);
    }
    return await checkSources(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("checkSources takes 120 columns, counted in characters, and 300 lines", async () => {
  const files = { "lib/a.ts": `// ${"é".repeat(117)}\n`.repeat(300), "tests/b.ts": "\n".repeat(400) };
  assertEquals(await check(files), []);
});

Deno.test("checkSources finds wide lines of code and of comments", async () => {
  const files = {
    "lib/b/c.ts": `const ${LONG} = 1;\n`,
    "scripts/a.ts": `\n// ${LONG}\n`,
    "tests/a.ts": `/** ${LONG} */`,
  };
  assertEquals(await check(files), [
    "scripts/a.ts:2: 124 columns, at most 120",
    "tests/a.ts:1: 128 columns, at most 120",
    "lib/b/c.ts:1: 132 columns, at most 120",
  ]);
});

Deno.test("checkSources leaves text alone that a break would change", async () => {
  const source = [
    `// https://${LONG}`,
    `const a = \`${LONG}`,
    `${LONG}`,
    "`;",
    `f(`,
    `  "${LONG}",`,
    `);`,
    `y(${LONG});`,
  ];
  assertEquals(await check({ "lib/a.ts": source.join("\n") }), ["lib/a.ts:8: 125 columns, at most 120"]);
});

Deno.test("checkSources finds long files and full folders of lib", async () => {
  const names = Array.from({ length: 25 }, (_, index) => [`lib/full/${index}.ts`, ""]);
  const files = { "lib/a.ts": "\n".repeat(301), ...Object.fromEntries(names) };
  assertEquals(await check(files), ["lib/a.ts: 301 lines, at most 300", "lib/full: 25 files, at most 24"]);
});
