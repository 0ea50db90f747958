/** The Compose files of `deploy/`, by Compose itself. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { find, run } from "../clients/process.ts";

const ignore = await find("docker-compose") === undefined && Deno.env.get("CI") === undefined;

for (const name of ["compose.yaml", "compose.cluster.yaml"]) {
  Deno.test({
    name: `docker-compose takes deploy/${name}, and ignores nothing in it`,
    ignore,
    fn: async () => {
      const file = fromFileUrl(new URL(`../../deploy/${name}`, import.meta.url));
      const { stdout, stderr } = await run("docker-compose", ["-f", file, "config"]);
      assertStringIncludes(stdout, "DENOFTPD_PASSIVE_ADDRESS:");
      assertEquals(stderr, "");
    },
  });
}
