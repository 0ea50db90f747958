import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import * as v from "valibot";
import * as schemas from "../../lib/admin/schemas.ts";
import { ALICE } from "../clients/server_under_test.ts";
import { Wire } from "../helpers/wire.ts";
import { Receiver, SECRET } from "../webhooks/receiver.ts";
import { AdminUnderTest } from "./admin_under_test.ts";

for (const workers of Deno.build.os === "linux" ? [1, 2] : [1]) {
  Deno.test(`the API lists dead letters, and sends them once more, with ${workers} event loop(s)`, async () => {
    const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-dead-letters-" }));
    try {
      let status = 404;
      await using service = new Receiver(({ type }) => type === "fileChanged" ? status : 200);
      const [state, secret] = [join(directory, "state"), join(directory, "secret")];
      await Deno.writeTextFile(secret, SECRET);
      await using admin = await AdminUnderTest.start({
        workers,
        readable: [directory],
        writable: [directory],
        flags: [
          ...["--state", state, "--webhook", service.url, "--webhook-secret-file", secret],
          ...["--metrics", "127.0.0.1:0"],
        ],
      });
      const look = async () => v.parse(schemas.webhooks, (await admin.ask("GET /api/webhooks")).json);
      const replay = (body: unknown) => admin.ask("POST /api/webhooks/replay", { body });
      await using wire = await Wire.connect(admin.server.port);
      await wire.expectReply(220);
      await wire.login(ALICE.user, ALICE.password);
      await wire.expect("MKD d", 257);
      await admin.server.untilLogged(/became a dead letter: It answered 404\n/);

      const { webhooks, deadLetters: [letter, ...others] } = await look();
      // The query of a URL may be a secret.
      const endpoint = `http://127.0.0.1:${service.port}/events?***`;
      assertEquals(webhooks.map((each) => [each.endpoint, each.dead]), [[endpoint, 1]]);
      assertEquals(others, []);
      const metrics = /Metrics are at (\S+)/.exec(await admin.server.untilLogged(/Metrics are at \S+\n/))?.[1] ?? "";
      assertStringIncludes(await (await fetch(metrics)).text(), '\ndenoftpd_webhook_events{state="dead"} 1\n');
      assertEquals([letter?.endpoint, letter?.attempts, letter?.error], [endpoint, 1, "It answered 404"]);
      assertEquals([letter?.event["id"], letter?.event["path"]], [letter?.id, "/d"]);
      assertEquals((await admin.ask("GET /api/webhooks?limit=0")).json["deadLetters"], []);
      assertEquals((await admin.ask("GET /api/webhooks?limit=many")).status, 400);

      status = 200;
      assertEquals((await replay({ ids: ["no such"] })).status, 404);
      assertEquals((await replay({ ids: [letter?.id] })).json, { replayed: 1 });
      await service.until(() => service.taken.some(({ id }) => id === letter?.id));
      assertEquals((await replay({})).json, { replayed: 0 });
      assertEquals((await look()).deadLetters, []);
      assertStringIncludes(await Deno.readTextFile(join(state, "audit.jsonl")), '"target":"/api/webhooks/replay"');
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

Deno.test("the API of a server without webhooks lists none, and has nothing to send once more", async () => {
  await using admin = await AdminUnderTest.start();
  assertEquals((await admin.ask("GET /api/webhooks")).json, { webhooks: [], deadLetters: [] });
  assertEquals((await admin.ask("POST /api/webhooks/replay", { body: {} })).status, 409);
});
