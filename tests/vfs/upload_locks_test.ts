import { assert, assertEquals, assertRejects, fail } from "@std/assert";
import { type LockMode, type LocksElsewhere, UploadLocks } from "../../lib/vfs/upload_locks.ts";
import type { FileSink } from "../../lib/vfs/vfs.ts";
import { assertFails, bytes } from "./helpers.ts";

/** As long as an upload waits, and longer than another may be silent. */
const LONG = 6_000;

/** A file that notes what is done to it. */
class Notebook implements FileSink {
  readonly initialSize = 0;
  readonly created = false;
  readonly notes: string[] = [];
  /** What the next write waits for. */
  slow: Promise<void> | undefined;

  async write(data: Uint8Array): Promise<void> {
    await this.slow;
    this.notes.push(new TextDecoder().decode(data));
  }

  commit(): Promise<void> {
    this.notes.push("committed");
    return Promise.resolve();
  }

  abort(): Promise<void> {
    this.notes.push("aborted");
    return Promise.resolve();
  }

  discard(): Promise<undefined> {
    this.notes.push("discarded");
    return Promise.resolve(undefined);
  }
}

/** Locks by a clock that the test moves. */
class Stage {
  now = 0;
  readonly locks = new UploadLocks<string>({ now: () => this.now });

  open(sink: FileSink, { key = "file", mode = "alone" }: { key?: string; mode?: LockMode } = {}): Promise<FileSink> {
    return this.locks.open(() => Promise.resolve({ key, mode, sink }));
  }
}

Deno.test("UploadLocks delay no other file, nor appends to the same one", async () => {
  const stage = new Stage();
  await stage.open(new Notebook());
  await stage.open(new Notebook(), { key: "another" });
  await stage.open(new Notebook(), { key: "log", mode: "append" });
  await stage.open(new Notebook(), { key: "log", mode: "append" });
});

Deno.test("UploadLocks refuse who has waited for long, and leave the file to who has it", async () => {
  const stage = new Stage();
  const [mine, other] = [new Notebook(), new Notebook()];
  const first = await stage.open(mine);
  const waiting = stage.open(other);
  // Never silent for long.
  for (; stage.now < LONG; stage.now += 1_000) await first.write(bytes("."));
  await assertFails("busy", () => waiting);
  await first.commit();
  assertEquals(mine.notes.at(-1), "committed");
  assertEquals(new Set(other.notes), new Set(["aborted"]));
  await stage.open(other);
});

Deno.test("UploadLocks give the file of a silent upload to another, and ignore the rest of the first", async () => {
  const stage = new Stage();
  const [mine, other] = [new Notebook(), new Notebook()];
  const silent = await stage.open(mine);
  stage.now += 5_000;
  const second = await stage.open(other);
  await assertFails("takenOver", () => silent.write(bytes("late")));
  await assertFails("takenOver", () => silent.commit());
  await silent.abort();
  assertEquals([mine.notes, silent.hold?.()], [["aborted"], false]);
  // What the first gives up is not the second's lock.
  const third = stage.open(new Notebook());
  await second.write(bytes("x"));
  await second.commit();
  await third;
  assertEquals(other.notes, ["x", "committed"]);
});

Deno.test("UploadLocks take no file away while it is written to, or held", async () => {
  const stage = new Stage();
  const mine = new Notebook();
  const { promise, resolve } = Promise.withResolvers<void>();
  mine.slow = promise;
  const first = await stage.open(mine);
  const writing = first.write(bytes("x"));
  stage.now += LONG;
  stage.locks.wanted("file");
  resolve();
  await writing;
  assert(first.hold?.());
  stage.now += LONG;
  stage.locks.wanted("file");
  await first.commit();
  assertEquals(mine.notes, ["x", "committed"]);
});

Deno.test("UploadLocks keep the file after a failed commit until the abort", async () => {
  const { locks } = new Stage();
  const mine = new Notebook();
  mine.commit = () => Promise.reject(new Error("full"));
  const open = (sink: FileSink) => locks.open(() => Promise.resolve({ key: "file", mode: "alone", sink }));
  const first = await open(mine);
  await first.commit().catch(() => {});
  // Looks three times, and finds the file free only then.
  const other = new Notebook();
  const abort = other.abort.bind(other);
  other.abort = async () => {
    await abort();
    if (other.notes.length === 3) await first.abort();
  };
  await open(other);
  assertEquals([mine.notes, other.notes], [["aborted"], ["aborted", "aborted", "aborted"]]);
  await first.abort();
  assert(first.hold?.() === false);
});

Deno.test("UploadLocks take no file away for an append from one that appends", async () => {
  const stage = new Stage();
  const quiet = await stage.open(new Notebook(), { mode: "append" });
  stage.now += LONG;
  await stage.open(new Notebook(), { mode: "append" });
  await quiet.write(bytes("a line every hour"));
  await quiet.commit();
});

Deno.test("UploadLocks hold against those elsewhere, who are asked and get all back", async () => {
  const stage = new Stage();
  const taken: string[] = [];
  const asked: string[] = [];
  let free = false;
  const elsewhere: LocksElsewhere<string> = {
    take: (key, mode) => {
      if (!free) return undefined;
      taken.push(`${mode} ${key}`);
      return { [Symbol.dispose]: () => void taken.pop() };
    },
    ask: (key) => {
      asked.push(key);
      free = true;
    },
  };
  stage.locks.share(elsewhere);
  const sink = await stage.open(new Notebook(), { mode: "append" });
  assertEquals([asked, taken], [["file"], ["append file"]]);
  await sink.commit();
  assertEquals(taken, []);
});

Deno.test("UploadLocks look again at a file that others may have had between its open and its lock", async () => {
  const { locks } = new Stage();
  let looks = 0;
  const isCurrent = () => ++looks > 0;
  const opened = () => ({ key: "file", mode: "alone", sink: new Notebook(), isCurrent }) as const;
  await (await locks.open(opened)).commit();
  assertEquals(looks, 0);
  await (await locks.open(() => Promise.resolve(opened()))).commit();
  assertEquals(looks, 1);
  locks.share({ take: () => ({ [Symbol.dispose]: () => {} }), ask: () => {} });
  await (await locks.open(opened)).commit();
  assertEquals(looks, 2);
});

/** Locks that answer when the test says so. */
class LateLocks implements LocksElsewhere<string> {
  readonly questions: { key: string; answer: PromiseWithResolvers<Disposable | undefined> }[] = [];
  readonly held: string[] = [];
  #asked = Promise.withResolvers<void>();

  take(key: string): Promise<Disposable | undefined> {
    const answer = Promise.withResolvers<Disposable | undefined>();
    this.questions.push({ key, answer });
    this.#asked.resolve();
    return answer.promise;
  }

  ask(): void {}

  /** The oldest question, past or to come. */
  async next(): Promise<{ key: string; answer: PromiseWithResolvers<Disposable | undefined> }> {
    await this.#asked.promise;
    const question = this.questions.shift() ?? fail("Nothing was asked");
    if (this.questions.length === 0) this.#asked = Promise.withResolvers<void>();
    return question;
  }

  async grant(granted = true): Promise<void> {
    const { key, answer } = await this.next();
    if (!granted) return answer.resolve(undefined);
    this.held.push(key);
    answer.resolve({ [Symbol.dispose]: () => void this.held.splice(this.held.indexOf(key), 1) });
  }

  async fail(error: Error): Promise<void> {
    (await this.next()).answer.reject(error);
  }
}

Deno.test("UploadLocks wait for late locks elsewhere, and keep the file from others here until then", async () => {
  const stage = new Stage();
  const elsewhere = new LateLocks();
  stage.locks.share(elsewhere);
  const [mine, other] = [new Notebook(), new Notebook()];
  const first = stage.open(mine);
  const { answer } = await elsewhere.next();
  const second = stage.open(other);
  answer.resolve({ [Symbol.dispose]: () => {} });
  const sink = await first;
  await sink.write(bytes("mine"));
  await sink.commit();
  assertEquals([mine.notes, elsewhere.held], [["mine", "committed"], []]);
  await elsewhere.grant();
  await (await second).commit();
  // It was opened again once the first was over.
  assertEquals([other.notes, elsewhere.held], [["aborted", "committed"], []]);
});

Deno.test("UploadLocks leave nothing open and nothing locked when locks elsewhere fail", async () => {
  const stage = new Stage();
  const elsewhere = new LateLocks();
  stage.locks.share(elsewhere);
  const notebook = new Notebook();
  const opening = stage.open(notebook);
  await elsewhere.fail(new Error("no answer"));
  await assertRejects(() => opening, Error, "no answer");
  assertEquals(notebook.notes, ["aborted"]);
  const again = stage.open(new Notebook());
  await elsewhere.grant();
  await (await again).commit();
});

Deno.test("UploadLocks make a change once all locks elsewhere are held, and release them if one fails", async () => {
  const stage = new Stage();
  const elsewhere = new LateLocks();
  stage.locks.share(elsewhere);
  let made = 0;
  const change = { keys: ["a", "b"], act: () => ++made };
  const changing = stage.locks.change(() => change);
  await elsewhere.grant();
  assertEquals(made, 0);
  await elsewhere.grant();
  assertEquals([await changing, elsewhere.held], [1, []]);
  const failing = stage.locks.change(() => change);
  await elsewhere.grant();
  await elsewhere.fail(new Error("no answer"));
  await assertRejects(() => failing, Error, "no answer");
  assertEquals([made, elsewhere.held], [1, []]);
});

Deno.test("UploadLocks reserve a name once locks elsewhere allow it", async () => {
  const stage = new Stage();
  const elsewhere = new LateLocks();
  stage.locks.share(elsewhere);
  const refused = stage.locks.reserve("name");
  await elsewhere.grant(false);
  assertEquals(await refused, undefined);
  const reserving = stage.locks.reserve("name");
  await elsewhere.grant();
  const reservation = await reserving;
  assertEquals(elsewhere.held, ["name"]);
  reservation?.[Symbol.dispose]();
  assertEquals(elsewhere.held, []);
});
