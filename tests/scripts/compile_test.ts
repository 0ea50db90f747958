import { assertEquals, assertThrows } from "@std/assert";
import { embeddedFiles, PERMISSION_FLAGS } from "../../scripts/compile/executable.ts";
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
  assertThrows(() => embeddedFiles("Compile denoftpd.js to /tmp/out\n"), Error, "does not tell");
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

Deno.test("PERMISSION_FLAGS leave out programs, foreign code and other people's variables", () => {
  const text = PERMISSION_FLAGS.join(" ");
  for (const flag of ["--allow-all", "-A", "--allow-run", "--allow-ffi", "--allow-import", "--allow-env "]) {
    assertEquals(text.includes(flag), false, flag);
  }
  assertEquals(PERMISSION_FLAGS.includes("--no-prompt"), true);
});
