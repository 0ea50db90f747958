import { assert, assertEquals } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { ForwardingVfs } from "../../lib/vfs/forwarding.ts";
import { testDriver } from "../../lib/vfs/testing/mod.ts";
import type { FileSink, Vfs, VfsCapabilities } from "../../lib/vfs/vfs.ts";
import { UncountedVfs } from "./helpers.ts";

/** Titles of the claims that apply to `make`, each with whether it holds. */
async function judge(make: () => Vfs): Promise<Map<string, boolean>> {
  const tests = new Map<string, () => Promise<void>>();
  await testDriver("it", () => ({ vfs: make() }), { register: (title, run) => void tests.set(title.slice(3), run) });
  const verdicts = new Map<string, boolean>();
  for (const [title, run] of tests) verdicts.set(title, await run().then(() => true, () => false));
  return verdicts;
}

function failed(verdicts: ReadonlyMap<string, boolean>): string[] {
  return [...verdicts].filter(([, holds]) => !holds).map(([title]) => title);
}

/** Declares what it cannot do. */
class Boastful extends ForwardingVfs {
  override get capabilities(): VfsCapabilities {
    const usage = () => Promise.resolve(1);
    return { ...this.inner.capabilities, atomicWrites: true, links: true, usage };
  }
}

Deno.test("testDriver checks each capability that is declared", async () => {
  assertEquals(failed(await judge(() => new MemoryVfs())), []);
  assertEquals(failed(await judge(() => new Boastful(new MemoryVfs()))), [
    "shows nothing of a new file before its commit",
    "shows the old content until the commit of the new",
    "leaves the old content, or nothing, after an abort",
    "reports the bytes of all files",
    "lists links as links, and where they lead",
    "follows links, and reports the link",
    "removes a link, never what it leads to",
  ]);
});

/** Declares nothing, and refuses nothing. */
class Modest extends ForwardingVfs {
  override get capabilities(): VfsCapabilities {
    return {};
  }
}

Deno.test("testDriver checks that what is not declared is refused", async () => {
  assertEquals(failed(await judge(() => new Modest(new MemoryVfs()))), [
    "refuses to resume, and changes nothing",
    "refuses to append, and changes nothing",
  ]);
});

/** Keeps the arrays that it is given, which the caller fills again. */
class Keeping extends UncountedVfs {
  override async openWrite(...given: Parameters<Vfs["openWrite"]>): Promise<FileSink> {
    const sink = await this.inner.openWrite(...given);
    const kept: Uint8Array[] = [];
    return {
      initialSize: sink.initialSize,
      created: sink.created,
      write: (data) => Promise.resolve(void kept.push(data)),
      commit: async () => {
        for (const data of kept) await sink.write(data);
        await sink.commit();
      },
      abort: () => sink.abort(),
      discard: (options) => sink.discard(options),
    };
  }
}

Deno.test("testDriver finds a sink that keeps buffers of its caller", async () => {
  const failures = failed(await judge(() => new Keeping(new MemoryVfs())));
  assert(failures.includes("keeps nothing of a buffer that it was given for a write"), failures.join("\n"));
});
