import { assert, assertEquals } from "@std/assert";
import { ACCOUNT_FIELDS } from "../../lib/auth/file/schema.ts";
import { SETTING_NAMES } from "../../lib/cli/settings/table.ts";
import { configSchema, SCHEMAS, textOf, usersSchema } from "../../scripts/schemas.ts";

for (const [path, make] of SCHEMAS) {
  Deno.test(`${path} is what the program reads (deno task schema writes it)`, async () => {
    assertEquals(await Deno.readTextFile(new URL(`../../${path}`, import.meta.url)), textOf(make()));
  });
}

/** What an object has at a path of keys. */
function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce((inner, key) => Object(inner)[key], value);
}

Deno.test("configSchema has every setting, its type, its range and its default", () => {
  const schema = configSchema();
  assertEquals(Object.keys(Object(schema.properties)), ["$schema", ...SETTING_NAMES]);
  assertEquals(schema.additionalProperties, false);
  assertEquals(at(schema, "properties", "port"), {
    description: "Control port, 0 for a free one.",
    type: "integer",
    minimum: 0,
    maximum: 65535,
    default: 2121,
  });
  assertEquals(at(schema, "properties", "allowRoot", "default"), false);
  assertEquals(at(schema, "properties", "active", "enum"), ["on", "off"]);
  assertEquals(at(schema, "properties", "idleTimeout", "default"), 300);
});

Deno.test("usersSchema has every field of an account, with a description, and who needs a password", () => {
  const account = at(usersSchema(), "properties", "accounts", "items");
  assertEquals(Object.keys(Object(at(account, "properties"))), [...ACCOUNT_FIELDS]);
  for (const field of ACCOUNT_FIELDS) {
    const description = at(account, "properties", field, "description");
    assert(typeof description === "string" && /^[A-Z].*\.$/.test(description), `${field}: ${description}`);
  }
  assertEquals(at(account, "required"), ["name"]);
  assertEquals(at(account, "anyOf"), [{ required: ["root", "permissions"] }, { required: ["mounts"] }, {
    required: ["group"],
  }]);
  assertEquals(at(account, "else", "required"), ["password"]);
});
