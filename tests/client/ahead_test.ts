import { assertEquals, assertRejects } from "@std/assert";
import { AheadKnowledge } from "../../lib/client/ahead.ts";
import { Client } from "../../lib/client/client.ts";
import { ClientError } from "../../lib/client/errors.ts";
import type { ByteSink } from "../../lib/client/moves.ts";
import { patternOf } from "../data/helpers.ts";
import { LOGIN, ScriptedServer, session, type Step } from "./helpers.ts";

const nowhere: ByteSink = { write: () => Promise.resolve() };
const sourceOf = (text: string) => {
  let rest: Uint8Array | null = new TextEncoder().encode(text);
  return {
    read: (buffer: Uint8Array) => {
      const part = rest;
      rest = null;
      if (part) buffer.set(part);
      return Promise.resolve(part?.length ?? null);
    },
  };
};

session("sends the commands of what waits while a transfer runs, and keeps every result apart", {
  files: { "/old": "x" },
}, async ({ connect, files }) => {
  const ahead = new AheadKnowledge();
  const lines: string[] = [];
  const client = await connect({ ahead, onLine: ({ direction, text }) => lines.push(`${direction} ${text}`) });
  await client.upload(sourceOf("first"), "/a");
  const results = await Promise.allSettled([
    client.upload(sourceOf("one"), "/b"),
    client.upload(sourceOf("two"), "/c"),
    client.download("/missing", nowhere),
    client.setModified("/b", Date.UTC(2020, 1, 2)),
    client.remove("/old"),
    client.upload(sourceOf("three"), "/d"),
    client.list("/"),
  ]);
  assertEquals(results.map(({ status }) => status === "fulfilled"), [true, true, false, true, true, true, true]);
  const text = (path: string) => new TextDecoder().decode(files.read(path));
  assertEquals([text("/b"), text("/c"), text("/d")], ["one", "two", "three"]);
  assertEquals(await client.modified("/b"), Date.UTC(2020, 1, 2));
  // In active mode the port has to be listened on first, and nothing is sent ahead.
  const isActive = lines.some((line) => line.startsWith("sent EPRT"));
  const sentAt = lines.findIndex((line) => line === "sent STOR /c");
  const endAt = lines.findIndex((line, index) =>
    line.startsWith("received 226") && index > lines.indexOf("sent STOR /b")
  );
  assertEquals(sentAt < endAt, !isActive);
  assertEquals(ahead.state, isActive ? "unknown" : "yes");
});

session("closes a session whose transfer is aborted beside commands that were sent ahead", {
  files: { "/big": patternOf(8_000_000), "/f": "x" },
}, async ({ connect }) => {
  const client = await connect({ ahead: new AheadKnowledge(true) });
  await client.download("/f", nowhere);
  const abort = new AbortController();
  const onProgress = () => abort.abort();
  const running = client.download("/big", nowhere, { signal: abort.signal, onProgress });
  const waiting = client.download("/f", nowhere);
  await assertRejects(() => running, DOMException);
  const error = await waiting.then(() => undefined, (error) => error);
  // Either its commands were not yet sent, or it has to be tried again on another session.
  assertEquals(error === undefined || (error instanceof ClientError && error.isTemporary), true);
});

/** A download that works, then one during which a second one waits. */
function script(answersOfSecond: Step[1][], rest: readonly Step[] = []): readonly Step[] {
  const send: Step[1] = async ({ data }) => (await data.accept()).close();
  return [
    ...LOGIN,
    [/^EPSV$/, ({ offerData }) => offerData()],
    [/^RETR a$/, "150 Here", send, "226 Done"],
    [/^EPSV$/, ({ offerData }) => offerData()],
    [/^RETR b$/, "150 Here"],
    [/^EPSV$/],
    [/^RETR c$/, ...answersOfSecond],
    ...rest,
  ];
}

for (
  const [what, answers] of [
    ["swallows commands during a transfer", [async ({ data }) => (await data.accept()).close(), "226 Done"]],
    ["answers them during the transfer", [({ offerData }) => offerData()]],
    ["ends the transfer for them", ["426 Interrupted"]],
  ] as readonly (readonly [string, Step[1][]])[]
) {
  Deno.test(`Client notices a server that ${what}: both transfers are to be tried again`, async () => {
    await using server = new ScriptedServer("220 Ready", script(answers));
    const known: boolean[] = [];
    const ahead = new AheadKnowledge(undefined, (takesAhead) => known.push(takesAhead));
    await using client = await Client.connect({ ...server.options, ahead });
    await client.download("a", nowhere);
    const results = await Promise.allSettled([client.download("b", nowhere), client.download("c", nowhere)]);
    const isSwallowed = what.startsWith("swallows");
    assertEquals(results.map(({ status }) => status), [isSwallowed ? "fulfilled" : "rejected", "rejected"]);
    for (const result of results) {
      if (result.status === "rejected") assertEquals((result.reason as ClientError).isTemporary, true);
    }
    assertEquals([ahead.state, known, client.isOpen], ["no", [false], false]);
  });
}
