import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { ALICE, ServerUnderTest, type StartOptions } from "../clients/server_under_test.ts";
import { readAll, Wire } from "../helpers/wire.ts";

const unix = Deno.build.os !== "windows";
const SIZE = 20_000_003;

/** What happens while a server drains for the sake of one transfer. */
interface Stage {
  readonly server: ServerUnderTest;
  /** Logged in, with everything ready for a transfer. */
  readonly ftp: Wire;
  /** Resolves once the server has begun to drain. */
  readonly drain: () => Promise<void>;
}

async function withServer(options: StartOptions, act: (stage: Stage) => Promise<void>): Promise<void> {
  await using server = await ServerUnderTest.start(options);
  await using idle = await Wire.connect(server.port);
  await idle.expectReply(220);
  await using ftp = await Wire.connect(server.port);
  await ftp.expectReply(220);
  await ftp.login(ALICE.user, ALICE.password);
  await ftp.expect("TYPE I", 200);
  const drain = async (): Promise<void> => {
    Deno.kill(server.pid, "SIGTERM");
    await idle.expectReply(421);
  };
  await act({ server, ftp, drain });
}

for (const workers of [1, 2]) {
  const title = `serve with ${workers} event loop${workers > 1 ? "s" : ""}`;

  Deno.test({
    name: `${title} goes on draining at SIGHUP`,
    ignore: !unix,
    fn: () =>
      withServer({ workers }, async ({ server, ftp, drain }) => {
        await Deno.writeFile(join(server.root, "large"), new Uint8Array(SIZE));
        const data = await ftp.passive();
        await ftp.expect("RETR large", 150);
        await drain();
        for (let times = 0; times < 3; times++) Deno.kill(server.pid, "SIGHUP");
        assertEquals((await readAll(data)).length, SIZE);
        await ftp.expectReply(226);
        assertEquals(await server.stop(), { success: true, code: 0, signal: null });
      }),
  });

  Deno.test({
    name: `${title} ends in good order at a second SIGTERM, and leaves no part of an upload behind`,
    ignore: !unix,
    fn: () =>
      withServer(
        { workers, accounts: [{ ...ALICE, flags: ["--uploads", "atomic"] }] },
        async ({ server, ftp, drain }) => {
          const data = await ftp.passive();
          await ftp.expect("STOR report", 150);
          await data.write(new Uint8Array(1000));
          await drain();
          assertEquals(await server.stop(), { success: true, code: 0, signal: null });
          await ftp.expectReply(426);
          data.close();
          assertEquals([...Deno.readDirSync(server.root)], []);
        },
      ),
  });
}
