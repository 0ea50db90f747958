/**
 * The JSON Schema of the configuration file, made from the settings table.
 *
 * @module
 */

import { fallbackOf, SETTING_NAMES, type SettingName, SETTINGS } from "./table.ts";

/** The text of `docs/config.schema.json`: editors complete and check the file with it. */
export function configSchema(): string {
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of denoftpd serve",
    description: 'Each field is a flag of "denoftpd serve": passivePorts for --passive-ports.',
    type: "object",
    additionalProperties: false,
    properties: {
      $schema: { type: "string", description: "Location of this schema, for editors." },
      ...Object.fromEntries(SETTING_NAMES.map((name) => [name, fieldOf(name)])),
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function fieldOf(name: SettingName): Record<string, unknown> {
  const { schema, help } = SETTINGS[name];
  const fallback = fallbackOf(name);
  const byDefault = fallback === undefined ? {} : { default: typed(fallback, schema) };
  return { description: `${help.charAt(0).toUpperCase()}${help.slice(1)}.`, ...schema, ...byDefault };
}

function typed(text: string, { type }: Readonly<Record<string, unknown>>): unknown {
  return type === "integer" || type === "boolean" ? JSON.parse(text) : text;
}
