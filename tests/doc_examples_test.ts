/** Type-checks and runs the examples of the entry points and of docs/embedding.md, as a program of somebody else. */

import { assert } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

const ROOT = fromFileUrl(new URL("../", import.meta.url));

interface Configuration {
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
  readonly unstable: readonly string[];
}

/** Every `ts` block in the comments of a source. */
function examplesIn(source: string): string[] {
  const blocks = source.matchAll(/^ \* ```ts\n((?: \*.*\n)*?) \* ```$/gm);
  return [...blocks].map(([, block = ""]) => block.replace(/^ \* ?/gm, ""));
}

/** The `ts` blocks of a document that are programs. */
function programsIn(document: string): string[] {
  const blocks = document.matchAll(/^```ts\n([^]*?)^```$/gm);
  return [...blocks].map(([, block = ""]) => block).filter((block) => block.includes("import "));
}

async function run(args: readonly string[], cwd: string): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd }).output();
  assert(success, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
}

Deno.test("The examples of every entry point run with its name, and so do those of docs/embedding.md", async () => {
  // The cast is for a file of ours.
  const configuration = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json"))) as Configuration;
  const { name, exports, imports, unstable } = configuration;
  const folder = await Deno.makeTempDir();
  try {
    const own = Object.entries(exports).map(([path, file]) => [join(name, path), join(ROOT, file)]);
    // Neither our compiler options nor our types: a program of somebody else has its own.
    const settings = { imports: { ...imports, ...Object.fromEntries(own) }, unstable, lock: false };
    await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(settings));
    const programs = programsIn(await Deno.readTextFile(join(ROOT, "docs/embedding.md")));
    for (const file of Object.values(exports)) {
      const examples = examplesIn(await Deno.readTextFile(join(ROOT, file)));
      assert(examples.length > 0, `${file} has no example`);
      programs.push(...examples);
    }
    for (const [index, program] of programs.entries()) {
      // The port may be in use here.
      await Deno.writeTextFile(join(folder, `${index}_test.ts`), program.replace("port: 2121", "port: 0"));
    }
    await run(["test", "--quiet", "--allow-net=127.0.0.1", "--allow-read"], folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
