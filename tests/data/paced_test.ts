import { assert, assertEquals } from "@std/assert";
import { paced } from "../../lib/data/paced.ts";

/** Batches of 64 that are ready at once, until nobody wants more. */
async function* endless(): AsyncGenerator<readonly number[]> {
  for (let start = 0;; start += 64) yield Array.from({ length: 64 }, (_, index) => start + index);
}

Deno.test("paced yields the same batches in the same order", async () => {
  const batches = [[1, 2], [], Array.from({ length: 1000 }, (_, index) => index), [3]];
  assertEquals(
    await Array.fromAsync(paced((async function* () {
      yield* batches;
    })())),
    batches,
  );
});

Deno.test("paced lets others be heard beside a producer that never waits", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  using near = await Deno.connect({ hostname, port });
  using far = await listener.accept();
  let heard = false;
  const hearing = far.read(new Uint8Array(1)).then(() => heard = true);
  await near.write(new Uint8Array(1));
  let batches = 0;
  // Enough for twenty looks. Mere turns of the event loop bring one look in sixty.
  for await (const _ of paced(endless())) if (heard || ++batches === 60) break;
  assert(heard);
  await hearing;
});

Deno.test("paced ends the producer when the consumer stops", async () => {
  let ended = false;
  async function* producer() {
    try {
      yield* endless();
    } finally {
      ended = true;
    }
  }
  let batches = 0;
  for await (const _ of paced(producer())) if (++batches === 10) break;
  assert(ended);
});
