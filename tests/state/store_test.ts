import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { BanTable } from "../../lib/state/ban_table.ts";
import { STATE_FILE, StateError, type StateOwner, StateStore } from "../../lib/state/store.ts";

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "denoftpd-state-" });
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;

const NOTES: StateOwner = { name: "notes", migrations: ["CREATE TABLE notes (text TEXT) STRICT"] };
const MORE: StateOwner = {
  name: "notes",
  migrations: [...NOTES.migrations, "ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 1"],
};

Deno.test("StateStore keeps what each owner has written, and brings its tables to the latest version", () =>
  withDirectory(async (directory) => {
    {
      using store = await StateStore.open(directory);
      store.of(NOTES).prepare("INSERT INTO notes VALUES (?)").run("first");
      store.of({ name: "other", migrations: ["CREATE TABLE other (a INTEGER)"] });
    }
    using store = await StateStore.open(directory);
    assertEquals({ ...store.of(MORE).prepare("SELECT * FROM notes").get() }, { text: "first", stars: 1 });
    const { message } = assertThrows(() => store.of(NOTES), StateError);
    assertMatch(message, /later version of denoftpd/);
  }));

Deno.test("StateStore keeps nothing of a step that fails", () =>
  withDirectory(async (directory) => {
    using store = await StateStore.open(directory);
    const broken: StateOwner = { name: "notes", migrations: [`${NOTES.migrations[0]}; CREATE NONSENSE`] };
    assertThrows(() => store.of(broken), StateError, "syntax error");
    assertEquals(store.of(NOTES).prepare("SELECT * FROM notes").all(), []);
  }));

Deno.test({
  name: "StateStore lets nobody else read its files, those of before included",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withDirectory(async (directory) => {
      Deno.writeFileSync(join(directory, STATE_FILE), new Uint8Array(), { mode: 0o644 });
      using store = await StateStore.open(directory);
      store.of(NOTES);
      const modes = [...Deno.readDirSync(directory)].map(({ name }) => modeOf(join(directory, name)));
      assertEquals(new Set(modes), new Set([0o600]));
    }),
});

Deno.test("StateStore.open says of a file that is no database what to do", () =>
  withDirectory(async (directory) => {
    Deno.writeTextFileSync(
      join(directory, STATE_FILE),
      "This is not a database, though it is long enough. ".repeat(50),
    );
    const { message } = await assertRejects(() => StateStore.open(directory), StateError);
    assertMatch(message, /not a database: move it away/);
    await assertRejects(() => StateStore.open(join(directory, "missing")), StateError, "Cannot use the state");
  }));

const BAN = { key: "192.0.2.1", address: "192.0.2.1", since: 1, until: 1_800_000_000_000, reason: "why", round: 2 };

Deno.test("BanTable keeps bans over a restart, one for each key, without those that were removed", () =>
  withDirectory(async (directory) => {
    const onFailure = (error: unknown) => {
      throw error;
    };
    {
      using store = await StateStore.open(directory);
      const table = new BanTable({ onFailure });
      table.save(BAN);
      assertEquals(table.load(), [], "it is not attached yet");
      table.attach(store);
      table.save({ ...BAN, key: "192.0.2.2", since: 0 });
      table.save({ ...BAN, round: 1 });
      table.save(BAN);
      table.save({ ...BAN, key: "192.0.2.3" });
      table.remove("192.0.2.3");
    }
    using store = await StateStore.open(directory);
    const table = new BanTable({ onFailure });
    table.attach(store);
    assertEquals(table.load(), [{ ...BAN, key: "192.0.2.2", since: 0 }, BAN]);
  }));

Deno.test("BanTable reports once that it cannot keep bans, and throws nothing", () =>
  withDirectory(async (directory) => {
    const failures: unknown[] = [];
    const store = await StateStore.open(directory);
    const table = new BanTable({ onFailure: (error) => failures.push(error) });
    table.attach(store);
    store[Symbol.dispose]();
    table.save(BAN);
    table.remove(BAN.key);
    assertEquals(table.load(), []);
    assertEquals(failures.length, 1);
  }));
