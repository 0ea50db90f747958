import { assertEquals } from "@std/assert";
import { Chain, type Link } from "../../lib/session/chain.ts";

class Named implements Link<Named> {
  before: Named | undefined;
  after: Named | undefined;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

function chainOf(names: string): { readonly chain: Chain<Named>; readonly links: readonly Named[] } {
  const chain = new Chain<Named>();
  const links = Array.from(names, (name) => new Named(name));
  for (const link of links) chain.add(link);
  return { chain, links };
}

const namesIn = (chain: Chain<Named>) => Array.from(chain, ({ name }) => name).join("");

Deno.test("Chain keeps its elements in order, whichever are removed", () => {
  for (const left of ["", "a", "b", "c", "ab", "ac", "bc", "abc"]) {
    const { chain, links } = chainOf("abc");
    for (const link of links) if (!left.includes(link.name)) chain.remove(link);
    assertEquals([namesIn(chain), chain.size], [left, left.length]);
    chain.add(new Named("d"));
    assertEquals([namesIn(chain), chain.size], [`${left}d`, left.length + 1]);
  }
});

Deno.test("Chain leaves nothing of the others with an element that is removed", () => {
  const { chain, links: [, middle] } = chainOf("abc");
  chain.remove(middle!);
  assertEquals([middle?.before, middle?.after], [undefined, undefined]);
  chain.add(middle!);
  assertEquals(namesIn(chain), "acb");
});

Deno.test("Chain can lose each element of a walk when the walk has reached it", () => {
  const { chain } = chainOf("abc");
  let seen = "";
  for (const link of chain) {
    seen += link.name;
    chain.remove(link);
  }
  assertEquals([seen, chain.size], ["abc", 0]);
});
