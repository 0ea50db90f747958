import { assert, assertEquals } from "@std/assert";
import { parse } from "yaml";

interface Workflow {
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly needs?: string | string[];
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Step {
  readonly run?: string;
  readonly uses?: string;
}

const { tasks }: { tasks: Record<string, string> } = JSON.parse(await Deno.readTextFile("deno.json"));

for (const file of ["ci", "release"]) {
  const workflow = parse(await Deno.readTextFile(`.github/workflows/${file}.yml`)) as Workflow;
  const steps = Object.values(workflow.jobs).flatMap(({ steps }) => steps);
  Deno.test(`the workflow ${file} names jobs, tasks and files that are there`, async () => {
    for (const { needs = [] } of Object.values(workflow.jobs)) {
      for (const job of [needs].flat()) assert(workflow.jobs[job], `there is no job ${job}`);
    }
    for (const { run = "" } of steps) {
      for (const [, task = ""] of run.matchAll(/deno task ([\w:]+)/g)) assert(tasks[task], `there is no task ${task}`);
      for (const [path] of run.matchAll(/(?<![\w./-])(?:deploy|tests|scripts|\.ci)\/[\w./-]+/g)) await Deno.stat(path);
    }
  });

  Deno.test(`the workflow ${file} names each action with its version`, () => {
    for (const { uses } of steps) assert(uses === undefined || /^[\w-]+\/[\w-]+@v\d+$/.test(uses), uses);
  });
}

Deno.test("the release goes to npm and JSR after its checksums, once approved, without a stored token", async () => {
  const text = await Deno.readTextFile(".github/workflows/release.yml");
  const { registries } = (parse(text) as Workflow).jobs;
  assert(registries, "there is such a job");
  const said = registries.steps.flatMap(({ run = [] }) => run);
  assertEquals(said, [
    "cd dist && sha256sum --check SHA256SUMS",
    "npm publish --access public dist/*.tgz",
    "deno publish",
  ]);
  assertEquals([registries.needs, registries.environment], ["publish", "registries"]);
  assertEquals(registries.permissions, { contents: "read", "id-token": "write" });
  assert(!text.includes("secrets."), "no secret of the repository");
});
