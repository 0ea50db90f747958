import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { nativeNeeds, openNative, returningMemory } from "../../lib/cli/serve/native.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { LIBC_PATHS } from "../../lib/native/libc.ts";
import { patternOf } from "../data/helpers.ts";
import { nativeTest } from "../helpers/native.ts";
import { Wire } from "../helpers/wire.ts";
import { serve } from "./serve_process.ts";

const SOURCE = fromFileUrl(new URL("../../lib", import.meta.url));
const LARGE = patternOf(20_000_000);

/** A directory that everybody may read, with a large file and many small ones. */
async function withSite(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.writeFile(join(directory, "large"), LARGE);
    await Deno.mkdir(join(directory, "many"));
    for (let index = 0; index < 1000; index++) await Deno.writeTextFile(join(directory, "many", `f${index}`), "x");
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/**
 * Downloads the large file again and again, so that all threads that are there have a part in it, and lists the
 * directory.
 */
async function visit(port: number): Promise<void> {
  await using ftp = await Wire.connect(port);
  await using other = await Wire.connect(port);
  for (const wire of [ftp, other]) {
    await wire.expectReply(220);
    await wire.expect("USER anonymous", 331);
    await wire.expect("PASS me@example.org", 230);
    await wire.expect("TYPE I", 200);
  }
  for (let times = 0; times < 4; times++) {
    const both = await Promise.all([ftp, other].map((wire) => wire.download("RETR large")));
    for (const bytes of both) assertEquals(bytes, LARGE);
  }
  assertEquals((await ftp.downloadLines("MLSD many")).length, 1002);
  assertEquals((await other.downloadLines("LIST many")).length, 1000);
  await ftp.expect("QUIT", 221);
}

for (const threads of [["--data-threads", "0"], ["--data-threads", "2"], ["--workers", "2"]]) {
  nativeTest(
    `serve --native-io ${threads.join(" ")} sends and lists, and gives the permission for the library up`,
    () =>
      withSite(async (cwd) => {
        const { code, stderr } = await serve({
          permissions: ["--allow-net=127.0.0.1", `--allow-read=${cwd},${SOURCE}`, `--allow-ffi=${LIBC_PATHS}`],
          flags: [
            "--port",
            "0",
            "--anonymous",
            cwd,
            "--native-io",
            ...threads,
            "--log-level",
            "debug",
            "--digests",
            "off",
          ],
          cwd,
          whenReady: visit,
        });
        assertEquals(code, 0, stderr);
        assertMatch(stderr, /Dropped the permissions [^\n]*ffi/);
        assertEquals(stderr.match(/^\S+ (warning|error).*/gm), null, stderr);
      }),
  );
}

nativeTest("nativeNeeds names a library that is there, and nothing unless it is asked for", () => {
  for (const nativeIo of ["auto", "off"] as const) assertEquals(nativeNeeds({ nativeIo }), []);
  const [need] = nativeNeeds({ nativeIo: "on" });
  const { permission } = need ?? {};
  assertEquals(permission?.name === "ffi" && LIBC_PATHS.some((path) => path === permission.path), true);
});

nativeTest("openNative opens the library for auto where it is permitted, and never for off", async () => {
  using native = await openNative({ nativeIo: "auto" });
  assert(native);
  assertEquals(await openNative({ nativeIo: "off" }), undefined);
});

Deno.test({
  name: "openNative does without the library for auto where it is not permitted",
  permissions: { ffi: false },
  fn: async () => assertEquals(await openNative({ nativeIo: "auto" }), undefined),
});

Deno.test({
  name: "openNative reports what it needs when there is no such library",
  permissions: { ffi: false },
  fn: async () => {
    const error = await assertRejects(() => openNative({ nativeIo: "on" }), UsageError);
    assertMatch(error.message, /^Flag "--native-io" needs (glibc 2\.30 or newer at |Linux$)/);
  },
});

Deno.test("returningMemory gives memory back again and again, until it is disposed of", async () => {
  const twice = Promise.withResolvers<void>();
  let returns = 0;
  const returnMemory = () => {
    if (++returns === 2) twice.resolve();
  };
  using _memory = returningMemory({ returnMemory });
  await twice.promise;
});
