// deno-lint-ignore-file no-console -- a script talks to the person who runs it
/**
 * `deno task schema`: writes the JSON Schemas of the configuration file and of the accounts file, by which editors
 * complete and check them, and the OpenAPI document of the admin API, from the schemas that the program checks the same
 * with. With `--check` it writes nothing and fails when one is out of date.
 *
 * @module
 */

import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { openApiDocument } from "../lib/admin/openapi.ts";
import { OPERATIONS } from "../lib/admin/operations.ts";
import { documentSchema } from "../lib/auth/file/read.ts";
import { accountSchema, groupSchema } from "../lib/auth/file/schema.ts";
import { fallbackOf, SETTING_NAMES, type SettingName, SETTINGS } from "../lib/cli/settings/table.ts";

const DRAFT = "https://json-schema.org/draft/2020-12/schema";

type Json = Readonly<Record<string, unknown>>;

/** What `schema` accepts; its checks that JSON Schema has no words for are left out. */
function convert(schema: v.GenericSchema): Json {
  const { $schema: _, ...converted } = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "input",
    ignoreActions: ["check", "raw_check"],
  });
  return withSentences(converted);
}

/** The program's descriptions begin in lower case, for its usages; an editor shows whole sentences. */
function withSentences(value: Json): Json {
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      if (key === "description" && typeof field === "string") return [key, sentence(field)];
      if (Array.isArray(field)) return [key, field.map((each) => isJson(each) ? withSentences(each) : each)];
      return [key, isJson(field) ? withSentences(field) : field];
    }),
  );
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}

/** The content of `docs/config.schema.json`. */
export function configSchema(): Json {
  return {
    $schema: DRAFT,
    title: "Configuration of denoftpd serve",
    description: 'Each field is a flag of "denoftpd serve": passivePorts for --passive-ports.',
    type: "object",
    additionalProperties: false,
    properties: {
      $schema: { type: "string", description: "Location of this schema, for editors." },
      ...Object.fromEntries(SETTING_NAMES.map((name) => [name, settingSchema(name)])),
    },
  };
}

function settingSchema(name: SettingName): Json {
  const { schema, help, fromText } = SETTINGS[name];
  const fallback = fallbackOf(name);
  return {
    description: sentence(help),
    ...convert(schema),
    ...(fallback !== undefined && { default: fromText(fallback) }),
  };
}

/** The content of `docs/users.schema.json`. */
export function usersSchema(): Json {
  const { properties, ...document } = convert(documentSchema);
  const { groups, ...shown } = Object(properties);
  const accounts = { type: "array", items: convert(accountSchema) };
  return {
    $schema: DRAFT,
    title: "Accounts of denoftpd",
    ...document,
    properties: { ...shown, groups: { ...Object(groups), additionalProperties: convert(groupSchema) }, accounts },
  };
}

/** The content of `docs/openapi.json`. */
export function apiDocument(): Json {
  return openApiDocument(OPERATIONS);
}

/** Each file and its text. */
export const SCHEMAS: readonly (readonly [path: string, make: () => Json])[] = [
  ["docs/config.schema.json", configSchema],
  ["docs/users.schema.json", usersSchema],
  ["docs/openapi.json", apiDocument],
];

/** How both files are written. */
export function textOf(schema: Json): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

async function main(check: boolean): Promise<boolean> {
  let stale = false;
  for (const [path, make] of SCHEMAS) {
    const [before, after] = [await Deno.readTextFile(path).catch(() => ""), textOf(make())];
    if (before === after) continue;
    stale = true;
    if (!check) await Deno.writeTextFile(path, after);
    console.error(check ? `${path} is out of date: run deno task schema` : `Wrote ${path}`);
  }
  return check && stale;
}

if (import.meta.main) Deno.exit(await main(Deno.args.includes("--check")) ? 1 : 0);
