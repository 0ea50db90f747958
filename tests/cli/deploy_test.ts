/** What `deploy/` has for several nodes: whether the program takes it, and its parts fit together. */

import { assert, assertEquals } from "@std/assert";
import { parse, parseAllDocuments } from "yaml";
import * as v from "valibot";
import { runCluster } from "../../lib/cli/cluster/cluster.ts";
import { readSettings } from "../../lib/cli/settings/read.ts";
import type { Settings } from "../../lib/cli/settings/table.ts";

const read = (name: string) => Deno.readTextFile(new URL(`../../deploy/${name}`, import.meta.url));

/** What the command in the first line that has one prints. */
async function printedFor(text: string): Promise<string> {
  const command = /denoftpd cluster (haproxy .*)/.exec(text)?.[1] ?? "";
  let config = "";
  const io = { stdout: (more: string) => void (config += more), stderr: (problem: string) => assert(false, problem) };
  assertEquals(await runCluster(command.split(" "), io), 0);
  return config;
}

/** The settings of a node with these variables, beside those of the image. */
async function settingsOf(name: string, variables: Readonly<Record<string, string>>): Promise<Settings> {
  const image = Object.fromEntries(
    (await read("Dockerfile")).matchAll(/\b(DENOFTPD_\w+)=(\S+)/g).map(([, ...pair]) => pair),
  );
  const all: Record<string, string> = { ...image, ...variables, DENOFTPD_NODE: name };
  return await readSettings([], {
    env: (name) => all[name],
    readFile: () => Promise.reject(new Error("There is none")),
  });
}

/** Each node listens on what its slice in the configuration of HAProxy says, and is what that asks for its health. */
async function assertFits(config: string, nodes: readonly string[], variables: Readonly<Record<string, string>>) {
  const slices = [...config.matchAll(/^listen slice-(\S+)\n {4}bind \*:(\S+)$/gm)].map((
    [, node, ports],
  ) => [node, ports]);
  assertEquals(slices.map(([node]) => node), [...nodes]);
  for (const [node = "", ports] of slices) {
    const { passivePorts, host, port, implicitTlsPort, metrics, drainDelay } = await settingsOf(node, variables);
    assertEquals([String(passivePorts), host], [ports, "0.0.0.0"]);
    for (const own of [port, implicitTlsPort].filter((each) => each !== undefined)) {
      const server = new RegExp(`^ {4}server ${node} \\S+:${own} check port ${metrics?.port}$`, "m");
      assert(server.test(config), `${node} ${own}`);
    }
    assert(drainDelay >= 6000);
  }
}

Deno.test("deploy/compose.cluster.yaml gives each node its slice, and HAProxy the same", async () => {
  const node = v.object({ environment: v.record(v.string(), v.string()), networks: v.array(v.string()) });
  const { services: { haproxy, ...nodes } } = v.parse(
    v.object({
      services: v.objectWithRest(
        { haproxy: v.object({ ports: v.array(v.string()), volumes: v.tuple([v.string()]) }) },
        node,
      ),
    }),
    parse(await read("compose.cluster.yaml"), { merge: true }),
  );
  const config = await read(haproxy.volumes[0].split(":")[0] ?? "");
  assertEquals(await printedFor(config), config);
  assertEquals(haproxy.ports, ["21:2121", "30000-30039:30000-30039"]);
  for (const [name, { environment }] of Object.entries(nodes)) {
    assertEquals(environment.DENOFTPD_NODE, name);
    await assertFits(config, Object.keys(nodes), environment);
  }
});

Deno.test("deploy/kubernetes.yaml gives each pod its slice and its Service, and HAProxy the same", async () => {
  const text = await read("kubernetes.yaml");
  const documents = parseAllDocuments(text).map((document) => {
    if ("errors" in document) assertEquals(document.errors, []);
    return "toJS" in document ? document.toJS() : undefined;
  });
  const kind = (name: string) => documents.filter((document) => document?.kind === name);
  const variable = v.object({ name: v.string(), value: v.optional(v.string()) });
  const { spec } = v.parse(
    v.object({
      spec: v.object({
        replicas: v.number(),
        template: v.object({ spec: v.object({ containers: v.tuple([v.object({ env: v.array(variable) })]) }) }),
      }),
    }),
    kind("StatefulSet")[0],
  );
  const pods = Array.from({ length: spec.replicas }, (_, index) => `denoftpd-${index}`);
  const env = spec.template.spec.containers[0].env;
  const variables = Object.fromEntries(env.map(({ name, value = "" }) => [name, value]));
  await assertFits(await printedFor(text), pods, variables);
  const selected = kind("Service").map(({ spec }) => spec.selector["statefulset.kubernetes.io/pod-name"]);
  assertEquals(selected.filter((pod) => pod !== undefined), pods);
});
