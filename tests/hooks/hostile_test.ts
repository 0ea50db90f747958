import { cpuUsage } from "node:process";
import { assert, assertEquals } from "@std/assert";
import { UNASKED } from "../../lib/hooks/life.ts";
import { SandboxLife } from "../../lib/hooks/life.ts";
import type { SandboxListener } from "../../lib/hooks/sandbox.ts";
import { logIn } from "../fixture/helpers.ts";
import { hooked, type HookedStage } from "./hooked.ts";

const LATER = "451 Not possible now, try again later";
const HELLO = `console.log("hello");\n`;
const MIB = 2 ** 20;

/** Sessions beside it go on, and so does this one; the hooks work again after a while. */
async function goesOn({ server, ftp, printed }: HookedStage, after: number): Promise<void> {
  await using other = await logIn(server);
  await other.expect("NOOP", 200);
  await ftp.expect("NOOP", 200);
  await printed("hello", after);
  await ftp.expect("PWD", 257);
}

hooked("hooks that block their thread are ended after their time, and started again", {
  source: `${HELLO} export const before = { SYST() { for (;;); }, PWD() {} };`,
  timeout: 300,
}, async (stage) => {
  await stage.printed("hello");
  const begun = stage.server.journal.last;
  assertEquals((await stage.ftp.expect("SYST", 451)).lines, [LATER]);
  await stage.problem("has not answered for 300 ms");
  await goesOn(stage, begun);
});

for (
  const [what, code] of Object.entries({
    "at once": "for (;;);",
    "after a pause": "return Promise.resolve().then(() => { for (;;); });",
    "in promises without end": "const again = () => Promise.resolve().then(again); return again();",
    "in a timer": "setTimeout(() => { for (;;); }); return new Promise(() => {});",
    "in an expression": "return /^(a+)+$/.test('a'.repeat(40) + 'b');",
    "in what they return": "return { get code() { for (;;); } };",
    "in what they throw": "throw { get message() { for (;;); } };",
    "in what they print": "console.log({ toJSON() { for (;;); } });",
  })
) {
  hooked(`hooks that run on ${what} are interrupted, and nothing of them goes on`, {
    source: `${HELLO} export const before = { SYST() { ${code} }, PWD() {} };`,
    timeout: 20_000,
  }, async (stage) => {
    await stage.printed("hello");
    const begun = stage.server.journal.last;
    await stage.ftp.expect("SYST", 451);
    // Or for the memory that it took, where that was quicker.
    await stage.problem("were ended");
    await goesOn(stage, begun);
    // Of a second, a thread that runs on would have had most.
    const before = processorTime();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert(processorTime() - before < 600);
  });
}

/** Milliseconds of all threads of this process. */
function processorTime(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1_000;
}

hooked("hooks that never settle fail their command, and no other", {
  source: `export const before = { SYST: () => new Promise(() => {}), PWD: () => ({ code: 257, text: '"/"' }) };`,
  timeout: 100,
}, async ({ ftp, problem, server }) => {
  await ftp.expect("SYST", 451);
  await problem("no answer within 100 ms");
  await ftp.expect("SYST", 451);
  assertEquals((await ftp.expect("PWD", 257)).text, '"/"');
  assertEquals(server.journal.entries.filter(({ type }) => type === "problem").length, 1);
});

hooked("hooks that throw fail their command alone, and the client learns nothing", {
  source: `export const before = { SYST() { throw new Error("the database is gone"); } };
    export const after = { PWD() { throw null; }, NOOP: () => ({ code: 99, text: "x" }) };`,
}, async ({ ftp, problem }) => {
  assertEquals((await ftp.expect("SYST", 451)).lines, [LATER]);
  await problem("the database is gone");
  await ftp.expect("PWD", 257);
  await ftp.expect("NOOP", 200);
});

hooked("a command runs although its hook fails, where this is set", {
  source: `export const before = { SYST() { throw 1; } };`,
  failure: "allow",
}, async ({ ftp }) => {
  await ftp.expect("SYST", 215);
});

hooked("a session ends when its hook fails, where this is set", {
  source: `export const before = { SYST() { throw 1; } };`,
  failure: "close",
}, async ({ ftp }) => {
  await ftp.expect("SYST", 421);
  await ftp.closed();
});

hooked("an error that nothing catches ends the hooks, which are started again", {
  source:
    `${HELLO} export const before = { SYST() { setTimeout(() => { throw new Error("out of the blue"); }); }, PWD() {} };`,
}, async (stage) => {
  await stage.printed("hello");
  const begun = stage.server.journal.last;
  await stage.ftp.say("SYST");
  await stage.problem("out of the blue");
  await goesOn(stage, begun);
});

for (
  const [what, code] of Object.entries({
    "objects": "for (;;) kept.push(new Array(1000).fill(kept.length));",
    "buffers, a few at a time": "setInterval(() => { kept.push(new Uint8Array(8e6).fill(1)); }, 5);",
  })
) {
  hooked(`hooks that take memory without end are ended: ${what}`, {
    source: `${HELLO} const kept = []; export const before = { SYST() { ${code} }, PWD() {} };`,
    memory: 128 * MIB,
    timeout: 20_000,
  }, async (stage) => {
    await stage.printed("hello");
    const begun = stage.server.journal.last;
    await stage.ftp.say("SYST");
    await stage.problem("were ended");
    await goesOn(stage, begun);
  });
}

{
  const attempts = {
    file: `fetch("file:///etc/passwd")`,
    network: `fetch(URL_OF_LISTENER)`,
    socket: `new Promise((_, reject) => { new WebSocket(URL_OF_LISTENER.replace("http", "ws")).onerror = reject; })`,
    environment: `globalThis.process.env.HOME`,
    runtime: `globalThis.Deno.readTextFileSync("/etc/passwd")`,
    module: `import("node:fs")`,
    package: `import("npm:left-pad")`,
    remote: `import("http://127.0.0.1/x.js")`,
    evaluated: `(0, globalThis.eval)("1")`,
    built: `(async () => {}).constructor("return import('node:fs')")()`,
    timer: `setTimeout("1", 0)`,
    thread: `new globalThis.Worker("data:text/javascript,")`,
    messages: `globalThis.postMessage({ type: "hello" })`,
    disk: `globalThis.caches.open("x")`,
  };
  const tried = Object.entries(attempts).map(([name, code]) => `${name}: async () => await ${code}`).join(",\n");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`;
  listener.close();
  hooked("hooks reach no file, no network, no variable, no module, no thread", {
    source: `const URL_OF_LISTENER = "${url}";
      const attempts = { ${tried} };
      export const before = {
        async SYST() {
          const reached = [];
          for (const [name, attempt] of Object.entries(attempts)) {
            try { await attempt(); reached.push(name); } catch (error) { console.log(name, error); }
          }
          return { code: 215, text: reached.join(" ") || "nothing" };
        },
      };`,
  }, async ({ ftp, printed }) => {
    assertEquals((await ftp.expect("SYST", 215)).text, "nothing");
    assert((await printed("network")).includes("fetch is not defined"));
    assert((await printed("package")).includes("cannot import"), "npm is not asked");
  });
}

hooked("hooks that print without end are heard fifty times, and nothing waits for them", {
  source:
    `${HELLO} export const before = { SYST() { for (let n = 0; n < 1e5; n++) console.log("flood", n); }, PWD() {} };`,
}, async ({ ftp, server, problem }) => {
  await ftp.expect("SYST", 215);
  await problem("lines left out");
  const lines = server.journal.entries.filter((entry) => "message" in entry && entry.message.includes("flood"));
  assert(lines.length <= 50, `${lines.length} lines`);
});

Deno.test("a sandbox that says what it was not asked for is ended at once", async () => {
  for (const flood of [{ type: "hello" }, { type: "pong", bytes: 1 }, "x", { type: "loaded", exported: {} }]) {
    let ended = 0;
    const reason = Promise.withResolvers<string>();
    const heard: SandboxListener[] = [];
    await using life = new SandboxLife({
      source: { file: "x", code: "" },
      timeout: 5_000,
      memory: 16 * MIB,
      make: (listener) => {
        heard.push(listener);
        return {
          isInside: false,
          over: Promise.resolve(),
          end: () => void ended++,
          send: ({ type }) => {
            if (type === "load") listener.onMessage({ type: "loaded", exported: {} });
            if (type === "ping") listener.onMessage({ type: "pong", bytes: 1 });
          },
        };
      },
      onMessage: () => {},
      onEnd: reason.resolve,
    });
    const started = life.start();
    heard[0]?.onMessage({ type: "hello" });
    assertEquals(await started, {});
    heard[0]?.onMessage(flood);
    assertEquals(await reason.promise, UNASKED);
    assertEquals(ended, 1);
  }
});
