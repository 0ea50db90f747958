/**
 * Holds the source to its layers: who may import whom is written in {@link LAW} and nowhere else, and no file may reach
 * itself through what it imports, types included: two files that need each other's types are one subject, or a third
 * that is missing.
 *
 *     deno run --allow-read=main.ts,lib scripts/check_imports.ts
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { foldersBelow } from "./source_tree.ts";

/** What one part of the source may import besides its own folder. */
export interface Part {
  readonly imports: readonly string[];
  /** Parts of which it may know the types, but run no code. */
  readonly types?: readonly string[];
}

const BELOW_COMMANDS = ["options", "data", "vfs", "auth", "tls", "protocol", "net", "events", "session_info"] as const;
const BELOW_SESSION = [...BELOW_COMMANDS, "commands", "version"] as const;
const BELOW_SERVER = [...BELOW_SESSION, "session"] as const;

/**
 * server → session → commands → { data, vfs, auth, tls, protocol }. A part is a folder of `lib`, or a file right in it
 * without its ending, or a folder in a folder that has a law of its own; `main` is the program.
 */
export const LAW: Readonly<Record<string, Part>> = {
  net: { imports: [] },
  threads: { imports: [] },
  events: { imports: [] },
  session_info: { imports: [], types: ["events"] },
  vfs: { imports: [] },
  "vfs/testing": { imports: ["vfs"] },
  build: { imports: [] },
  version: { imports: ["build"] },
  protocol: { imports: ["net"], types: ["vfs"] },
  "drivers/disk": { imports: ["vfs", "net"] },
  "drivers/memory": { imports: ["vfs", "net"] },
  "drivers/s3": { imports: ["vfs", "net"] },
  "drivers/registry": { imports: ["vfs", "drivers/disk", "drivers/memory", "drivers/s3"] },
  "drivers/mod": { imports: ["vfs", "drivers/disk", "drivers/memory", "drivers/s3", "drivers/registry"] },
  "auth/hashes": { imports: ["threads"] },
  auth: { imports: ["vfs", "net", "protocol", "auth/hashes"] },
  "auth/remote": { imports: ["auth", "net", "http"] },
  "auth/postgres": { imports: ["auth", "net"] },
  tls: { imports: ["net"] },
  data: { imports: ["net", "protocol"], types: ["vfs"] },
  native: { imports: ["net", "data", "vfs"], types: ["drivers/disk"] },
  "data/thread": { imports: ["data", "net", "native", "threads", "events"], types: ["vfs"] },
  options: { imports: ["vfs", "auth", "tls", "net", "data", "protocol", "events", "session_info"] },
  commands: { imports: [...BELOW_COMMANDS, "version"] },
  session: { imports: BELOW_SESSION },
  server: { imports: BELOW_SERVER },
  workers: { imports: [...BELOW_SERVER, "server", "threads", "data/thread", "native", "drivers/disk"] },
  cluster: { imports: [...BELOW_SERVER, "server"], types: ["drivers/s3"] },
  hooks: { imports: ["net", "threads", "events"], types: ["options", "protocol"] },
  client: { imports: ["protocol", "net", "data", "tls"], types: ["vfs"] },
  cassette: { imports: ["client", "protocol", "net", "tls", "data"] },
  doctor: { imports: ["client", "protocol", "net", "tls"] },
  webhooks: { imports: ["net", "events"] },
  state: { imports: ["net"], types: ["auth", "drivers/s3", "webhooks"] },
  agent: { imports: ["client", "protocol", "net"] },
  shell: { imports: ["agent", "client", "net", "protocol"] },
  log: { imports: ["events", "net"] },
  http: { imports: ["net"] },
  metrics: { imports: ["http", "events"], types: ["options"] },
  console: { imports: ["http"] },
  admin: {
    imports: [
      "net",
      "http",
      "events",
      "session_info",
      "vfs",
      "auth",
      "tls",
      "session",
      "server",
      "drivers/memory",
      "log",
      "version",
    ],
    types: ["webhooks"],
  },
  fixture: {
    imports: [...BELOW_SERVER, "server", "native", "log", "http", "hooks", "drivers/disk", "drivers/memory"],
  },
  mod: {
    imports: [
      ...BELOW_SERVER,
      "server",
      "native",
      "drivers/mod",
      "fixture",
      "hooks",
      "log",
    ],
  },
  cli: {
    imports: [
      ...[
        ...BELOW_SERVER,
        "server",
        "workers",
        "threads",
        "native",
        "data/thread",
        "auth/hashes",
        "auth/remote",
        "auth/postgres",
      ],
      ...["drivers/disk", "drivers/memory", "drivers/s3", "drivers/registry", "fixture", "log", "state", "metrics"],
      ...["http", "admin", "console", "webhooks", "cluster", "hooks"],
      ...["client", "agent", "doctor", "shell", "cassette"],
    ],
  },
  main: { imports: ["cli", "net", "threads", "version"] },
};

/** One import of a file of ours. */
interface Edge {
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

const STATEMENT = /^(?:import|export)\b([^;]*?)\bfrom\s*"(\.[^"]+)"/gm;
const SIDE_EFFECT_OR_LATE = /^import\s*"(\.[^"]+)"|\bimport\(\s*"(\.[^"]+)"/gm;

/** Resolves to a line for each import below `root` that breaks the law, and for each cycle. */
export async function checkTree(root: string, law: Readonly<Record<string, Part>> = LAW): Promise<string[]> {
  const edges: Edge[] = [];
  for (const path of await sources(root)) edges.push(...readEdges(path, await Deno.readTextFile(join(root, path))));
  return [...edges.flatMap((edge) => judge(edge, law)), ...findCycles(edges)];
}

async function sources(root: string): Promise<string[]> {
  const found = ["main.ts"];
  for await (const { paths } of foldersBelow(root, ["lib"])) {
    found.push(...paths.filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts")));
  }
  return found.toSorted();
}

function readEdges(from: string, source: string): Edge[] {
  const edges: Edge[] = [];
  for (const [, clause = "", specifier = ""] of source.matchAll(STATEMENT)) {
    edges.push({ from, to: join(dirname(from), specifier), typesOnly: isTypesOnly(clause) });
  }
  for (const [, direct, late] of source.matchAll(SIDE_EFFECT_OR_LATE)) {
    edges.push({ from, to: join(dirname(from), direct ?? late ?? ""), typesOnly: false });
  }
  return edges;
}

/** `clause` is what stands between `import` and `from`. */
function isTypesOnly(clause: string): boolean {
  if (/^\s*type\b/.test(clause)) return true;
  const names = /\{([^}]*)\}/.exec(clause)?.[1]?.split(",").map((name) => name.trim()).filter((name) => name !== "");
  return names !== undefined && names.length > 0 && names.every((name) => name.startsWith("type "));
}

/** The part that `path` belongs to: of the folders that the law names, the innermost that holds it. */
function partOf(path: string, law: Readonly<Record<string, Part>>): string {
  const names = path.replace(/^lib\//, "").replace(/\.ts$/, "").split("/");
  for (let depth = names.length; depth > 1; depth--) {
    const name = names.slice(0, depth).join("/");
    if (law[name] !== undefined) return name;
  }
  return names[0] ?? "";
}

function judge({ from, to, typesOnly }: Edge, law: Readonly<Record<string, Part>>): string[] {
  const [own, other] = [partOf(from, law), partOf(to, law)];
  if (own === other) return [];
  const part = law[own];
  if (part === undefined) return [`${from}: the law has no part "${own}"`];
  if (part.imports.includes(other)) return [];
  if (!part.types?.includes(other)) return [`${from} imports ${to}: ${own} may import ${listed(part)}, not ${other}`];
  return typesOnly ? [] : [`${from} imports ${to}: ${own} may import only types of ${other}`];
}

function listed({ imports, types = [] }: Part): string {
  const names = [...imports, ...types.map((name) => `types of ${name}`)];
  return names.length === 0 ? "nothing of ours" : names.join(", ");
}

/** A line for each cycle, told once, from where it is first met. */
function findCycles(edges: readonly Edge[]): string[] {
  const targets = Map.groupBy(edges, ({ from }) => from);
  const done = new Set<string>();
  const route: string[] = [];
  const cycles: string[] = [];
  const follow = (path: string): void => {
    const start = route.indexOf(path);
    if (start >= 0) cycles.push(`Cycle: ${[...route.slice(start), path].join(" → ")}`);
    if (start >= 0 || done.has(path)) return;
    route.push(path);
    for (const { to } of targets.get(path) ?? []) follow(to);
    route.pop();
    done.add(path);
  };
  for (const path of targets.keys()) follow(path);
  return cycles;
}

if (import.meta.main) {
  const violations = await checkTree(".");
  const text = violations.length === 0 ? "Imports keep to the layers" : violations.join("\n");
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  Deno.exitCode = violations.length === 0 ? 0 : 1;
}
