import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { configTable } from "../../lib/cli/config.ts";
import { gatherSettings, readSettings, type SettingSources } from "../../lib/cli/settings/read.ts";
import { SETTING_NAMES, withDefaults } from "../../lib/cli/settings/table.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

function sources(env: Record<string, string> = {}, files: Record<string, string> = {}): SettingSources {
  return {
    env: (name) => env[name],
    readFile: (path) => {
      const text = files[path];
      return text === undefined ? Promise.reject(new Error("No such file")) : Promise.resolve(text);
    },
  };
}

const FILES = { "c.json": '{ "$schema": "x", "port": 1, "banner": "file", "active": "off", "autoMkdir": true }' };

Deno.test("readSettings takes a flag before a variable before the file", async () => {
  const env = { DENOFTPD_PORT: "2", DENOFTPD_BANNER: "variable", DENOFTPD_CONFIG: "c.json" };
  const given = { port: 3, banner: "variable", active: false, autoMkdir: true };
  assertEquals(await readSettings(["--port", "3"], sources(env, FILES)), withDefaults(given));
});

Deno.test("readSettings takes --config before DENOFTPD_CONFIG", async () => {
  const env = { DENOFTPD_CONFIG: "absent.json" };
  assertEquals((await readSettings(["--config", "c.json"], sources(env, FILES))).port, 1);
});

for (
  const [what, args, env, files, message] of [
    ["an unknown flag", ["--prot", "1"], {}, {}, /^Unknown flag "--prot"/],
    ["an argument that is no flag", ["now"], {}, {}, /^Unexpected argument "now", see denoftpd help serve$/],
    ["a flag without a value", ["--port"], {}, {}, /^Flag "--port" needs a value$/],
    ["a flag given twice", ["--port", "1", "--port", "2"], {}, {}, /^Flag "--port" was given twice$/],
    ["a bad value of a flag", ["--port", "x"], {}, {}, /^Flag "--port" must be .*, not "x"$/],
    ["a bad value of a variable", [], { DENOFTPD_PORT: "x" }, {}, /^Environment variable "DENOFTPD_PORT" must be/],
    ["a file that is not there", ["--config", "c"], {}, {}, /^Cannot read configuration file "c": No such file$/],
    ["a file that is no JSON", ["--config", "c"], {}, { c: "{" }, /^Cannot read configuration file "c": /],
    [
      "a file that is no object",
      ["--config", "c"],
      {},
      { c: "[]" },
      /^Configuration file "c" must contain a JSON object/,
    ],
    [
      "an unknown field",
      ["--config", "c"],
      {},
      { c: '{"prot":1}' },
      /^Field "prot" of configuration file "c" is unknown/,
    ],
    [
      "a field of a wrong type",
      ["--config", "c"],
      {},
      { c: '{"port":[]}' },
      /^Field "port" .* must be a string, a number/,
    ],
    ["a bad value of a field", ["--config", "c"], {}, { c: '{"port":-1}' }, /^Field "port" .* must be .*, not "-1"$/],
  ] as const
) {
  Deno.test(`readSettings names ${what}`, async () => {
    const error = await assertRejects(() => readSettings(args, sources(env, files)), UsageError);
    assertMatch(error.message, message);
  });
}

Deno.test("configTable shows every value and where it comes from", async () => {
  const env = { DENOFTPD_BANNER: "variable" };
  const table = configTable(await gatherSettings(["--config", "c.json", "--port", "3"], sources(env, FILES)));
  assertMatch(table, /^port +3 +flag --port$/m);
  assertMatch(table, /^banner +variable +environment DENOFTPD_BANNER$/m);
  assertMatch(table, /^autoMkdir +true +file c\.json$/m);
  assertMatch(table, /^idleTimeout +300 +default$/m);
  assertMatch(table, /^users +users\.json +default$/m);
  assertEquals(table.trimEnd().split("\n").map((line) => line.split(" ")[0]), [...SETTING_NAMES]);
});

Deno.test("configTable has no accounts file where --anonymous alone says who may come", async () => {
  const table = configTable(await gatherSettings(["--anonymous", "pub"], sources()));
  assertMatch(table, /^users +- +default$/m);
});
