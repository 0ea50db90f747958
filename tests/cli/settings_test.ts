import { CAPS } from "../../lib/options/abuse.ts";
import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { DEFAULT_GRACE, DEFAULT_OPTIONS } from "../../lib/options/defaults.ts";
import { SERVE_USAGE } from "../../lib/cli/settings/usage.ts";
import { flagNameOf } from "../../lib/cli/flags.ts";
import { parseFrom } from "../../lib/cli/settings/kinds.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { gatherSettings, readSettings } from "../../lib/cli/settings/read.ts";
import { fallbackOf, SETTING_NAMES, SETTINGS, variableOf, withDefaults } from "../../lib/cli/settings/table.ts";

Deno.test("SETTINGS writes each default as text that its own parser reads back", () => {
  for (const name of SETTING_NAMES) {
    const text = fallbackOf(name);
    if (text !== undefined) {
      assertEquals<unknown>(parseFrom<unknown>(name, text, SETTINGS[name]), SETTINGS[name].fallback, name);
    }
  }
});

Deno.test("SETTINGS has the defaults of the server, in the words of the command line", () => {
  const settings = ["host", "port", "active", "maxSessionsPerIp", "loginTimeout", "banTime", "timeZone", "hostNames"];
  const texts = SETTING_NAMES.filter((name) => settings.includes(name)).map((name) => `${name} ${fallbackOf(name)}`);
  assertEquals(texts, [
    "host 127.0.0.1",
    "port 2121",
    "hostNames undefined",
    "active on",
    "maxSessionsPerIp 200",
    "banTime 600",
    "loginTimeout 60",
    "timeZone UTC",
  ]);
});

Deno.test("withDefaults fills in every default but those that mean less than the value given explicitly", () => {
  const settings = withDefaults({ port: 1 });
  assertEquals([settings.port, settings.host, settings.grace], [1, DEFAULT_OPTIONS.host, DEFAULT_GRACE]);
  const absent = SETTING_NAMES.filter((name) => fallbackOf(name) !== undefined && !(name in settings));
  assertEquals(absent, [...CAPS]);
});

for (
  const [name, given, message] of [
    ["host", "localhost", /must be an IP address/],
    ["port", "65536", /whole number from 0 to 65535/],
    ["port", "1e3", /whole number/],
    ["port", "-1", /whole number/],
    ["users", "", /must not be empty/],
    ["passivePorts", "30000-", /must look like "30000-30100"/],
    ["passivePorts", "30001-30000", /must be an ascending/],
    ["passiveAddress", "::1", /PASV cannot carry an IPv6 address/],
    ["passiveAddress", "a b", /IPv4 address or a name/],
    ["passiveAddress", "0.0.0.0", /that clients can reach/],
    ["timeZone", "Mars/Olympus", /must be an IANA time zone/],
    ["allowFrom", "none", /must be networks such as/],
    ["denyFrom", "10.0.0.0/40", /must be networks such as/],
    ["passiveLocalNetworks", "10.0.0.0/40", /must be networks such as/],
    ["active", "perhaps", /must be on or off/],
    ["allowRoot", "perhaps", /must be true or false/],
    ["tlsCert", "a,,b", /must not be empty/],
    ["hostNames", "a,,b", /must be names such as/],
    ["hostNames", "a b", /must be names such as/],
  ] as const
) {
  Deno.test(`SETTINGS.${name} refuses "${given}"`, () => {
    const error = assertThrows(() => parseFrom<unknown>(name, given, SETTINGS[name]), UsageError);
    assertMatch(error.message, message);
  });
}

Deno.test("flagNameOf and variableOf write a name as flag and as variable", () => {
  assertEquals(flagNameOf("maxSessionsPerIp"), "max-sessions-per-ip");
  assertEquals(variableOf("maxSessionsPerIp"), "DENOFTPD_MAX_SESSIONS_PER_IP");
});

Deno.test("SERVE_USAGE has a line for every setting, with its default", () => {
  for (const name of SETTING_NAMES) {
    assertMatch(SERVE_USAGE, new RegExp(`^  --${flagNameOf(name)}( |$)`, "m"));
  }
  assertMatch(SERVE_USAGE, /^ {2}--port N .*\(2121\)$/m);
});

for (
  const [text, milliseconds] of [["90", 90_000], ["90s", 90_000], ["5m", 300_000], ["1h30m", 5_400_000], [
    "2d",
    172_800_000,
  ], [
    "0",
    0,
  ]] as const
) {
  Deno.test(`SETTINGS reads the time ${text}`, () => {
    assertEquals(parseFrom("Flag", text, SETTINGS.idleTimeout), milliseconds);
  });
}

for (const text of ["-5", "5 m", "5min", "m", "1.5h", "30m1h", "24d"]) {
  Deno.test(`SETTINGS refuses the time ${text}`, () => {
    const { message } = assertThrows(() => parseFrom("Flag", text, SETTINGS.idleTimeout), UsageError);
    assertEquals(message, `Flag must be a time of 0 to 2000000 seconds, such as 90, 90s, 5m or 1h, not "${text}"`);
  });
}

for (
  const [text, isOn] of [["1", true], ["YES", true], ["on", true], ["0", false], ["No", false], ["OFF", false]] as const
) {
  Deno.test(`SETTINGS takes ${text} for a switch, and for on or off`, () => {
    assertEquals(parseFrom("Flag", text, SETTINGS.allowRoot), isOn);
    assertEquals(parseFrom("Flag", text, SETTINGS.active), isOn);
  });
}

const NO_FILES = { env: () => undefined, readFile: () => Promise.reject(new Error("No file")) };

Deno.test("readSettings takes an empty variable, and the port that Kubernetes sets, for not set", async () => {
  const values = new Map([["DENOFTPD_HOST", ""], ["DENOFTPD_PORT", "tcp://10.96.3.7:21"], ["DENOFTPD_CONFIG", ""]]);
  const settings = await readSettings([], { ...NO_FILES, env: (name) => values.get(name) });
  assertEquals([settings.host, settings.port], ["127.0.0.1", 2121]);
});

Deno.test("readSettings takes a configuration file that begins with a byte order mark", async () => {
  const readFile = () => Promise.resolve('\uFEFF{ "port": 21, "idleTimeout": "5m", "autoMkdir": "yes" }');
  const settings = await readSettings(["--config", "c.json"], { ...NO_FILES, readFile });
  assertEquals([settings.port, settings.idleTimeout, settings.autoMkdir], [21, 300_000, true]);
});

Deno.test("gatherSettings warns of variables that are misspelled, but not of those of Kubernetes", async () => {
  const envNames = () => [
    ...["DENOFTPD_PASIVE_PORTS", "DENOFTPD_PORT", "DENOFTPD_SERVICE_HOST", "DENOFTPD_PORT_21_TCP_ADDR", "PORT"],
    "DENOFTPD_SOMETHING_ELSE",
  ];
  const { warnings } = await gatherSettings([], { ...NO_FILES, envNames });
  assertEquals(warnings, [
    'Environment variable "DENOFTPD_PASIVE_PORTS" has no effect: did you mean "DENOFTPD_PASSIVE_PORTS"?',
  ]);
});

Deno.test("readSettings takes --native-io as a word, as the switch that it was, and from a file", async () => {
  const sources = (file: unknown = {}, env?: string) => ({
    env: (name: string) => name === "DENOFTPD_NATIVE_IO" ? env : undefined,
    readFile: () => Promise.resolve(JSON.stringify(file)),
  });
  const read = async (args: readonly string[], file?: unknown, env?: string) =>
    (await readSettings([...args, ...file === undefined ? [] : ["--config", "f"]], sources(file, env))).nativeIo;
  assertEquals(await read([]), "auto");
  for (const use of ["auto", "on", "off"] as const) {
    assertEquals([await read(["--native-io", use]), await read([], { nativeIo: use })], [use, use]);
  }
  assertEquals([await read(["--native-io"]), await read(["--native-io", "--port", "0"])], ["on", "on"]);
  assertEquals([await read(["--native-io=true"]), await read(["--native-io=false"])], ["on", "off"]);
  assertEquals([await read([], { nativeIo: true }), await read([], { nativeIo: false })], ["on", "off"]);
  assertEquals([await read([], undefined, "1"), await read([], undefined, "no")], ["on", "off"]);
  await assertRejects(() => read(["--native-io", "perhaps"]), UsageError, "must be auto, on or off");
});
