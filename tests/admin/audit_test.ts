import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { Audit, verifyAudit } from "../../lib/admin/audit.ts";
import { callerWithAllRoles } from "../../lib/admin/caller.ts";
import { runAudit } from "../../lib/cli/admin/audit.ts";
import { AdminUnderTest } from "./admin_under_test.ts";

const CALLER = callerWithAllRoles("token", "127.0.0.1");

async function withFile(body: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "denoftpd-audit-" });
  try {
    await body(join(directory, "audit.jsonl"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Three changes, the last of which was not made, over two openings of the file. */
async function fill(path: string): Promise<string[]> {
  {
    await using audit = await Audit.open(path);
    await audit.begun({ caller: CALLER, method: "POST", target: "/api/bans", body: { address: "192.0.2.1" } });
  }
  await using audit = await Audit.open(path);
  const [, number] = await Promise.all([
    audit.begun({ caller: CALLER, method: "POST", target: "/api/reload", body: undefined }),
    audit.begun({ caller: CALLER, method: "DELETE", target: "/api/sessions/7", body: undefined }),
  ]);
  await audit.failed(number, new Error("secret"));
  return (await Deno.readTextFile(path)).trimEnd().split("\n");
}

async function problemOf(path: string, lines: readonly string[]): Promise<unknown> {
  await Deno.writeTextFile(path, lines.map((line) => `${line}\n`).join(""));
  const verdict = await verifyAudit(path);
  return verdict.ok ? "none" : [verdict.line, verdict.problem.split(":")[0]];
}

Deno.test("verifyAudit finds each line that was changed, taken out, moved or added", async () => {
  await withFile(async (path) => {
    const [one = "", two = "", three = "", four = ""] = await fill(path);
    assertEquals(await problemOf(path, [one, two, three, four]), "none");
    assertEquals(await problemOf(path, [one, two]), "none");
    assertEquals(await problemOf(path, [one.replace("192.0.2.1", "192.0.2.9"), two]), [
      1,
      "its hash is not that of its content",
    ]);
    assertEquals(await problemOf(path, [one, three, four]), [2, "it does not follow the line before it"]);
    assertEquals(await problemOf(path, [two, three]), [1, "it is number 2"]);
    assertEquals(await problemOf(path, [one, two, two]), [3, "it does not follow the line before it"]);
    assertEquals(await problemOf(path, [one, "{}"]), [2, "it does not follow the line before it"]);
    assertEquals(await problemOf(path, [one, "not JSON"]), [2, "it is not a line of an audit"]);
    assertEquals(await problemOf(path, [one, two.replace('"seq":2', '"seq":3')]), [2, "its number is 3, not 2"]);
  });
});

Deno.test("Audit keeps no errors but those for people, and goes on after a line that was cut short", async () => {
  await withFile(async (path) => {
    const [, , , four = ""] = await fill(path);
    const { failed, change } = JSON.parse(four);
    assertEquals([failed, change], ["Internal error", 3]);
    await Deno.writeTextFile(path, '{"seq":5,"ti', { append: true });
    const damage: string[] = [];
    {
      await using audit = await Audit.open(path, { onDamaged: (message) => damage.push(message) });
      assertEquals(await audit.begun({ caller: CALLER, method: "POST", target: "/api/reload", body: undefined }), 5);
    }
    assertEquals(damage.length, 1);
    const verdict = await verifyAudit(path);
    assertEquals(verdict.ok || verdict.line, 5);
  });
});

Deno.test("an audit that is rotated goes on with its chain, while it is open and when it is opened again", async () => {
  await withFile(async (path) => {
    const change = { caller: CALLER, method: "POST", target: "/api/reload", body: undefined };
    {
      await using audit = await Audit.open(path);
      await audit.begun(change);
      await Deno.rename(path, `${path}.2`);
      await audit.reopen();
      assertEquals(await audit.begun(change), 2);
    }
    await Deno.rename(path, `${path}.1`);
    {
      await using audit = await Audit.open(path);
      assertEquals(await audit.begun(change), 3);
    }
    const verdict = await verifyAudit(`${path}.2`, `${path}.1`, path);
    assertEquals(verdict.ok && verdict.lines, 3);
    const middle = await verifyAudit(`${path}.1`, path);
    assertEquals(middle.ok || [middle.file, middle.line], [`${path}.1`, 1]);
    const gap = await verifyAudit(`${path}.2`, path);
    assertEquals(gap.ok || [gap.file, gap.line], [path, 1]);
  });
});

Deno.test("denoftpd audit verify ends with 0, or with 33 and the line that is wrong", async () => {
  await withFile(async (path) => {
    const lines = await fill(path);
    let [stdout, stderr] = ["", ""];
    const io = { stdout: (text: string) => void (stdout += text), stderr: (text: string) => void (stderr += text) };
    assertEquals(await runAudit(["verify", path], io), 0);
    assertMatch(stdout, /^4 lines, unbroken; the last hash is [0-9a-f]{64}\n$/);
    await Deno.writeTextFile(path, `${lines.slice(1).join("\n")}\n`);
    assertEquals(await runAudit(["verify", path], io), 33);
    assertStringIncludes(stderr, `The audit "${path}" is broken at line 1: `);
    assertEquals(await runAudit(["verify", `${path}.gone`], io), 2);
  });
});

Deno.test("each change through the API is in audit and log, without passwords, and no reading is", async () => {
  await withFile(async (path) => {
    await Deno.writeTextFile(path, "");
    await using admin = await AdminUnderTest.start({
      flags: ["--admin-audit", path],
      writable: [path],
      readable: [path],
    });
    await admin.ask("GET /api/sessions");
    const body = { name: "bob", password: "a long password", root: "./root", permissions: "ro" };
    assertEquals((await admin.ask("POST /api/accounts", { body })).status, 200);
    assertEquals((await admin.ask("DELETE /api/sessions/77")).status, 404);
    // As without an audit, which must not keep what no operation takes.
    const long = { address: "192.0.2.1", reason: "x".repeat(256 * 1024) };
    assertEquals((await admin.ask("POST /api/bans", { body: long })).status, 413);
    const text = await Deno.readTextFile(path);
    const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.map(({ caller, method, target, failed }) => [caller, method, target, failed]), [
      ["token", "POST", "/api/accounts", undefined],
      ["token", "DELETE", "/api/sessions/77", undefined],
      [undefined, undefined, undefined, 'No session "77"'],
    ]);
    assertEquals(lines[0].body, { ...body, password: "***" });
    assertEquals(text.includes("a long password"), false);
    assertEquals((await verifyAudit(path)).ok, true);
    await admin.server.untilLogged(/Audit 3, change 2 was not made: No session "77" \([0-9a-f]{64}\)/);
  });
});
