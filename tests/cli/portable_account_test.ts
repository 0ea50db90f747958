import { assertEquals } from "@std/assert";
import { createAccount } from "../../lib/auth/accounts.ts";
import { packAccount, restoreAccount } from "../../lib/cli/serve/portable_account.ts";
import { parseNetwork } from "../../lib/net/ip.ts";
import { parseAccess } from "../../lib/vfs/access_rules.ts";

Deno.test("restoreAccount returns the account that was packed and sent", () => {
  const network = parseNetwork("192.0.2.0/24");
  const account = createAccount({
    name: "ann",
    rootPath: "/srv/ann",
    rules: [{ path: "/", ...parseAccess("rw") }, { path: "/in", ...parseAccess("dropbox") }],
    allowFrom: network ? [network] : [],
    quota: 2 ** 40,
  });
  const restored = restoreAccount(structuredClone(packAccount(account)));
  assertEquals({ ...restored, allowFrom: [] }, { ...account, allowFrom: [] });
  assertEquals(restored.allowFrom.map((each) => each.contains("192.0.2.7")), [true]);
  assertEquals(restored.allowFrom.map((each) => each.contains("192.0.3.7")), [false]);
});
