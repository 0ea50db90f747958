import { assertEquals } from "@std/assert";
import { similarTo } from "../../lib/net/similar.ts";

const WORDS = ["--port", "--passive-ports", "--idle-timeout", "--users", "--user", "--tls"];

for (
  const [word, meant] of [
    ["--prot", "--port"],
    ["--PORT", "--port"],
    ["--passivePorts", "--passive-ports"],
    ["--passive_port", "--passive-ports"],
    ["--idel-timeout", "--idle-timeout"],
    ["--usrs", "--users"],
    ["--something-else", undefined],
    ["--x", undefined],
    ["", undefined],
    ["x".repeat(100_000), undefined],
  ] as const
) {
  Deno.test(`similarTo finds ${meant ?? "nothing"} for ${word.slice(0, 20)}`, () => {
    assertEquals(similarTo(word, WORDS), meant);
  });
}
