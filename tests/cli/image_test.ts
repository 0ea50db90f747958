/** The image of `deploy/` as far as no engine is needed: what goes into it, and whether what is said of it agrees. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join, relative } from "@std/path";
import * as v from "valibot";
import { parse } from "yaml";
import { readFixtureFlags } from "../../lib/cli/fixture/flags.ts";
import { gatherSettings, parseGathered } from "../../lib/cli/settings/read.ts";
import type { Settings } from "../../lib/cli/settings/table.ts";
import { parseUserCommand } from "../../lib/cli/user/flags.ts";
import { VERSION } from "../../lib/version.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const read = (name: string) => Deno.readTextFile(join(ROOT, name));

/** The lines of a file for a shell or a builder, without comments and line ends that are escaped. */
const linesOf = (text: string) =>
  text.replaceAll(/^#.*\n/gm, "").replaceAll(/\\\n\s*/g, "").split("\n").filter(Boolean);

const DOCKERFILE = linesOf(await read("deploy/Dockerfile"));

/** What follows `keyword` in each instruction that begins with it. */
function saidBy(keyword: string): string[] {
  return DOCKERFILE.filter((line) => line.startsWith(`${keyword} `)).map((line) => line.slice(keyword.length + 1));
}

/** What the builder copies of this folder. */
const COPIED = saidBy("COPY").filter((line) => !line.startsWith("--from=")).flatMap((line) =>
  line.split(" ").slice(0, -1)
);

const ENVIRONMENT = Object.fromEntries(
  saidBy("ENV").flatMap((line) => line.split(/\s+/)).map((pair) => pair.split("=")),
);

/** The settings of the image's `args` with more variables. Rejects where one of these is none of ours. */
async function settingsOf(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Settings> {
  const all: Readonly<Record<string, string>> = { ...ENVIRONMENT, ...variables };
  assertEquals(args[0], "serve");
  const gathered = await gatherSettings(args.slice(1), {
    env: (name) => all[name],
    envNames: () => Object.keys(all),
    readFile: () => Promise.reject(new Error("There is none")),
  });
  assertEquals(gathered.warnings, []);
  return parseGathered(gathered);
}

Deno.test("deploy/Dockerfile copies what is there, and the builder is sent nothing else", async () => {
  for (const path of COPIED) await Deno.stat(join(ROOT, path));
  const ignored = linesOf(await read("deploy/Dockerfile.dockerignore"));
  assertEquals(ignored, ["*", ...COPIED.toSorted().map((path) => `!${path}`)]);
});

Deno.test("deploy/Dockerfile copies every module that the executable is made of", async () => {
  for (const module of ["main.ts", "scripts/compile.ts"]) {
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", module], cwd: ROOT })
      .output();
    const { modules } = v.parse(
      v.object({ modules: v.array(v.object({ specifier: v.string() })) }),
      JSON.parse(new TextDecoder().decode(stdout)),
    );
    const own = modules.map(({ specifier }) => specifier).filter((specifier) => specifier.startsWith("file:"))
      .map((specifier) => relative(ROOT, fromFileUrl(specifier)));
    assert(own.includes(module));
    assertEquals(own.filter((path) => !COPIED.includes(path.split("/")[0] ?? "")), []);
  }
});

Deno.test("deploy/Dockerfile is built by the Deno of the release and publishes the ports of its settings", async () => {
  const [deno = ""] = saidBy("FROM");
  const version = /deno-version: (\S+)/.exec(await read(".github/workflows/release.yml"))?.[1];
  assertEquals(deno, `denoland/deno:${version} AS build`);
  const { host, port, passivePorts, active, users } = await settingsOf(JSON.parse(saidBy("CMD")[0] ?? ""));
  assertEquals([host, active, users], ["0.0.0.0", false, "/etc/denoftpd/users.json"]);
  assertEquals(saidBy("EXPOSE"), [`${port} ${passivePorts}`]);
  assertMatch(saidBy("USER").join(), /^[1-9]\d*:[1-9]\d*$/);
});

const SERVICE = v.object({
  image: v.string(),
  user: v.string(),
  environment: v.record(v.string(), v.string()),
  ports: v.optional(v.array(v.string()), []),
  volumes: v.array(v.string()),
  read_only: v.literal(true),
  cap_drop: v.tuple([v.literal("ALL")]),
  stop_grace_period: v.string(),
});

for (const name of ["compose.yaml", "compose.cluster.yaml"]) {
  Deno.test(`deploy/${name} runs the image on its ports, as no root, and lets transfers end`, async () => {
    const { services } = parse(await read(`deploy/${name}`), { merge: true });
    const ours = Object.values(services).filter((service) => v.is(v.object({ build: v.unknown() }), service));
    assert(ours.length > 0);
    for (const service of ours) {
      const { user, environment, ports, volumes, stop_grace_period } = v.parse(SERVICE, service);
      const settings = await settingsOf(["serve"], environment);
      const { port, passivePorts, grace, drainDelay, users = "" } = settings;
      // In the cluster it is HAProxy that has ports outside.
      if (ports.length > 0) assertEquals(ports, [`21:${port}`, `${passivePorts}:${passivePorts}`]);
      assertMatch(user, /^[1-9]\d*:[1-9]\d*$/);
      assertEquals(volumes, ["./etc:/etc/denoftpd:ro", `./files:${saidBy("WORKDIR").at(-1)}`]);
      assert(users.startsWith("/etc/denoftpd/"), users);
      assertMatch(stop_grace_period, /^\d+s$/);
      assert(Number.parseInt(stop_grace_period) * 1000 > grace + drainDelay);
    }
  });
}

/** The words after the image's name in each line that runs it. */
function runsOf(text: string): string[][] {
  const lines = text.replaceAll(/^# {3}/gm, "").replaceAll(/\\\n\s*/g, "").split("\n");
  return lines.flatMap((line) => {
    const [, command] = /^docker run .*? (?:ghcr\.io\/\S+|denoftpd)((?: .*)?)$/.exec(line) ?? [];
    return command === undefined ? [] : [command.trim().split(/\s+/)];
  });
}

/** By the first word. */
const PARSERS: Readonly<Record<string, (args: readonly string[]) => unknown>> = {
  serve: (args) => settingsOf(["serve", ...args]),
  user: parseUserCommand,
  fixture: readFixtureFlags,
};

for (
  const [name, commands] of [
    ["docs/deploy.md", ["serve", "serve", "user"]],
    ["docs/fixture.md", ["fixture"]],
    ["deploy/compose.yaml", ["user"]],
  ] as const
) {
  Deno.test(`${name} runs the image with command lines that are understood`, async () => {
    const runs = runsOf(await read(name));
    assertEquals(runs.map(([command]) => command).toSorted(), [...commands]);
    for (const [command = "", ...args] of runs) await PARSERS[command]?.(args);
  });
}

Deno.test("the image has the name and the version of this release wherever it is named", async () => {
  for (const file of ["docs/deploy.md", "docs/fixture.md", "deploy/kubernetes.yaml"]) {
    const names = new Set(Array.from((await read(file)).matchAll(/ghcr\.io\/[\w./:-]+/g), ([name]) => name));
    assertEquals([...names], [`ghcr.io/denoftpd/denoftpd:v${VERSION}`], file);
  }
});

Deno.test("docs/fixture.md has Testcontainers run a command line that is understood", async () => {
  const [, words = ""] = /\.withCommand\((\[.*\])\)$/m.exec(await read("docs/fixture.md")) ?? [];
  const [command, ...args]: string[] = JSON.parse(words);
  assertEquals(command, "fixture");
  readFixtureFlags(args);
});
