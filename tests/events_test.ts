import { assertEquals } from "@std/assert";
import { EVENT_TYPES, EventStream, type EventWish, type ServerEvent, type TransferEnded } from "../lib/events.ts";

const refused: ServerEvent = { type: "connectionRefused", time: 1, address: "192.0.2.1", reason: "full" };
const opened: ServerEvent = { type: "sessionOpened", time: 2, session: "1", address: "192.0.2.1" };

Deno.test("EventStream hands every event to every listener, in order", () => {
  const stream = new EventStream();
  const heard: string[] = [];
  stream.on(({ type }) => heard.push(`first ${type}`));
  stream.on(({ type }) => heard.push(`second ${type}`));
  stream.emit(opened);
  stream.emit(refused);
  assertEquals(heard, [
    "first sessionOpened",
    "second sessionOpened",
    "first connectionRefused",
    "second connectionRefused",
  ]);
});

Deno.test("EventStream passes a listener the types it wants, and knows which have no listener", () => {
  const stream = new EventStream();
  const heard: ServerEvent[] = [];
  assertEquals(stream.wants("command"), false);
  stream.on((event) => heard.push(event), ["connectionRefused", "transfer"]);
  assertEquals([stream.wants("transfer"), stream.wants("command")], [true, false]);
  stream.emit(opened);
  stream.emit(refused);
  assertEquals(heard, [refused]);
  stream.on(() => {});
  assertEquals(stream.wants("command"), true);
});

Deno.test("EventStream knows whether a listener wants digests of what is transferred", () => {
  const asked: (readonly EventWish[])[] = [];
  const stream = new EventStream({ onWanted: (wishes) => asked.push(wishes) });
  const heard: string[] = [];
  stream.on(({ type }) => heard.push(type), ["login", "transferWithoutDigest"]);
  assertEquals([stream.wants("transfer"), stream.wantsDigests], [true, false]);
  const transfer: TransferEnded = {
    ...{
      type: "transfer",
      time: 4,
      session: "1",
      address: "192.0.2.1",
      verb: "RETR",
      direction: "download",
      path: "/a",
    },
    ...{ offset: 0, bytes: 1, milliseconds: 1, ascii: false, complete: true, reason: "none" },
  };
  stream.emit(transfer);
  assertEquals(heard, ["transfer"]);
  {
    using _digests = stream.on(() => {}, ["transfer"]);
    assertEquals(stream.wantsDigests, true);
    // Whoever passes these wishes on, as a worker does, keeps what they mean.
    assertEquals(stream.wanted, ["login", "transfer"]);
  }
  assertEquals(stream.wantsDigests, false);
  assertEquals(asked, [["login", "transferWithoutDigest"], ["login", "transfer"], ["login", "transferWithoutDigest"]]);
});

Deno.test("EventStream takes a listener away with the disposal of its handle", () => {
  const stream = new EventStream();
  let heard = 0;
  {
    using _handle = stream.on(() => heard++);
    stream.emit(opened);
  }
  stream.emit(opened);
  assertEquals(heard, 1);
  assertEquals(stream.wants("sessionOpened"), false);
});

Deno.test("EventStream removes a listener that throws, reports that to the others, and continues", () => {
  const stream = new EventStream({ clock: () => 3 });
  const error = new Error("no disk");
  const heard: ServerEvent[] = [];
  stream.on(() => {
    throw error;
  });
  stream.on((event) => heard.push(event));
  stream.emit(opened);
  stream.emit(refused);
  assertEquals(heard, [
    { type: "problem", time: 3, level: "error", message: "An event listener threw and was removed", error },
    opened,
    refused,
  ]);
});

Deno.test("EventStream survives when its only listener throws at everything", () => {
  const stream = new EventStream();
  stream.on(() => {
    throw new Error("always");
  });
  stream.emit(opened);
  assertEquals(stream.wants("problem"), false);
});

Deno.test("EventStream adds the time to an event without one, once for all listeners, and keeps a given one", () => {
  let now = 10;
  const stream = new EventStream({ clock: () => now++ });
  const times: number[] = [];
  stream.on(({ time }) => times.push(time));
  stream.on(({ time }) => times.push(time));
  stream.emit({ type: "notice", level: "info", message: "Reloaded" });
  stream.emit(refused);
  assertEquals(times, [10, 10, 1, 1]);
});

Deno.test("EventStream reports which types are wanted, only when that changes", () => {
  const reported: (readonly EventWish[])[] = [];
  const stream = new EventStream({ onWanted: (types) => reported.push(types) });
  const first = stream.on(() => {}, ["transfer", "problem"]);
  const second = stream.on(() => {}, ["problem"]);
  second[Symbol.dispose]();
  const all = stream.on(() => {});
  first[Symbol.dispose]();
  all[Symbol.dispose]();
  all[Symbol.dispose]();
  assertEquals(reported, [["transfer", "problem"], EVENT_TYPES, []]);
  assertEquals(stream.wanted, []);
});

Deno.test("EventStream no longer asks for the types of a listener that threw", () => {
  const reported: (readonly EventWish[])[] = [];
  const stream = new EventStream({ onWanted: (types) => reported.push(types) });
  stream.on(() => {
    throw new Error("no disk");
  }, ["sessionOpened"]);
  stream.emit(opened);
  assertEquals(reported, [["sessionOpened"], []]);
});
