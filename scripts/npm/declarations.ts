/**
 * The declarations of the npm package: files of types, as they are.
 *
 * @module
 */

import { dirname, join } from "@std/path";

const API = "scripts/npm/api.ts";

/** What the library has besides types. */
const VALUES = `
/** The fixture has refused something; the message says what. */
export declare class FixtureError extends Error {
  /** The status of the answer of its control interface. */
  readonly status: number;
}

/** The steps did not happen in that order; the message shows what did. */
export declare class SequenceError extends FixtureError {}

/** Starts a fixture. Rejects, with what it says, for an unknown option, an unreadable seed, or a port in use. */
export declare function startFixture<Name extends string = "test">(
  options?: FixtureOptions<Name>,
): Promise<Fixture<Name>>;

/** A fixture that another process has started, by the URL of its control interface. */
export declare function connectFixture<Name extends string = string>(control: string): Promise<Fixture<Name>>;
`;

/** Files of the package with their content: for ES modules and for CommonJS, which TypeScript keeps apart. */
export async function collectDeclarations(): Promise<[name: string, content: string][]> {
  const sources = new Map<string, string>();
  await collect(API, sources);
  return (["m", "c"] as const).flatMap((kind) => {
    const api = `./types/${API}`.replace(/\.ts$/, `.${kind}js`);
    const index = `import type { Fixture, FixtureOptions } from "${api}";\nexport type * from "${api}";\n${VALUES}`;
    const types = Array.from(sources, ([path, source]): [string, string] => {
      const name = `types/${path}`.replace(/\.ts$/, `.d.${kind}ts`);
      return [name, source.replaceAll(/( from ")(\.[^"]+)\.ts"/g, `$1$2.${kind}js"`)];
    });
    return [[`index.d.${kind}ts`, index], ...types] satisfies [string, string][];
  });
}

/** Adds the file at `path` and all that it imports. @throws {Error} for one that has more than types. */
async function collect(path: string, sources: Map<string, string>): Promise<void> {
  if (sources.has(path)) return;
  const source = await Deno.readTextFile(path);
  const [value] = /^(?:export (?!type|interface)|import (?!type)|(?:const|let|function|class) ).*/m.exec(source) ?? [];
  if (value !== undefined) throw new Error(`File "${path}" must have nothing but types: ${value}`);
  sources.set(path, source);
  for (const [, specifier = ""] of source.matchAll(/ from "(\.[^"]+)"/g)) {
    await collect(join(dirname(path), specifier), sources);
  }
}
