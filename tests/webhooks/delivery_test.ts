import { assert, assertEquals, assertMatch } from "@std/assert";
import { EventStream, type Untimed } from "../../lib/events.ts";
import { StateStore } from "../../lib/state/store.ts";
import { WebhookTable } from "../../lib/state/webhook_table.ts";
import { Delivery, type DeliveryTiming } from "../../lib/webhooks/delivery.ts";
import type { Endpoint } from "../../lib/webhooks/endpoint.ts";
import { EventCollector } from "../../lib/webhooks/queue.ts";
import { Receiver, SECRET } from "./receiver.ts";

/** A queue in a directory of its own. */
async function withTable(body: (table: WebhookTable) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "denoftpd-webhooks-" });
  try {
    using store = await StateStore.open(directory);
    await body(new WebhookTable(store));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A stream whose events go into `table` for `endpoints`. */
function collect(table: WebhookTable, endpoints: readonly Endpoint[]): EventStream {
  const events = new EventStream();
  const collector = new EventCollector({
    endpoints,
    add: (letter) => table.add(letter),
    onFailure: (error) => assert(false, String(error)),
  });
  events.on(collector.listener, collector.types);
  return events;
}

const FAST: Partial<DeliveryTiming> = { firstDelay: 4, longestDelay: 50, tick: 5, reportInterval: 0 };

/** Delivers what `table` has for `urls`, and tells `reports` what it reports. */
function deliver(
  table: WebhookTable,
  urls: readonly string[],
  { reports = [], most = 1000, timing }: {
    readonly reports?: string[];
    readonly most?: number;
    readonly timing?: Partial<DeliveryTiming>;
  } = {},
): Delivery {
  return new Delivery({
    queue: table,
    secrets: new Map(urls.map((url) => [url, new TextEncoder().encode(SECRET)])),
    most,
    report: (message, error) => void reports.push(error instanceof Error ? `${message}: ${error.message}` : message),
    timing: { ...FAST, ...timing },
  });
}

function upload(session: string, path: string, more: Partial<Extract<Untimed, { type: "transfer" }>> = {}): Untimed {
  return {
    type: "transfer",
    session,
    address: "192.0.2.1",
    user: "ann",
    verb: "STOR",
    direction: "upload",
    path,
    offset: 0,
    bytes: 1,
    milliseconds: 1,
    ascii: false,
    complete: true,
    reason: "none",
    ...more,
  };
}

const pathsOf = (events: readonly { readonly path?: string }[]) => events.map(({ path }) => path);

for (const [what, fails] of Object.entries({ "answers 500": 500, "is asked to slow down": 429, "redirects": 307 })) {
  Deno.test(`Delivery sends again what a service that ${what} has not taken, in the order of each session`, () =>
    withTable(async (table) => {
      const failures = new Map<string, number>();
      await using service = new Receiver(({ id, session }) => {
        const count = failures.get(id) ?? 0;
        failures.set(id, count + 1);
        return session === "bad" && count < 3 ? fails : 200;
      });
      const events = collect(table, [{ url: service.url }]);
      for (let number = 0; number < 10; number++) {
        for (const session of ["bad", "good"]) events.emit(upload(session, `/${session}/${number}`));
      }
      const reports: string[] = [];
      await using _ = deliver(table, [service.url], { reports });
      await service.until(() => service.taken.length === 20);
      for (const session of ["bad", "good"]) {
        const expected = Array.from({ length: 10 }, (_, number) => `/${session}/${number}`);
        assertEquals(pathsOf(service.taken.filter((event) => event.session === session)), expected);
      }
      assertEquals(service.posts.length, 10 + 10 * 4);
      assertMatch(reports[0] ?? "", new RegExp(`/events" does not take events.*: It answered ${fails}$`));
      // What follows its path is a secret.
      assert(!reports.join().includes("token"));
    }));
}

Deno.test("Delivery waits for a service that is down, and no other waits for it", () =>
  withTable(async (table) => {
    await using other = new Receiver();
    let port;
    {
      await using gone = new Receiver();
      port = gone.port;
    }
    const url = `http://127.0.0.1:${port}/events`;
    const events = collect(table, [{ url }, { url: other.url }]);
    const reports: string[] = [];
    await using _ = deliver(table, [url, other.url], { reports });
    for (const path of ["/1", "/2", "/3"]) events.emit(upload("1", path));
    await other.until(() => other.taken.length === 3);
    await using service = new Receiver(() => 200, port);
    await service.until(() => service.taken.length === 3);
    assertEquals(pathsOf(service.taken), ["/1", "/2", "/3"]);
    assertEquals(service.taken.map(({ id }) => id), other.taken.map(({ id }) => id));
  }));

Deno.test("Delivery gives up an answer that does not come in time, and sends the event again", () =>
  withTable(async (table) => {
    const gate = Promise.withResolvers<number>();
    await using service: Receiver = new Receiver(() => service.posts.length === 1 ? gate.promise : 200);
    collect(table, [{ url: service.url }]).emit(upload("1", "/slow"));
    await using _ = deliver(table, [service.url], { timing: { timeout: 50 } });
    await service.until(() => service.taken.length === 1);
    gate.resolve(500);
    assertEquals(pathsOf(service.posts), ["/slow", "/slow"]);
  }));

Deno.test("Delivery keeps what is refused as a dead letter, goes on, and sends it once more when asked to", () =>
  withTable(async (table) => {
    let status = 404;
    await using service = new Receiver(({ path }) => path === "/bad" ? status : 200);
    const events = collect(table, [{ url: service.url }]);
    for (const path of ["/bad", "/good"]) events.emit(upload("1", path));
    const reports: string[] = [];
    await using _ = deliver(table, [service.url], { reports });
    await service.until(() => service.taken.length === 1);
    const [dead] = table.dead();
    assertEquals([dead?.endpoint, dead?.attempts, dead?.error], [service.url, 1, "It answered 404"]);
    assertMatch(reports.join("\n"), /^Event \S+ for "http\S+" became a dead letter: It answered 404$/);
    status = 200;
    assertEquals(table.replay(["no such"], Date.now()), 0);
    assertEquals(table.replay([dead?.id ?? ""], Date.now()), 1);
    await service.until(() => service.taken.length === 2);
    assertEquals(pathsOf(service.taken), ["/good", "/bad"]);
    assertEquals(table.dead(), []);
  }));

Deno.test("Delivery gives up what nobody has taken for as long as events live", () =>
  withTable(async (table) => {
    await using service = new Receiver(({ path }) => path === "/old" ? 500 : 200);
    const events = collect(table, [{ url: service.url }]);
    events.emit({ ...upload("1", "/old"), time: Date.now() - 24 * 3_600_000 });
    events.emit(upload("1", "/new"));
    await using _ = deliver(table, [service.url]);
    await service.until(() => service.taken.length === 1);
    assertEquals(table.dead().map(({ error }) => error), ["It answered 500"]);
  }));

Deno.test("Delivery keeps a bounded number of events, and says how many it gave up", () =>
  withTable(async (table) => {
    const gate = Promise.withResolvers<void>();
    let open = false;
    await using service = new Receiver(async () => {
      if (!open) await gate.promise;
      return open ? 200 : 500;
    });
    const events = collect(table, [{ url: service.url }]);
    for (let number = 0; number < 50; number++) events.emit(upload("1", `/${number}`));
    const told = Promise.withResolvers<string>();
    await using _ = new Delivery({
      queue: table,
      secrets: new Map([[service.url, new TextEncoder().encode(SECRET)]]),
      most: 10,
      report: (message) => told.resolve(message),
      timing: FAST,
    });
    assertMatch(await told.promise, /^40 events for "http\S+" became dead letters: more than 10 wait$/);
    open = true;
    gate.resolve();
    await service.until(() => service.taken.at(-1)?.path === "/49");
    assertEquals(pathsOf(service.taken).slice(-10), Array.from({ length: 10 }, (_, number) => `/${40 + number}`));
    // As many dead ones are kept.
    assert(table.dead().length <= 10);
  }));

Deno.test("Delivery sends no more to a URL that is no webhook any more", () =>
  withTable(async (table) => {
    await using service = new Receiver();
    collect(table, [{ url: "https://old.example/" }]).emit(upload("1", "/a"));
    const bury = table.buryOthers.bind(table);
    let buried = Promise.withResolvers<void>();
    table.buryOthers = (endpoints, now) => {
      bury(endpoints, now);
      buried.resolve();
    };
    await using _ = deliver(table, [service.url]);
    const isDead = () => {
      assertEquals(table.dead().map(({ error }) => error), ["No webhook has this URL any more"]);
      assertEquals(table.counts(), [{ endpoint: "https://old.example/", waiting: 0, dead: 1 }]);
    };
    isDead();
    // Nobody would ever look for it: it must not wait for ever.
    assertEquals(table.replay(undefined, Date.now()), 1);
    buried = Promise.withResolvers();
    await buried.promise;
    isDead();
  }));

Deno.test("Delivery reports why a service cannot be reached, without what may be secret in its URL", () =>
  withTable(async (table) => {
    await using service = new Receiver();
    // It speaks no TLS.
    const url = service.url.replace("http:", "https:");
    collect(table, [{ url }]).emit(upload("1", "/a"));
    const told = Promise.withResolvers<string>();
    await using _ = new Delivery({
      queue: table,
      secrets: new Map([[url, new TextEncoder().encode(SECRET)]]),
      most: 10,
      report: (message) => told.resolve(message),
      timing: FAST,
    });
    assertMatch(await told.promise, /^"https:\/\/\S+\/events" .* are kept and sent again: .*corrupt message/);
    assert(!(await told.promise).includes("token"));
  }));

Deno.test("EventCollector sends each service what passes its filters, with all that is known and no stack", () =>
  withTable((table) => {
    const endpoints: readonly Endpoint[] = [
      { url: "http://default/" },
      { url: "http://ann/", accounts: ["ann"] },
      { url: "http://csv/", paths: ["/in/**/*.csv"] },
      { url: "http://pdf/", paths: ["/**/*.pdf"] },
      { url: "http://failures/", outcomes: ["failure"] },
      { url: "http://commands/", types: ["command"] },
    ];
    const events = collect(table, endpoints);
    const bob = { session: "2", address: "192.0.2.2", user: "bob" };
    events.emit(upload("1", "/in/.hidden/a.csv"));
    events.emit(upload("1", "/", { direction: "listing", verb: "LIST" }));
    events.emit(upload("2", "/out/b", { ...bob, complete: false, reason: "quota", error: new Error("Full") }));
    events.emit({ type: "fileChanged", ...bob, change: "renamed", path: "/out/c", to: "/in/c.csv" });
    events.emit({ type: "fileChanged", ...bob, change: "deleted", path: "/d.pdf" });
    events.emit({ type: "command", ...bob, line: "PASS ****" });
    events.emit({ type: "login", session: "3", address: "192.0.2.3", name: "ann", ok: false, protection: "clear" });
    const sent = endpoints.map(({ url }) =>
      table.heads(url, { now: Date.now(), most: 99 }).flatMap((head) => {
        const bodies: string[] = [];
        for (let letter = table.next(url, head.session, Date.now()); letter;) {
          const { type, path = "" } = JSON.parse(letter.body);
          bodies.push(`${type} ${path}`.trim());
          table.remove(letter.seq);
          letter = table.next(url, head.session, Date.now());
        }
        return bodies;
      })
    );
    assertEquals(sent, [
      ["transfer /in/.hidden/a.csv", "transfer /out/b", "fileChanged /out/c", "fileChanged /d.pdf", "login"],
      ["transfer /in/.hidden/a.csv", "login"],
      ["transfer /in/.hidden/a.csv", "fileChanged /out/c"],
      ["fileChanged /d.pdf"],
      ["transfer /out/b", "login"],
      ["command"],
    ]);
    return Promise.resolve();
  }));

Deno.test("EventCollector writes the time as text, an error as its message, and no place in the source", () =>
  withTable((table) => {
    const url = "http://only/";
    const events = collect(table, [{ url }]);
    events.emit({ type: "problem", level: "error", message: "It broke", error: new TypeError("Because"), time: 0 });
    const { id, ...body } = JSON.parse(table.next(url, "", 1)?.body ?? "");
    assertMatch(id, /^[\da-f-]{36}$/);
    const time = "1970-01-01T00:00:00.000Z";
    assertEquals(body, { version: 1, time, type: "problem", level: "error", message: "It broke", error: "Because" });
    return Promise.resolve();
  }));

Deno.test("EventCollector writes a CloudEvent for a service that wants one, which is posted as such", () =>
  withTable(async (table) => {
    const type = Promise.withResolvers<string | null>();
    await using service = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ headers }) => {
      type.resolve(headers.get("content-type"));
      return new Response();
    });
    const url = `http://127.0.0.1:${service.addr.port}/`;
    collect(table, [{ url: "http://plain/" }, { url, format: "cloudevents" }]).emit(upload("1", "/a"));
    const plain = JSON.parse(table.next("http://plain/", "1", Date.now())?.body ?? "");
    assertEquals(JSON.parse(table.next(url, "1", Date.now())?.body ?? ""), {
      specversion: "1.0",
      id: plain.id,
      source: "denoftpd",
      type: "denoftpd.transfer",
      time: plain.time,
      subject: "/a",
      datacontenttype: "application/json",
      data: plain,
    });
    await using _ = deliver(table, [url]);
    assertEquals(await type.promise, "application/cloudevents+json");
  }));

Deno.test("EventCollector reports a queue that takes nothing once, and again only after it took something", () => {
  let full = true;
  let kept = 0;
  const events = new EventStream();
  const failures: unknown[] = [];
  const { listener, types } = new EventCollector({
    endpoints: [{ url: "http://only/" }],
    add: () => {
      if (full) throw new Error("database or disk is full");
      kept++;
    },
    onFailure: (error) => {
      failures.push(error);
      // As the server does: this is an event that it would post, too.
      events.emit({ type: "problem", level: "error", message: "Lost", error });
    },
  });
  events.on(listener, types);
  for (const isFull of [true, true, false, true]) {
    full = isFull;
    events.emit(upload("1", "/a"));
  }
  assertEquals([failures.length, kept], [2, 1]);
});
