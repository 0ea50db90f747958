import { assert, assertEquals, assertRejects, fail } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import type { MakeSharedState, SharedGate } from "../../lib/options/shared_state.ts";
import { guardState, SharedStateError } from "../../lib/session/guarded_state.ts";
import { localState } from "../../lib/session/shared_state.ts";
import { ForwardingVfs } from "../../lib/vfs/forwarding.ts";
import { UploadLocks } from "../../lib/vfs/upload_locks.ts";
import type { FileSink, OpenWriteOptions, VirtualPath } from "../../lib/vfs/vfs.ts";
import { conversation, plainConversation } from "../helpers/server.ts";
import { sendData, Wire } from "../helpers/wire.ts";

/** Questions that the test answers. */
class Late<T> {
  readonly #questions: PromiseWithResolvers<T>[] = [];
  #asked = Promise.withResolvers<void>();

  ask(): Promise<T> {
    const question = Promise.withResolvers<T>();
    this.#questions.push(question);
    this.#asked.resolve();
    return question.promise;
  }

  /** The oldest question, past or to come. */
  async next(): Promise<PromiseWithResolvers<T>> {
    await this.#asked.promise;
    const question = this.#questions.shift() ?? fail("Nothing was asked");
    if (this.#questions.length === 0) this.#asked = Promise.withResolvers<void>();
    return question;
  }
}

/** A place that says whether it is taken. */
class Place implements Disposable {
  isTaken = true;

  [Symbol.dispose](): void {
    this.isTaken = false;
  }
}

/** Local state but for the number of sessions of an account. */
function lateAccounts(): { readonly places: Late<Disposable | undefined>; readonly sharedState: MakeSharedState } {
  const places = new Late<Disposable | undefined>();
  return {
    places,
    sharedState: (settings) => ({ ...localState(settings), perAccount: { add: () => places.ask() } }),
  };
}

/** Local state but for bans, once the first connection is there. */
class LateBans {
  readonly answers = new Late<boolean>();
  late = false;
  readonly sharedState: MakeSharedState = (settings) => {
    const local = localState(settings);
    const isBanned = (address: string) => this.late ? this.answers.ask() : local.gate.isBanned(address);
    const offended: SharedGate["offended"] = (address, offence) => local.gate.offended(address, offence);
    return { ...local, gate: { enter: (visit) => local.gate.enter(visit), isBanned, offended } };
  };
}

for (const allowed of [true, false]) {
  const { places, sharedState } = lateAccounts();
  const outcome = allowed ? "a login" : "a refusal";
  conversation(`PASS waits for a limit of sessions that answers late, with ${outcome}`, {
    login: false,
    options: { sharedState },
  }, async ({ ftp, event }) => {
    const place = new Place();
    await ftp.expect("USER demo", 331);
    await ftp.send("PASS demo");
    const question = await places.next();
    question.resolve(allowed ? place : undefined);
    if (!allowed) {
      assertEquals((await ftp.expectReply(530)).text, "Too many sessions for this account");
      return;
    }
    await ftp.expectReply(230);
    assert(place.isTaken);
    await ftp.expect("QUIT", 221);
    await event("sessionClosed");
    assertEquals(place.isTaken, false);
  });
}

const gone = lateAccounts();
plainConversation("A place is given back that comes after its client has gone", {
  login: false,
  options: { sharedState: gone.sharedState },
}, async ({ ftp, event }) => {
  const place = new Place();
  await ftp.expect("USER demo", 331);
  await ftp.send("PASS demo");
  const question = await gone.places.next();
  ftp.close();
  question.resolve(place);
  await event("sessionClosed");
  assertEquals(place.isTaken, false);
});

const failing = lateAccounts();
conversation("PASS is answered 421 when the shared state fails, and the log says what failed", {
  login: false,
  options: { sharedState: failing.sharedState },
}, async ({ ftp, event, server }) => {
  await ftp.expect("USER demo", 331);
  await ftp.send("PASS demo");
  (await failing.places.next()).reject(new Error("connection lost"));
  assertEquals((await ftp.expectReply(421)).text, "Login is not possible now, try again later");
  assertEquals(await ftp.closed(), "");
  const { level, message, error } = await event("problem");
  assertEquals([level, message], ["error", "The shared state failed in perAccount.add"]);
  assertEquals(String(error), "Error: connection lost");
  const { ok, reason } = await event("login");
  assertEquals([ok, reason], [false, "sharedState"]);
  await event("sessionClosed");
  assertEquals(server.sessions(), []);
});

for (const banned of [true, false]) {
  const bans = new LateBans();
  plainConversation(`A connection waits for a ban that answers late: ${banned ? "banned" : "not banned"}`, {
    options: { sharedState: bans.sharedState },
  }, async ({ server }) => {
    bans.late = true;
    await using wire = await Wire.connect(server.address.port);
    (await bans.answers.next()).resolve(banned);
    if (!banned) {
      await wire.expectReply(220);
      return;
    }
    await wire.expectReply(421);
    assertEquals(await wire.closed(), "");
  });
}

const bannedMeanwhile = new LateBans();
plainConversation("PASS waits for a ban that answers late", {
  login: false,
  options: { sharedState: bannedMeanwhile.sharedState },
}, async ({ ftp, event }) => {
  await ftp.expect("USER demo", 331);
  bannedMeanwhile.late = true;
  await ftp.send("PASS demo");
  (await bannedMeanwhile.answers.next()).resolve(false);
  // Asked again once the password is known to be right.
  (await bannedMeanwhile.answers.next()).resolve(true);
  await ftp.expectReply(421);
  assertEquals((await event("login")).reason, "shutOut");
});

const failingBans = new LateBans();
plainConversation("A connection is answered 421 when the shared state fails, and holds no place", {
  options: { sharedState: failingBans.sharedState, maxSessionsPerIp: 2, maxSessions: 2 },
}, async ({ server, event, connect }) => {
  failingBans.late = true;
  const wire = await Wire.connect(server.address.port);
  (await failingBans.answers.next()).reject(new Error("connection lost"));
  assertEquals((await wire.expectReply(421)).text, "Service is not available now, try again later");
  assertEquals(await wire.closed(), "");
  wire.close();
  assertEquals((await event("problem")).message, "The shared state failed in gate.isBanned");
  failingBans.late = false;
  await connect();
});

const stopped = new LateBans();
plainConversation("shutdown refuses a connection that waits for the shared state", {
  options: { sharedState: stopped.sharedState },
}, async ({ server }) => {
  stopped.late = true;
  await using wire = await Wire.connect(server.address.port);
  const question = await stopped.answers.next();
  await server.shutdown({ grace: 0 });
  assertEquals((await wire.expectReply(421)).text, "Server is shutting down");
  question.resolve(false);
});

/** Local state but for room below a root. */
function lateRoom(): { readonly room: Late<boolean>; readonly sharedState: MakeSharedState } {
  const room = new Late<boolean>();
  const usage = {
    bytes: Promise.resolve(0),
    count: () => Promise.resolve(),
    recount: () => Promise.resolve(),
    take: () => room.ask(),
    settle: () => {},
    release: () => {},
    moved: () => {},
  };
  return { room, sharedState: (settings) => ({ ...localState(settings), usageOf: () => usage }) };
}

const quota = lateRoom();
conversation("An upload waits for a quota that answers late", {
  account: { quota: 100 },
  options: { sharedState: quota.sharedState },
}, async ({ ftp, files, event }) => {
  await sendData(await ftp.begin("STOR a"), "x");
  (await quota.room.next()).resolve(true);
  await ftp.expectReply(226);
  assertEquals(new TextDecoder().decode(files.read("/a")), "x");
  await sendData(await ftp.begin("STOR b"), "x");
  // Counted again before it is refused.
  for (let asked = 0; asked < 2; asked++) (await quota.room.next()).resolve(false);
  (await quota.room.next()).resolve(false);
  await ftp.expectReply(552);
  assertEquals((await event("transfer", ({ path }) => path === "/b")).reason, "quota");
  await sendData(await ftp.begin("STOR c"), "x");
  (await quota.room.next()).reject(new Error("connection lost"));
  await ftp.expectReply(451);
  await ftp.expect("NOOP", 200);
});

/** Files whose locks are elsewhere. */
class LockedVfs extends ForwardingVfs {
  readonly #locks = new UploadLocks<string>();

  constructor(locks: Late<Disposable | undefined>) {
    super(new MemoryVfs());
    this.#locks.share({ take: () => locks.ask(), ask: () => {} });
  }

  override openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    const open = async () => ({
      key: path,
      mode: "alone" as const,
      sink: await this.inner.openWrite(path, options),
    });
    return this.#locks.open(open, options.signal);
  }
}

const locks = new Late<Disposable | undefined>();
conversation("An upload waits for a lock that answers late", { vfs: () => new LockedVfs(locks) }, async ({ ftp }) => {
  const place = new Place();
  const data = ftp.begin("STOR a");
  (await locks.next()).resolve(place);
  await sendData(await data, "x");
  await ftp.expectReply(226);
  assertEquals(place.isTaken, false);
  await ftp.expect("EPSV", 229);
  await ftp.send("STOR a");
  (await locks.next()).reject(new Error("connection lost"));
  await ftp.expectReply(451);
  await ftp.expect("NOOP", 200);
});

const SETTINGS = {
  throttle: { delay: 0, now: Date.now },
  bans: { limit: 0, duration: 0 },
  guessInterval: 0,
  connectRate: 0,
};

Deno.test("guardState gives up on an answer that never comes, and gives back one that comes too late", async () => {
  const places = new Late<Disposable | undefined>();
  const failures: SharedStateError[] = [];
  const state = guardState({ ...localState(SETTINGS), perAccount: { add: () => places.ask() } }, {
    limit: 1,
    onFailure: (failure) => failures.push(failure),
  });
  await assertRejects(() => Promise.resolve(state.perAccount.add("demo")), SharedStateError, "perAccount.add");
  assertEquals(String(failures[0]?.cause), "Error: No answer within 1 ms");
  const place = new Place();
  const question = await places.next();
  question.resolve(place);
  await question.promise;
  assertEquals(place.isTaken, false);
});

Deno.test("guardState gives up on each of several questions that are never answered", async () => {
  const failures: SharedStateError[] = [];
  const state = guardState({ ...localState(SETTINGS), perAccount: { add: () => new Promise(() => {}) } }, {
    limit: 1,
    onFailure: (failure) => failures.push(failure),
  });
  const givenUp = () => assertRejects(() => Promise.resolve(state.perAccount.add("demo")), SharedStateError);
  await Promise.all([givenUp(), givenUp()]);
  await givenUp();
  assertEquals(failures.length, 3);
});

Deno.test("guardState waits for one question while others are answered", async () => {
  const places = new Late<Disposable | undefined>();
  const state = guardState({ ...localState(SETTINGS), perAccount: { add: () => places.ask() } }, {
    onFailure: (failure) => fail(String(failure)),
  });
  const ask = () => state.perAccount.add("demo");
  for (const questions of [[ask(), ask()], [ask()]]) {
    for (const question of questions) {
      const place = new Place();
      (await places.next()).resolve(place);
      assertEquals(await question, place);
    }
  }
});

Deno.test("guardState returns what is there at once, and turns what is thrown into a rejection", async () => {
  const failures: SharedStateError[] = [];
  const onFailure = (failure: SharedStateError) => failures.push(failure);
  const local = localState(SETTINGS);
  const state = guardState({
    ...local,
    others: () => {
      throw new Error("connection lost");
    },
  }, { onFailure });
  assertEquals(state.connections.add(1), 0);
  assertEquals(state.gate.isBanned("192.0.2.1"), false);
  assert(!(state.perAddress.add("192.0.2.1", 1) instanceof Promise));
  assertEquals(state.usageOf("/").take(5, 4), false);
  assertEquals(failures, []);
  await assertRejects(() => Promise.resolve(state.others()), SharedStateError, "others");
  assertEquals(failures.length, 1);
});
