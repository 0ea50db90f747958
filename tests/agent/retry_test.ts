import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { FaultRule } from "../../lib/fixture/fixture.ts";
import { fixtureTest, type Outcome, read } from "./helpers.ts";

// What is tried again and what is not, by real commands against a server that misbehaves once.

const FILES = { "/f": "content" };

function triesOf({ events }: Outcome): number {
  return events.filter(({ event }) => event === "retry").length;
}

const PASSES: readonly (readonly [what: string, fault: FaultRule])[] = [
  ["421 at the transfer", { verb: "RETR", action: "reply", code: 421, text: "Going down" }],
  ["425", { verb: "RETR", action: "reply", code: 425, text: "No data connection" }],
  ["426", { verb: "RETR", action: "reply", code: 426, text: "Aborted" }],
  ["450", { verb: "RETR", action: "reply", code: 450, text: "Busy" }],
  ["a data connection that is reset", { verb: "RETR", action: "reset", on: "data", after: 3 }],
  ["a control connection that is lost", { verb: "RETR", action: "close", on: "control" }],
];

for (const [what, fault] of PASSES) {
  fixtureTest(
    `get tries again after ${what}`,
    { files: FILES, faults: [fault] },
    async ({ run, url, local, server }) => {
      const outcome = await run(["get", `${url}f`, "-o", `${local}/`, "--json"]);
      assertEquals([outcome.status, outcome.stderr, triesOf(outcome)], [0, "", 1]);
      assertEquals(await read(local, "f"), "content");
      assertEquals(server.journal.commands().filter((line) => line === "RETR f").length, 2);
    },
  );
}

for (const code of [421, 530]) {
  const text = code === 530 ? "Sorry, too many connections from your address" : "Too many users";
  const verb = code === 530 ? "PASS" : "CONNECT";
  fixtureTest(`the first session is tried again after ${code} ${text}`, {
    files: FILES,
    faults: [{ verb, action: "reply", code, text }],
  }, async ({ run, url, local }) => {
    const { status, stderr } = await run(["get", `${url}f`, "-o", `${local}/`]);
    assertEquals([status, stderr], [0, ""]);
    assertEquals(await read(local, "f"), "content");
  });

  fixtureTest(`a job goes on with fewer sessions after ${code} ${text}`, {
    files: Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`/d/f${index}`, `${index}`])),
    faults: [{ verb, skip: 1, action: "reply", code, text, times: 0 }],
  }, async ({ run, url, local }) => {
    const { status, events, stderr } = await run(["mirror", `${url}d`, local, "--json"]);
    assertEquals([status, events.at(-1)?.transferred], [0, 40]);
    assertStringIncludes(stderr, "The server accepts no more than 1 session");
  });
}

const FINAL: readonly (readonly [code: number, status: number])[] = [
  [451, 78],
  [500, 78],
  [530, 67],
  [550, 78],
  [553, 78],
];

for (const [code, status] of FINAL) {
  fixtureTest(`get does not try again after ${code}`, {
    files: FILES,
    faults: [{ verb: "RETR", action: "reply", code, text: "No" }],
  }, async ({ run, url, local, server }) => {
    const outcome = await run(["get", `${url}f`, "-o", `${local}/`, "--json"]);
    assertEquals([outcome.status, triesOf(outcome)], [status, 0]);
    assertEquals(server.journal.commands().filter((line) => line === "RETR f").length, 1);
  });
}

fixtureTest("a login that is denied is not tried again", {
  files: FILES,
  faults: [{ verb: "PASS", action: "reply", code: 530, text: "Login incorrect" }],
}, async ({ run, url, server }) => {
  assertEquals((await run(["ls", url])).status, 67);
  assertEquals(server.journal.commands().filter((line) => line.startsWith("PASS")).length, 1);
});

for (const code of [452, 552]) {
  fixtureTest(`${code} stops the whole job at once`, {
    faults: [{ verb: "STOR", action: "reply", code, text: "Full", times: 0 }],
  }, async ({ run, url, local, server }) => {
    for (let file = 0; file < 40; file++) await Deno.writeTextFile(join(local, `f${file}`), "x");
    const { status, events } = await run(["mirror", local, url, "--json", "--no-pipelining"]);
    assertEquals([status, events.at(-1)?.transferred], [70, 0]);
    const tried = server.journal.commands().filter((line) => line.startsWith("STOR")).length;
    assert(tried <= 4, `${tried} of 40 files were tried, on 4 sessions`);
  });
}

fixtureTest("--retry 0 tries once", {
  files: FILES,
  faults: [{ verb: "RETR", action: "reply", code: 425, text: "No data connection" }],
}, async ({ run, url, local }) => {
  assertEquals((await run(["get", `${url}f`, "-o", `${local}/`, "--retry", "0"])).status, 7);
});
