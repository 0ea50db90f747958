import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { describeFallback } from "../../scripts/compile/compiler.ts";
import { embeddedFiles, permissionFlags } from "../../scripts/compile/executable.ts";
import { writeChecksums } from "../../scripts/compile/package.ts";
import { run } from "../../scripts/compile/run.ts";
import { selectTargets, TARGETS } from "../../scripts/compile/targets.ts";

const REPORT = `Compile denoftpd.js to /tmp/out

Embedded Files

out
├── denoftpd.js (497.54KB)
├─┬ node_modules (12.5KB)
│ └── left-pad/* (12B)
└── notes.txt (1.2MB)

Files: 498.84KB
Metadata: 1.22KB
Remote modules: 12B
`;

Deno.test("embeddedFiles finds every entry of the compiler's report", () => {
  assertEquals(embeddedFiles(REPORT), ["denoftpd.js", "node_modules", "left-pad/*", "notes.txt"]);
});

Deno.test("embeddedFiles does not take silence for an empty list", () => {
  assertThrows(() => embeddedFiles("Compile denoftpd.js to /tmp/out\n"), Error, "does not report");
});

Deno.test("describeFallback says what the other base is, where it comes from, and what differs", () => {
  const text = describeFallback("dl.example.org");
  assertMatch(text, /^dl\.example\.org cannot be reached/);
  assertMatch(text, /Deno's own base runtime 2\.6\.10 .*SHA-256 compared with\s+[0-9a-f]{64}\n/);
  assertMatch(text, /from where .*bytes of the program in npm @/);
  assertMatch(text, /what differs .*version.*TLS/s);
  assertMatch(text, /--release refuses it/);
});

Deno.test({
  name: "writeChecksums adds to what other tasks have made, and sha256sum agrees until a file changes",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const check = () => run(["sha256sum", "--check", "SHA256SUMS"], { cwd: folder });
      const paths = ["b.tar.gz", "a.deb", "old.zip", "c.tgz"].map((name) => join(folder, name));
      for (const path of paths) await Deno.writeTextFile(path, path);
      const [first = "", second = "", old = "", third = ""] = paths;
      await writeChecksums(folder, [first, second, old]);
      await Deno.remove(old);
      await Deno.writeTextFile(second, "made again");
      await writeChecksums(folder, [second, third]);
      assertEquals((await check()).stdout, "a.deb: OK\nb.tar.gz: OK\nc.tgz: OK\n");
      await Deno.writeTextFile(third, "damaged");
      assertEquals((await check()).success, false);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("selectTargets knows this system, all, and each by name", () => {
  assertEquals(selectTargets().map(({ triple }) => triple), [Deno.build.target]);
  assertEquals(selectTargets("all"), TARGETS);
  assertEquals(selectTargets("x86_64-pc-windows-msvc").map(({ file, archive }) => [file, archive]), [[
    "denoftpd.exe",
    "zip",
  ]]);
  assertThrows(() => selectTargets("windows"), RangeError, 'not "windows"');
});

Deno.test("permissionFlags omits variables of others, and programs and libraries but for two", () => {
  for (const { triple } of TARGETS) {
    const flags = permissionFlags(triple);
    const ffi = flags.filter((flag) => flag.startsWith("--allow-ffi"));
    const run = flags.filter((flag) => flag.startsWith("--allow-run"));
    assertEquals(run, [`--allow-run=${triple.includes("windows") ? "cmd.exe" : "/bin/sh"}`]);
    const text = flags.filter((flag) => !ffi.includes(flag) && !run.includes(flag)).join(" ");
    for (const flag of ["--allow-all", "-A", "--allow-run", "--allow-import", "--allow-env "]) {
      assertEquals(text.includes(flag), false, flag);
    }
    assertEquals(flags.includes("--no-prompt"), true);
    assertEquals(ffi.length, triple.includes("linux") ? 1 : 0);
    for (const flag of ffi) assertMatch(flag, /^--allow-ffi=(\/[^,]*\/libc\.so\.6,?)+$/);
  }
  assertMatch(permissionFlags("aarch64-unknown-linux-gnu").join(" "), /\/lib\/aarch64-linux-gnu\/libc\.so\.6/);
});
