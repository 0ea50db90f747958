import { assertEquals } from "@std/assert";
import type { Untimed } from "../../lib/events.ts";
import { makeBeforeHook } from "../../lib/cli/operations/before_hook.ts";
import type { BeforeHook, PendingCommand } from "../../lib/options.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { FtpServer } from "../../lib/server/server.ts";
import { authenticatorOf } from "../helpers/server.ts";
import { Wire } from "../helpers/wire.ts";

const COMMAND: PendingCommand = { session: "1", address: "192.0.2.1", verb: "STOR", argument: "a", path: "/a" };

/** A service that a test answers for, and the hook that asks it. */
async function withService(
  answer: (command: PendingCommand) => Response | Promise<Response>,
  body: (hook: BeforeHook, events: readonly Untimed[]) => Promise<void>,
  settings: { readonly timeout?: number; readonly failure?: "allow" | "refuse" } = {},
): Promise<void> {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => await answer(await request.json()),
  );
  const events: Untimed[] = [];
  const hook = makeBeforeHook({
    beforeHook: new URL(`http://127.0.0.1:${server.addr.port}/may`),
    beforeHookVerbs: ["STOR", "USER"],
    beforeHookTimeout: settings.timeout ?? 5_000,
    beforeHookFailure: settings.failure ?? "refuse",
  }, (event) => void events.push(event));
  if (!hook) throw new Error("There is no hook");
  await body(hook, events);
}

const LATER = { code: 451, text: "Not possible now, try again later" };

Deno.test("makeBeforeHook asks about its verbs alone, with all that is known of the command", async () => {
  const seen: PendingCommand[] = [];
  await withService((command) => {
    seen.push(command);
    return new Response(null, { status: 204 });
  }, async (hook) => {
    assertEquals(hook({ ...COMMAND, verb: "NOOP" }), undefined);
    assertEquals(await hook(COMMAND), undefined);
  });
  assertEquals(seen, [COMMAND]);
});

Deno.test("makeBeforeHook replies as the service says, and lets no line in it end the reply", () =>
  withService(({ argument }) => {
    if (argument === "421") return Response.json({ code: 421, text: "Go away" });
    return Response.json({ code: 553, text: "Not\r\n230 this" });
  }, async (hook) => {
    assertEquals(await hook(COMMAND), { code: 553, text: "Not 230 this" });
    assertEquals(await hook({ ...COMMAND, argument: "421" }), { code: 421, text: "Go away", then: "close" });
  }));

for (
  const [what, answer] of Object.entries({
    "an error": () => new Response(null, { status: 500 }),
    "a redirect": () => Response.redirect("http://127.0.0.1:9/", 307),
    "no JSON": () => new Response("yes"),
    "a reply that is no refusal": () => Response.json({ code: 200, text: "Fine" }),
    "too much": () => new Response(" ".repeat(20_000)),
  })
) {
  Deno.test(`makeBeforeHook does as it is set when the service sends ${what}, and reports it once`, async () => {
    for (const [failure, expected] of [["refuse", LATER], ["allow", undefined]] as const) {
      await withService(answer, async (hook, events) => {
        for (let time = 0; time < 3; time++) assertEquals(await hook(COMMAND), expected);
        assertEquals(events.map(({ type }) => type), ["problem"]);
      }, { failure });
    }
  });
}

Deno.test("makeBeforeHook waits no longer than it is set", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  await withService(() => promise, async (hook) => {
    assertEquals(await hook(COMMAND), LATER);
    resolve(new Response(null, { status: 204 }));
  }, { timeout: 50 });
});

Deno.test("A hook that hangs for one session slows no other, and its session goes on after it", async () => {
  const gate = Promise.withResolvers<Response>();
  const pass = () => new Response(null, { status: 204 });
  const arrived = Promise.withResolvers<void>();
  await withService(({ path }) => {
    if (path !== "/slow") return pass();
    arrived.resolve();
    return gate.promise;
  }, async (before) => {
    const authenticator = authenticatorOf({ name: "demo" });
    await using server = new FtpServer({ authenticator, fileSystem: () => new MemoryVfs(), port: 0, before });
    server.listen();
    const visit = async () => {
      const wire = await Wire.connect(server.address.port);
      await wire.expectReply(220);
      await wire.login();
      return wire;
    };
    await using held = await visit();
    const upload = held.upload("STOR slow", "x");
    await arrived.promise;
    await using other = await visit();
    for (let time = 0; time < 50; time++) await other.expect("NOOP", 200);
    assertEquals((await other.upload("STOR quick", "y")).code, 226);
    gate.resolve(pass());
    assertEquals((await upload).code, 226);
  });
});
