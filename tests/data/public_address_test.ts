import { assertEquals } from "@std/assert";
import { PublicAddress } from "../../lib/data/public_address.ts";
import { FakeTime } from "../helpers/fake_time.ts";

const ENDS = {
  local: { hostname: "10.0.0.5", port: 21, transport: "tcp" },
  remote: { hostname: "198.51.100.7", port: 40_000, transport: "tcp" },
} as const;
const MINUTE = 60_000;

/** A name whose answers a test decides on. */
class Name {
  answer: () => Promise<string> = () => Promise.reject(new Error("no such name"));
  asked = 0;
  time = 0;
  readonly problems: string[] = [];
  readonly address = new PublicAddress({
    address: "ftp.example.test",
    localNetworks: [],
    resolve: () => {
      this.asked++;
      return this.answer();
    },
    now: () => this.time,
    onProblem: (message) => this.problems.push(message),
  });

  forClient(): string | undefined | Promise<string | undefined> {
    return this.address.forClient(ENDS);
  }
}

Deno.test("PublicAddress asks again for each client until a name resolves, and says so", async () => {
  const name = new Name();
  assertEquals(await name.forClient(), undefined);
  assertEquals(name.problems, ['Cannot resolve the passive address "ftp.example.test": PASV is refused']);
  name.answer = () => Promise.resolve("203.0.113.1");
  assertEquals(await name.forClient(), "203.0.113.1");
});

Deno.test("PublicAddress keeps the last answer while the resolver fails, and then takes the next", async () => {
  const name = new Name();
  name.answer = () => Promise.resolve("203.0.113.1");
  assertEquals(await name.forClient(), "203.0.113.1");
  name.answer = () => Promise.reject(new Error("no server"));
  assertEquals(name.forClient(), "203.0.113.1");
  name.time += MINUTE;
  assertEquals(await name.forClient(), "203.0.113.1");
  assertEquals(name.problems, ['Cannot resolve the passive address "ftp.example.test": PASV still sends 203.0.113.1']);
  // Not for each client, while it fails.
  assertEquals(name.forClient(), "203.0.113.1");
  assertEquals(name.asked, 2);
  name.answer = () => Promise.resolve("203.0.113.2");
  name.time += MINUTE;
  assertEquals(await name.forClient(), "203.0.113.2");
});

Deno.test("PublicAddress waits five seconds for a resolver that does not answer", async () => {
  using time = new FakeTime(0);
  const name = new Name();
  name.answer = () => new Promise(() => {});
  const [first, second] = [name.forClient(), name.forClient()];
  await time.pass(5_000);
  assertEquals([await first, await second], [undefined, undefined]);
  assertEquals([name.asked, name.problems.length, time.pending], [1, 1, 0]);
});
