/**
 * Holds the source to its layers: who may import whom stands in {@link LAW} and nowhere else, and no file may reach itself through what it
 * imports. Imports of types are gone before anything runs, so two files may know each other's types.
 *
 *     deno run --allow-read=main.ts,lib scripts/check_imports.ts
 *
 * @module
 */

import { dirname, join } from "@std/path";

/** What one part of the source may import besides its own folder. */
interface Part {
  readonly imports: readonly string[];
  /** Parts of which it may know the types, but run no code. */
  readonly types?: readonly string[];
}

const BELOW_COMMANDS = ["data", "vfs", "auth", "tls", "protocol", "net", "options", "events"] as const;

/**
 * server → session → commands → { data, vfs, auth, tls, protocol }. A part is a folder of `lib`, or a file right in it without its
 * ending; `main` is the program.
 */
export const LAW: Readonly<Record<string, Part>> = {
  protocol: { imports: ["net"] },
  vfs: { imports: [] },
  net: { imports: [] },
  events: { imports: [] },
  build: { imports: [] },
  version: { imports: ["build"] },
  tls: { imports: ["net"] },
  auth: { imports: ["net", "vfs"] },
  data: { imports: ["protocol", "net"], types: ["vfs"] },
  native: { imports: ["net", "data", "vfs"] },
  options: { imports: ["auth", "data", "net", "protocol", "tls", "vfs"] },
  commands: { imports: [...BELOW_COMMANDS, "version"] },
  session: { imports: [...BELOW_COMMANDS, "commands"] },
  server: { imports: [...BELOW_COMMANDS, "commands", "session"] },
  workers: { imports: [...BELOW_COMMANDS, "commands", "session", "server", "native"] },
  unprintable: { imports: [] },
  log: { imports: ["events", "unprintable"] },
  xferlog: { imports: ["events", "unprintable"] },
  client: { imports: ["protocol", "data", "tls", "net"] },
  fixture: { imports: [...BELOW_COMMANDS, "native", "commands", "server", "log"] },
  mod: { imports: [...BELOW_COMMANDS, "native", "server", "client", "fixture", "log", "xferlog", "version"] },
  cli: {
    imports: [...BELOW_COMMANDS, "native", "server", "workers", "client", "fixture", "log", "xferlog", "version"],
  },
  main: { imports: ["cli", "workers", "version"] },
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
  const paths = ["main.ts"];
  const folders = ["lib"];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
      if (isDirectory) folders.push(`${folder}/${name}`);
      else if (name.endsWith(".ts") && !name.endsWith(".d.ts")) paths.push(`${folder}/${name}`);
    }
  }
  return paths.toSorted();
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

function partOf(path: string): string {
  const [first = "", second = ""] = path.split("/");
  return (first === "lib" ? second : first).replace(/\.ts$/, "");
}

function judge({ from, to, typesOnly }: Edge, law: Readonly<Record<string, Part>>): string[] {
  const [own, other] = [partOf(from), partOf(to)];
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
  const targets = Map.groupBy(edges.filter(({ typesOnly }) => !typesOnly), ({ from }) => from);
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
