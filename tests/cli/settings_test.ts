import { CAPS } from "../../lib/options/abuse.ts";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { DEFAULT_GRACE, DEFAULT_OPTIONS } from "../../lib/options/defaults.ts";
import { SERVE_USAGE } from "../../lib/cli/settings/usage.ts";
import { flagNameOf } from "../../lib/cli/flags.ts";
import { parseFrom } from "../../lib/cli/settings/kinds.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
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
    ["active", "yes", /must be on or off/],
    ["allowRoot", "yes", /must be true or false/],
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
