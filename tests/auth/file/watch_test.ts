import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { AccountsFileError } from "../../../lib/auth/file/read.ts";
import { putPipe, withoutDescriptors } from "../../helpers/stub.ts";
import { AccountsFile, type AccountsFileOptions } from "../../../lib/auth/file/watch.ts";
import type { ReloadOutcome } from "../../../lib/auth/place.ts";

function textOf(...names: string[]): string {
  const password = "$scrypt$ln=4,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  return JSON.stringify({ accounts: names.map((name) => ({ name, password, root: ".", permissions: "rw" })) });
}

/** A file with `bob` in it, watched, and the reloads as they come. */
class Bed implements AsyncDisposable {
  #waiting: ((outcome: ReloadOutcome) => void)[] = [];
  #early: ReloadOutcome[] = [];

  private constructor(readonly directory: string, readonly path: string) {}

  static async make(): Promise<Bed> {
    const directory = await Deno.makeTempDir();
    const path = join(directory, "users.json");
    await Deno.writeTextFile(path, textOf("bob"));
    return new Bed(directory, path);
  }

  open(options: AccountsFileOptions = {}): Promise<AccountsFile> {
    const onReload = (outcome: ReloadOutcome) => {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#early.push(outcome);
      else waiting(outcome);
    };
    return AccountsFile.open(this.path, { interval: 5, onReload, ...options });
  }

  /** The next reload that nobody has waited for yet. */
  reloaded(): Promise<ReloadOutcome> {
    const early = this.#early.shift();
    return early === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(early);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.directory, { recursive: true });
  }
}

Deno.test("AccountsFile finds the accounts of the file", async () => {
  await using bed = await Bed.make();
  await using accounts = await bed.open();
  assertEquals(accounts.find("bob")?.rootPath, bed.directory);
  assertEquals(accounts.find("alice"), undefined);
  assertEquals(accounts.list().length, 1);
});

Deno.test("AccountsFile does not open on a file that is broken or not there", async () => {
  await using bed = await Bed.make();
  await Deno.writeTextFile(bed.path, "{");
  await assertRejects(() => bed.open(), AccountsFileError, "Not valid JSON");
  await Deno.remove(bed.path);
  await assertRejects(() => bed.open(), AccountsFileError, "Does not exist");
});

Deno.test("AccountsFile takes a change of the file, written over or replaced", async () => {
  await using bed = await Bed.make();
  await using accounts = await bed.open();
  await Deno.writeTextFile(bed.path, textOf("bob", "alice"));
  assertEquals(await bed.reloaded(), { ok: true, accounts: 2 });
  assertEquals(accounts.find("alice")?.name, "alice");
  const draft = join(bed.directory, "draft");
  await Deno.writeTextFile(draft, textOf("carol"));
  await Deno.rename(draft, bed.path);
  assertEquals(await bed.reloaded(), { ok: true, accounts: 1 });
  assertEquals(accounts.list().map(({ name }) => name), ["carol"]);
});

Deno.test("AccountsFile keeps the accounts and reports when the file breaks, and loads the next good one", async () => {
  await using bed = await Bed.make();
  await using accounts = await bed.open();
  await Deno.writeTextFile(bed.path, textOf("bob", "bob"));
  const broken = await bed.reloaded();
  assert(!broken.ok);
  assertStringIncludes(broken.error.message, `Account "bob": Another account has the same name`);
  assertEquals(accounts.find("bob")?.name, "bob");
  await Deno.remove(bed.path);
  const gone = await bed.reloaded();
  assert(!gone.ok);
  assertStringIncludes(gone.error.message, "Does not exist");
  assertEquals(accounts.find("bob")?.name, "bob");
  await Deno.writeTextFile(bed.path, textOf("carol"));
  assertEquals(await bed.reloaded(), { ok: true, accounts: 1 });
  assertEquals(accounts.find("bob"), undefined);
});

Deno.test("AccountsFile.reload reads the file on each call, in order", async () => {
  await using bed = await Bed.make();
  await using accounts = await bed.open({ interval: 0 });
  await Deno.writeTextFile(bed.path, textOf("bob", "alice"));
  assertEquals(await Promise.all([accounts.reload(), accounts.reload()]), [
    { ok: true, accounts: 2 },
    { ok: true, accounts: 2 },
  ]);
  await Deno.writeTextFile(bed.path, "");
  assertEquals((await accounts.reload()).ok, false);
  assertEquals(accounts.list().length, 2);
  assertEquals((await Promise.all([bed.reloaded(), bed.reloaded(), bed.reloaded()])).map(({ ok }) => ok), [
    true,
    true,
    false,
  ]);
});

Deno.test("AccountsFile reports a broken file once, not at every check", async () => {
  await using bed = await Bed.make();
  await using accounts = await bed.open();
  await Deno.writeTextFile(bed.path, "{");
  assertEquals((await bed.reloaded()).ok, false);
  await Deno.writeTextFile(bed.path, textOf("dave"));
  assertEquals(await bed.reloaded(), { ok: true, accounts: 1 });
  assertEquals(accounts.find("dave")?.name, "dave");
});

Deno.test("AccountsFile tries again to read a file that it could not read, and says so once", async () => {
  await using bed = await Bed.make();
  await using accounts = await bed.open();
  {
    using _fault = withoutDescriptors();
    await Deno.writeTextFile(bed.path, textOf("carol"));
    const outcome = await bed.reloaded();
    assert(!outcome.ok);
    assertStringIncludes(outcome.error.message, "Too many open files");
    // Who asks is answered; the looks that fail beside it are not told again.
    assertEquals((await accounts.reload()).ok, false);
    assertEquals((await bed.reloaded()).ok, false);
  }
  // Nothing has changed since.
  assertEquals(await bed.reloaded(), { ok: true, accounts: 1 });
  assertEquals(accounts.find("bob"), undefined);
});

const unix = { ignore: Deno.build.os === "windows" };

Deno.test("AccountsFile refuses a pipe instead of waiting for what it brings", unix, async () => {
  await using bed = await Bed.make();
  const accounts = await bed.open();
  using _pipe = await putPipe(bed.path);
  const outcome = await bed.reloaded();
  assert(!outcome.ok);
  assertStringIncludes(outcome.error.message, "Is not a regular file");
  assertEquals(accounts.find("bob")?.name, "bob");
  await accounts[Symbol.asyncDispose]();
  await assertRejects(() => bed.open(), AccountsFileError, "Is not a regular file");
});

Deno.test("AccountsFile releases everything when disposed of during a reload", async () => {
  await using bed = await Bed.make();
  const accounts = await bed.open();
  const reload = accounts.reload();
  await accounts[Symbol.asyncDispose]();
  await accounts[Symbol.asyncDispose]();
  assertEquals(await reload, { ok: true, accounts: 1 });
  assertEquals(accounts.find("bob")?.name, "bob");
});
