/** The manifests of `deploy/`, by the models of Kubernetes' own client. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import * as v from "valibot";
import { run } from "../clients/process.ts";

/** Python modules of Debian's packages are those of Debian's Python. */
const PYTHON = "/usr/bin/python3";
const CHECK = fromFileUrl(new URL("kubernetes_models.py", import.meta.url));
const MANIFESTS = new URL("../../deploy/kubernetes.yaml", import.meta.url);

const { success } = await new Deno.Command(PYTHON, {
  args: ["-c", "import kubernetes, yaml"],
  stdout: "null",
  stderr: "null",
}).output();
const ignore = !success && Deno.env.get("CI") === undefined;

Deno.test({
  name: "deploy/kubernetes.yaml has nothing that the models of Kubernetes do not know, and all that they need",
  ignore,
  fn: async () => {
    const text = await Deno.readTextFile(MANIFESTS);
    const wrongs = [
      ["replicas: 3", "replica: 3", "StatefulSet denoftpd.spec.replica: unknown"],
      ["replicas: 3", 'replicas: "3"', 'StatefulSet denoftpd.spec.replicas: "3" is of another type'],
      ['value: "2990"', "value: 2990", "2990 is of another type"],
      ["  serviceName: denoftpd\n", "", "StatefulSet denoftpd: Invalid value for `service_name`"],
      ["kind: NetworkPolicy", "kind: NetPolicy", "NetPolicy denoftpd: "],
    ] as const;
    const stdin = JSON.stringify([text, ...wrongs.map(([right, wrong]) => text.replace(right, wrong))]);
    const [own, ...others] = v.parse(
      v.array(v.array(v.string())),
      JSON.parse((await run(PYTHON, [CHECK], { stdin })).stdout),
    );
    assertEquals(own, []);
    for (const [index, [, wrong, problem]] of wrongs.entries()) {
      assertEquals(others[index]?.length, 1, wrong);
      assertStringIncludes(others[index]?.[0] ?? "", problem);
    }
  },
});
